/** The life of a call through a CloudFront distribution. */
export {
  defaultLogFields,
  isLogField,
  type LoggedCall,
  logHead,
  logLine,
  logRecord,
} from './access-log.ts'
export { compileDistribution, type Distribution } from './distribution.ts'
export { FunctionError } from './functions/returned.ts'
export { createFlights, type Flights } from './lookup.ts'
export { createMemoryCache, type MemoryCache, type Spill } from './memory-cache.ts'
export {
  type Cache,
  OriginError,
  type OriginRequest,
  type OriginResponse,
  type Ports,
} from './ports.ts'
export { createRecent } from './recent.ts'
export { pageOf, Refusal, type RefusalName, refusals } from './refusal.ts'
export { createRing } from './ring.ts'
export { type Edge, serve } from './serve.ts'
export type {
  BehaviourSettings,
  CacheSettings,
  CorsSettings,
  DistributionSnapshot,
  ErrorResponse,
  FunctionCode,
  FunctionSettings,
  GeoRestriction,
  Invalidation,
  LogDelivery,
  LoggingSettings,
  OriginGroup,
  OriginSettings,
  RequestSettings,
  ResponseHeadersSettings,
  Selection,
  TrustedKey,
} from './snapshot.ts'
export type { Stored } from './stored.ts'
export { bytesOf, storedOf } from './stored-bytes.ts'
export type { Outcome, ResultType, ViewerReply, ViewerRequest } from './viewer.ts'
