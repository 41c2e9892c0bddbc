/** Everything that a call through a distribution needs from the outside. */
import type { Distribution } from './distribution.ts'
import type { FunctionCode, OriginSettings } from './snapshot.ts'
import type { Stored } from './stored.ts'

/** What comes piece by piece is taken once, or destroyed: nobody wants the rest. */
export type Body = Uint8Array | (AsyncIterable<Uint8Array> & { readonly destroy?: () => void })

export interface OriginRequest {
  readonly distribution: Distribution
  readonly origin: OriginSettings
  readonly method: string
  readonly isSecure: boolean
  /** Raw, with the origin's own path before it. */
  readonly rawPath: string
  readonly rawQuery: string
  /** Name, value, name, value …; `Host` is among them. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** The `X-Amz-Cf-Id` of the viewer's request. */
  readonly edgeRequestId: string
}

export interface OriginResponse {
  readonly status: number
  readonly headers: readonly string[]
  /** Ends with an error where the origin does not keep its word. */
  readonly body: Body
}

/** Why an origin gave no answer. */
export class OriginError extends Error {
  override readonly name = 'OriginError'
  readonly code: 'UNREACHABLE' | 'CONNECT_TIMEOUT' | 'READ_TIMEOUT' | 'BROKEN'

  constructor(code: OriginError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Bounded, and it may forget anything at any time. */
export interface Cache {
  /** A promise only where it has to be fetched from further away. */
  readonly find: (key: string) => Stored | undefined | Promise<Stored | undefined>
  readonly keep: (key: string, stored: Stored) => void
  readonly drop: (key: string) => void
  /** The largest body that is kept. */
  readonly largestBytes: number
  /** For bodies that are not yet whole; whoever finds none left keeps nothing. */
  readonly room: Room
}

/** Bytes that may still be taken, by all together. */
export interface Room {
  left: number
}

export interface Ports {
  readonly nowMs: () => number
  /** @throws OriginError */
  readonly ask: (request: OriginRequest) => Promise<OriginResponse>
  readonly cache: Cache
  /**
   * Runs the code's `handler`.
   *
   * @param event  as JSON
   * @returns what the handler returned, read from JSON
   * @throws FunctionError  it fails, or takes more than it may
   */
  readonly runFunction: (code: FunctionCode, event: string) => Promise<unknown>
  /** ISO 3166-1 alpha-2; undefined: nobody knows. */
  readonly countryOf: (address: string) => string | undefined
  /** 32 hexadecimal digits: which of CloudFront's machines this is. */
  readonly nodeId: string
  /** `NRT57-P2` */
  readonly pop: string
  /** From 0 to 100, for what happens to a share of all answers. */
  readonly percentile: () => number
  /** What goes wrong where nobody waits for it. */
  readonly onFailure: (error: unknown) => void
}
