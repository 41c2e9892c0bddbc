/** The life of a call to a deployed REST API. */
export { accountThrottle } from './admit.ts'
export { isCacheKey } from './cache/keys.ts'
export { type KeptResponses, keptResponses } from './cache/store.ts'
export {
  type ClientCertificate,
  clientCertificateOf,
  readTruststore,
  type Truststore,
  whyUntrusted,
} from './client-certificates.ts'
export { ofTheConnection } from './custom-responses.ts'
export { compileDeployment, type Deployment } from './deployment.ts'
export {
  GatewayError,
  gatewayResponses,
  type RenderedResponse,
  renderRefusal,
} from './gateway-responses.ts'
export { behindHead } from './integrations/streamed-answer.ts'
export { invoke } from './invoke.ts'
export { type Claims, isSignedBy, type KeySet, readToken } from './json-web-token.ts'
export { type LogGroup, logGroupOf } from './logs/destination.ts'
export type { Authorization, GatewayReply, Outcome, Received } from './pass.ts'
export { compilePattern, type Pattern, PatternError } from './patterns/match.ts'
export {
  type BodyStream,
  type CallerIdentity,
  type Connection,
  type Draw,
  type FunctionAnswer,
  type GatewayOptions,
  type Journal,
  type KeyHolder,
  type OnBehalf,
  type PlanLimits,
  type Ports,
  type ServiceRequest,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
  type UserPool,
} from './ports.ts'
export { executeApiKeys } from './request-context.ts'
export { modelUrl, schemaCompiler, schemaKeywords } from './schema/compile.ts'
export { SchemaError } from './schema/values.ts'
export type * from './snapshot.ts'
export { methodDefaults } from './stage-settings.ts'
export { type AuthorizerTest, type TestAuthorizer, testAuthorizer } from './test-authorizer.ts'
export { type TestAnswer, type TestedMethod, type TestMethod, testMethod } from './test-method.ts'
export { hexOf } from './trace.ts'
export {
  dayOf,
  daysBetween,
  periodName,
  periodStart,
  type Quota,
  type QuotaPeriod,
  type UsageCounts,
  usageCounts,
} from './usage.ts'
