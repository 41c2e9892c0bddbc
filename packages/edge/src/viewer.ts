/** A call as it came from the viewer, and how far it has come. */
import type { Behaviour, Distribution } from './distribution.ts'
import type { Headers } from './headers.ts'
import type { Body } from './ports.ts'

export interface ViewerRequest {
  /** The `X-Amz-Cf-Id` that the answer has. */
  readonly requestId: string
  readonly method: string
  /** As on the wire, without the query. */
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: Headers
  /** As the viewer called it. */
  readonly host: string
  /** What stands before the path in the viewer's own address: there, and not in the host, the distribution may be named. */
  readonly prefix?: string
  readonly sourceIp: string
  readonly sourcePort: number
  readonly isSecure: boolean
  /** Absent: 1.1, or 1.0. */
  readonly httpVersion?: '2.0' | undefined
  readonly hasBody: boolean
  readonly readBody: () => Uint8Array | Promise<Uint8Array>
}

/** Behaviour and viewer are settled: this call may be answered. */
export interface Admitted {
  readonly viewer: ViewerRequest
  readonly distribution: Distribution
  readonly behaviour: Behaviour
}

/** @see CloudFront Developer Guide, "Standard logging", `x-edge-result-type` */
export type ResultType =
  | 'Hit'
  | 'Miss'
  | 'RefreshHit'
  | 'Error'
  | 'Redirect'
  | 'FunctionGeneratedResponse'
  | 'FunctionExecutionError'

export interface ViewerReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
  /** Of a body that is not sent along, or not known whole: what its length is. */
  readonly bodyBytes?: number
  readonly outcome: Outcome
}

export interface Outcome {
  readonly result: ResultType
  /** What CloudFront itself refused: `GEO_RESTRICTED` … */
  readonly refusal?: string
  /** Why, where people should know and viewers should not. */
  readonly detail?: string
  readonly pathPattern?: string
  readonly originId?: string
  /** Of the origin's answer, when it is one of Sekisho's own; of a Hit: of the answer that is replayed. */
  readonly originRequestId?: string
}
