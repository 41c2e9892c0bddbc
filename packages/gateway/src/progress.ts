/** How far has a call come? What its refusal, its outcome and the stage's logs are told from. */
import type { LookedUp } from './cache/look-up.ts'
import type { Deployment } from './deployment.ts'
import type { GatewayError } from './gateway-responses.ts'
import type {
  Admitted,
  Authorized,
  IntegrationRequest,
  IntegrationResponse,
  Matched,
  Received,
} from './pass.ts'
import type { StageSettings } from './snapshot.ts'

export interface Progress {
  readonly received: Received
  readonly deployment: Deployment
  readonly stage: StageSettings
  matched?: Matched
  authorized?: Authorized
  admitted?: Admitted
  body?: Uint8Array
  cached?: LookedUp
  request?: IntegrationRequest
  response?: IntegrationResponse
  refusal?: GatewayError
  /** Of an answer that was passed on as it came. */
  streamedBytes?: number
  /** Absent: nobody wants to know how long what took. */
  times?: Times
}

/** Epoch milliseconds, of the machine. */
export interface Times {
  readonly now: () => number
  readonly begun: number
  authorized?: number
  sent?: number
  answered?: number
  /** The first piece of a body that was passed on as it came. */
  firstContent?: number
}
