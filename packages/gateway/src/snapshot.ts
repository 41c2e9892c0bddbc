/** What a deployment froze, as the control plane stores it and the data plane compiles it. */
import type {
  Authorizer,
  CacheClusterSize,
  GatewayResponse,
  Integration,
  IntegrationResponse,
  Method,
  MethodResponse,
  Model,
  RequestValidator,
} from '@aws-sdk/client-api-gateway'

/** Plain JSON: no Date, no class. */
export interface DeploymentSnapshot {
  readonly deploymentId: string
  readonly restApiId: string
  readonly name: string
  readonly accountId: string
  readonly region: string
  /** Normalised resource policy (full ARNs), as JSON text. Absent: none attached. */
  readonly policy?: string
  /** The same, with unique ids for the users and roles that it names: what is decided by. */
  readonly policyWithIds?: string
  readonly endpointTypes: readonly string[]
  readonly vpcEndpointIds: readonly string[]
  readonly disableExecuteApiEndpoint: boolean
  readonly binaryMediaTypes: readonly string[]
  readonly minimumCompressionSize?: number
  readonly apiKeySource: 'HEADER' | 'AUTHORIZER'
  readonly resources: readonly SnapshotResource[]
  /** By name. */
  readonly models?: Readonly<Record<string, SnapshotModel>>
  /** By id. */
  readonly requestValidators?: Readonly<Record<string, SnapshotRequestValidator>>
  /** By id. */
  readonly authorizers?: Readonly<Record<string, SnapshotAuthorizer>>
  /** By type, what is customised alone. */
  readonly gatewayResponses?: Readonly<Record<string, SnapshotGatewayResponse>>
}

export type SnapshotModel = Named<Model> & {
  readonly contentType: string
  /** JSON schema, as text. */
  readonly schema: string
}

export type SnapshotRequestValidator = Named<RequestValidator> & {
  readonly validateRequestBody: boolean
  readonly validateRequestParameters: boolean
}

export type SnapshotAuthorizer = Named<Authorizer> & {
  readonly type: 'TOKEN' | 'REQUEST' | 'COGNITO_USER_POOLS'
}

export type SnapshotGatewayResponse = Omit<GatewayResponse, 'defaultResponse'>

type Named<T> = T & { readonly id: string; readonly name: string }

export interface SnapshotResource {
  readonly id: string
  readonly parentId?: string
  readonly pathPart?: string
  /** `/`, `/pets/{petId}`, `/{proxy+}` */
  readonly path: string
  /** Keyed by HTTP method or `ANY`. */
  readonly methods: Readonly<Record<string, SnapshotMethod>>
}

/** API Gateway's own shapes, as GetMethod shows them. */
export type SnapshotMethod = Omit<Method, 'methodResponses' | 'methodIntegration'> & {
  readonly methodResponses?: Record<string, MethodResponse>
  readonly methodIntegration?: Omit<Integration, 'integrationResponses'> & {
    readonly integrationResponses?: Record<string, IntegrationResponse>
  }
}

/** A stage's live settings: they apply without a new deployment. */
export interface StageSettings {
  readonly stageName: string
  readonly deploymentId: string
  readonly variables: Readonly<Record<string, string>>
  /** What authorizers said before counts no more; epoch milliseconds. */
  readonly authorizersFlushedAt?: number
  /** By method, or for all, as they were set; absent when there are none. */
  readonly methodSettings?: Readonly<Record<string, MethodSettings>>
  readonly accessLogSettings?: AccessLogSettings
  /** Responses may be kept. */
  readonly cacheClusterEnabled?: boolean
  /** Gigabytes, as they are ordered: `0.5`. */
  readonly cacheClusterSize?: CacheClusterSize
  /** What was kept before is gone; epoch milliseconds. */
  readonly cacheFlushedAt?: number
  readonly canarySettings?: CanarySettings
  readonly tracingEnabled?: boolean
  /** What the gateway shows to HTTP backends. */
  readonly clientCertificateId?: string
  /** These are what a call has that goes to the stage's canary. */
  readonly isCanary?: true
  /** Of the account: in whose name lines are written. Absent: none are. */
  readonly logRoleArn?: string
}

/** What is set for a method of a stage; what is absent has API Gateway's default. */
export interface MethodSettings {
  readonly throttlingRateLimit?: number
  readonly throttlingBurstLimit?: number
  readonly loggingLevel?: 'OFF' | 'ERROR' | 'INFO'
  /** Whole requests and responses are logged. */
  readonly dataTraceEnabled?: boolean
  readonly metricsEnabled?: boolean
  readonly cachingEnabled?: boolean
  /** 0 to 3600. */
  readonly cacheTtlInSeconds?: number
  /** Kept in memory alone, responses are never at rest. */
  readonly cacheDataEncrypted?: boolean
  readonly requireAuthorizationForCacheControl?: boolean
  readonly unauthorizedCacheControlHeaderStrategy?: CacheControlStrategy
}

/** What happens to a caller that may not have a response made anew. */
export type CacheControlStrategy =
  | 'FAIL_WITH_403'
  | 'SUCCEED_WITH_RESPONSE_HEADER'
  | 'SUCCEED_WITHOUT_RESPONSE_HEADER'

/** Another deployment, for some of the calls. */
export interface CanarySettings {
  readonly deploymentId: string
  readonly percentTraffic: number
  /** Over the stage's own. */
  readonly stageVariableOverrides?: Readonly<Record<string, string>>
  /** Otherwise the canary keeps its own responses. */
  readonly useStageCache: boolean
}

/** Lines are written only where both are set. */
export interface AccessLogSettings {
  /** Of a log group. */
  readonly destinationArn?: string
  /** A line with `$context` variables in it. */
  readonly format?: string
}

/** Calls a second, and how many at once. What is absent is what the account has. */
export interface Throttle {
  readonly rateLimit?: number
  readonly burstLimit?: number
}
