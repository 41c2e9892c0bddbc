/** Everything that a call to a deployed API needs from the outside. */

import type { ContextValue, PolicySet, Principal } from '@sekisho/policy'
import type { SignatureClaim } from '@sekisho/sigv4'
import type { KeptResponses } from './cache/store.ts'
import type { Deployment } from './deployment.ts'
import type { KeySet } from './json-web-token.ts'
import type { StageSettings, Throttle } from './snapshot.ts'
import type { Quota } from './usage.ts'

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
  /** The answer is wanted as it comes. */
  readonly streaming?: Streaming
  /** Absent: as anybody would connect. */
  readonly connection?: Connection
}

/** An answer that is passed on as it comes, within the time that is left of the whole. */
export interface Streaming {
  /** How long nothing may come. */
  readonly idleMs: number
}

/** How the backend is to be reached. */
export interface Connection {
  /** Whose VPC links and certificates they are. */
  readonly owner: { readonly accountId: string; readonly region: string }
  readonly vpcLinkId?: string
  readonly clientCertificateId?: string
  /** Its certificate may come from an authority that nobody knows. */
  readonly skipsVerification?: boolean
}

export interface UpstreamResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** Instead of the body, where that was asked for. */
  readonly stream?: BodyStream
}

/** A body as it comes; throws where it ends before its end. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** Nobody wants the rest; it need not have been begun. */
  readonly destroy?: () => void
}

/** Why an upstream gave no answer. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code:
    | 'TIMEOUT'
    | 'UNREACHABLE'
    | 'TOO_LARGE'
    /** Whoever asked may not. */
    | 'NOT_PERMITTED'
    | 'THROTTLED'
    /** It is not there, or cannot be run. */
    | 'REFUSED'

  constructor(code: UpstreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** In whose name a service is asked: the role's, else the caller's, else the gateway's own. */
export interface OnBehalf {
  /** Whose API it is, and where. */
  readonly accountId: string
  readonly region: string
  /** The method, as `aws:SourceArn`. */
  readonly sourceArn: string
  readonly causedBy: string
  readonly roleArn?: string
  readonly identity?: CallerIdentity
}

export interface FunctionCall {
  /** A name or an ARN, with or without a version or alias. */
  readonly functionName: string
  /** Text is JSON that was written here; whether bytes are, is for the function's service to find out. */
  readonly payload: string | Uint8Array
  /** Nobody waits for what the function says. */
  readonly isEvent: boolean
  readonly onBehalf: OnBehalf
  readonly timeoutMs: number
  /** What the function says is wanted as it comes. */
  readonly streaming?: Streaming
}

export interface FunctionAnswer {
  readonly payload: Uint8Array
  /** Instead of the payload, where that was asked for. */
  readonly stream?: BodyStream
  /** `Unhandled`: the payload is an error object. */
  readonly functionError?: string | undefined
  /** By which the function knows the call. */
  readonly requestId?: string
}

export interface ServiceRequest {
  /** As in its host name. */
  readonly service: string
  readonly subdomain: string | undefined
  readonly region: string
  readonly method: string
  /** A path of its own, or the name of an operation. */
  readonly target: { readonly rawPath: string } | { readonly action: string }
  readonly rawQuery: string
  readonly headers: readonly string[]
  readonly body: Uint8Array
  readonly onBehalf: OnBehalf
  readonly timeoutMs: number
}

/** A token of a bucket, or one more of a count up to its limit. */
export type Draw =
  | { readonly bucket: string; readonly ratePerSecond: number; readonly burst: number }
  | { readonly count: string; readonly period: string; readonly limit?: number }

/** An API key that is enabled, and the one plan of its that has this stage. */
export interface KeyHolder {
  readonly keyId: string
  readonly plan: PlanLimits
}

export interface PlanLimits {
  readonly id: string
  readonly throttle?: Throttle
  readonly quota?: Quota
  /** For this stage, by `/pets/{id}/GET`. */
  readonly methods: Readonly<Record<string, Throttle>>
}

/** Takes the lines that a stage writes of its calls; never waits. */
export interface Journal {
  readonly write: (
    log: 'access' | 'execution',
    of: { readonly deployment: Deployment; readonly stage: StageSettings },
    line: string,
  ) => void
}

/** A user pool, as the operator describes it: nothing about it is asked of a token. */
export interface UserPool {
  readonly issuer: string
  /** Of the clients whose tokens count. */
  readonly clientIds: ReadonlySet<string>
  /** @param isFresh  asked for anew: a token names a key that is not among them */
  readonly keys: (isFresh: boolean) => Promise<KeySet | undefined>
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
  /** Whoever signed truly; called for every signed call, so it must cost next to nothing. */
  readonly noteUse?: (claim: SignatureClaim, identity: CallerIdentity, nowMs: number) => void
  /** Undefined: no such key in the API's account and region, a disabled one, or none of its plans has this stage. */
  readonly findKey: (
    value: string,
    api: { readonly accountId: string; readonly region: string; readonly restApiId: string },
    stageName: string,
  ) => KeyHolder | undefined | Promise<KeyHolder | undefined>
  /** Has all of it, or nothing. @returns the position of the first that refuses; −1: none does */
  readonly draw: (draws: readonly Draw[], nowMs: number) => number | Promise<number>
  /** Of each account and region; absent: it has none. */
  readonly accountThrottle?: Throttle
  /** By ARN; one that is not there lets nobody in. */
  readonly userPools?: ReadonlyMap<string, UserPool>
  /** @throws UpstreamError */
  readonly send: (request: UpstreamRequest) => Promise<UpstreamResponse>
  /** @throws UpstreamError  the function could not be asked */
  readonly invokeFunction: (call: FunctionCall) => Promise<FunctionAnswer>
  /** What the service refuses is an answer too. @throws UpstreamError */
  readonly askService: (request: ServiceRequest) => Promise<UpstreamResponse>
  /** Absent: nobody reads. */
  readonly journal?: Journal
  /** Of all stages. Absent: nothing is kept. */
  readonly cache?: KeptResponses
}

export interface GatewayOptions {
  /** A Deny applies to both the raw and the normalised path. */
  readonly strictPaths: boolean
}
