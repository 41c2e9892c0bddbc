/** The passes: what each gate hands to the next, and none can be had without the one before. */
import type { AuthorizationRequest, Decision, PolicySet, Principal } from '@sekisho/policy'
import type { ClientCertificate } from './client-certificates.ts'
import type { CompiledMethod, Deployment } from './deployment.ts'
import type { BodyStream, CallerIdentity } from './ports.ts'
import type { StageSettings } from './snapshot.ts'

/** A call as it came. */
export interface Received {
  readonly requestId: string
  readonly extendedRequestId: string
  readonly method: string
  /** As on the wire, with whatever precedes the stage: what a client signs. */
  readonly rawPath: string
  /** What follows the stage: begins with `/`, or is empty. */
  readonly stagePath: string
  readonly rawQuery: string
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly sourceIp: string
  readonly domainName: string
  /** Called by a custom domain name; the base path is empty where none was given. */
  readonly customDomain?: { readonly basePath: string }
  /** As OpenSSL and IANA name them; absent: came in the clear. */
  readonly tls?: { readonly version: string; readonly cipherSuite: string }
  /** Called by a domain name with mutual TLS. */
  readonly clientCertificate?: ClientCertificate
  /** Came through this VPC endpoint: a call to a private API. */
  readonly vpcEndpoint?: { readonly id: string; readonly vpcId?: string }
  /** Of an authorizer that is tried: variables of its context, `identity.sourceIp`. */
  readonly additionalContext?: Readonly<Record<string, string>>
  readonly isSecure: boolean
  readonly receivedAtMs: number
  readonly hasBody: boolean
  /** @throws GatewayError REQUEST_TOO_LARGE */
  readonly readBody: () => Promise<Uint8Array>
}

export interface Matched {
  readonly received: Received
  readonly deployment: Deployment
  readonly stage: StageSettings
  /** After X-HTTP-Method-Override: route, ARN and log see this one. */
  readonly httpMethod: string
  readonly method: CompiledMethod
  /** Percent-encoded as they came. */
  readonly pathParameters: Readonly<Record<string, string>>
  /** `arn:aws:execute-api:…` of this very call. */
  readonly methodArn: string
}

/** What the decision log keeps. */
export interface Authorization {
  readonly decision: Decision
  readonly request: AuthorizationRequest
  readonly policies: PolicySet
}

export interface Authorized extends Matched {
  readonly caller: Principal
  readonly accessKeyId?: string
  /** Of callers who signed. */
  readonly identity?: CallerIdentity
  /** Which API key to meter by, from a Lambda authorizer. */
  readonly usageIdentifierKey?: string
  /** What an authorizer says of the caller: `$context.authorizer`. */
  readonly authorizer?: Readonly<Record<string, unknown>>
  /** By which the authorizer's function knows the call that it answered so. */
  readonly authorizerRequestId?: string
  /** Absent: no policy was attached and none was asked for. */
  readonly authorization?: Authorization
}

export interface ApiKey {
  readonly id: string
  readonly value: string
}

/** API key and usage plan have been asked. */
export interface Admitted extends Authorized {
  readonly admitted: true
  /** Of methods that require one. */
  readonly apiKey?: ApiKey
}

export interface Validated extends Admitted {
  readonly body: Uint8Array
}

export interface IntegrationRequest {
  readonly for: Validated
  readonly env: CallEnvironment
  readonly headers: readonly string[]
  readonly rawQuery: string
  readonly uri: string
  readonly body: Uint8Array
}

export interface IntegrationResponse {
  readonly to: IntegrationRequest
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** Instead of the body: passed on as it comes. */
  readonly stream?: BodyStream
  /** Of the service itself, where its answer says another status. */
  readonly serviceStatus?: number
  /** By which the service knows the call, where its headers do not say. */
  readonly serviceRequestId?: string
  /** Of functions: they are answered by whether they failed, and with what words. */
  readonly functionResult?: { readonly errorMessage: string | undefined }
}

/** What mappings and templates read and override. */
export interface CallEnvironment {
  readonly validated: Validated
  readonly context: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Lower-case name to values, as received and not dropped at ingress. */
  readonly headers: ReadonlyMap<
    string,
    { readonly name: string; readonly values: readonly string[] }
  >
  readonly bodyText: string
  readonly requestOverride: OverrideTarget
  readonly responseOverride: OverrideTarget & { status?: unknown }
}

export interface OverrideTarget {
  readonly header: Record<string, unknown>
  readonly path: Record<string, unknown>
  readonly querystring: Record<string, unknown>
}

/** What goes back to the client. */
export interface GatewayReply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string | Uint8Array
  /** Instead of the body, as it comes from behind the method. */
  readonly stream?: BodyStream
  readonly outcome: Outcome
}

export interface Outcome {
  /** The gateway response type of a refusal; undefined when the integration answered. */
  readonly refusal?: string
  readonly detail?: string
  /** Something went wrong that should not be able to: `detail` is for whoever keeps this server. */
  readonly isFault?: true
  readonly httpMethod: string
  readonly methodArn?: string
  readonly caller?: Principal
  readonly authorization?: Authorization
}
