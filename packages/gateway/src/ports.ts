/** Everything that a call to a deployed API needs from the outside. */
import type { ContextValue, PolicySet, Principal } from '@sekisho/policy'

/** Who an access key belongs to, and the policies on the caller's side. */
export interface CallerIdentity {
  readonly secretAccessKey: string
  readonly principal: Principal
  readonly accountId: string
  readonly policies: PolicySet
  /** Condition keys that the caller brings, lower case. */
  readonly keys: ReadonlyMap<string, ContextValue>
}

export type CallerFound = CallerIdentity | 'unknown' | 'invalid token' | 'expired token'

export interface UpstreamRequest {
  readonly method: string
  readonly url: string
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  readonly timeoutMs: number
}

export interface UpstreamResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

/** Why an upstream gave no answer. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code: 'TIMEOUT' | 'UNREACHABLE' | 'TOO_LARGE'

  constructor(code: UpstreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface Ports {
  /** By which policies, sessions and limits go. */
  readonly nowMs: () => number
  /** By which signatures are judged: clients sign by the machine's time. */
  readonly machineNowMs: () => number
  /** At once where it can be. */
  readonly identify: (
    accessKeyId: string,
    sessionToken: string | undefined,
    nowMs: number,
  ) => CallerFound | Promise<CallerFound>
  /** @throws UpstreamError */
  readonly send: (request: UpstreamRequest) => Promise<UpstreamResponse>
}

export interface GatewayOptions {
  /** A Deny applies to both the raw and the normalised path. */
  readonly strictPaths: boolean
}
