/** IAM's policy language: parse, validate, normalise, compile, decide and explain. */
export { isAddress } from './address.ts'
export { type Arn, parseArn } from './arn.ts'
export { authorize, type PolicySet } from './authorize.ts'
export { type CompiledPolicy, compileDocument, compilePolicy, type Verdict } from './compile.ts'
export { type ContextKey, type ContextKeyType, contextKeyOf, contextKeys } from './context-keys.ts'
export type { Decision, DeterminingStatement, Effect, PolicyType } from './decision.ts'
export {
  type DecisionCase,
  type ExpectedDecision,
  expectedDecisions,
  principalOf,
  readCase,
} from './decision-case.ts'
export { denialReason } from './denial-reason.ts'
export type { PolicyDocument, Statement } from './document.ts'
export { explain, type Language, languages } from './explain.ts'
export { parseJson } from './json-text.ts'
export {
  type ExecuteApi,
  normalizeExecuteApiPolicy,
  normalizePrincipals,
  renamePrincipals,
  writeOutExecuteApiPolicy,
} from './normalize.ts'
export { negatedOperators, type OperatorName, operators } from './operators/index.ts'
export { type ParseOptions, parsePolicy } from './parse.ts'
export { PolicyError, type PolicyFault, type PolicyFaultCode } from './policy-error.ts'
export type { AuthorizationRequest, ContextValue, ContextValues, Principal } from './request.ts'
export { type PolicyTrace, principalName, type StatementTrace, type Trace, trace } from './trace.ts'
