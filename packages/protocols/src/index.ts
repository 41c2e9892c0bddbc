/** AWS's wire formats to and from typed operations, driven by the SDK clients' own schemas. */
export {
  AwsError,
  type CommonErrorName,
  commonError,
  commonErrors,
  errorNamed,
  notImplemented,
} from './aws-error.ts'
export {
  type Constraint,
  type Constraints,
  type ValidationOptions,
  validateInput,
} from './constraints.ts'
export type { Labels } from './http-binding.ts'
export { type Identified, identifyOperation, identifyService, protocolOf } from './identify.ts'
export { bucketNamed } from './match.ts'
export {
  type ErrorModel,
  type OperationModel,
  readModel,
  type ServiceModel,
  takesStream,
} from './model.ts'
export type { ErrorName, Input, OperationName, Output, Received, SdkModule } from './operations.ts'
export { readPlainInput } from './plain-input.ts'
export type { AnswerContext, Protocol, ProtocolName, Values } from './protocol.ts'
export { protocols } from './protocols.ts'
export {
  type ServiceName,
  type ServiceTraits,
  serviceByPath,
  serviceBySigningName,
  serviceTraits,
  traitsOfService,
} from './services.ts'
export {
  type BodyStream,
  headerOf,
  queryEntries,
  type WireRequest,
  type WireResponse,
} from './wire.ts'
