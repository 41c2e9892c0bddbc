/** IAM's policy language: parse, validate, normalise, compile, decide and explain. */
export type { CompiledPolicy } from './compile.ts'
export type { Decision, DeterminingStatement, Effect, PolicyType } from './decision.ts'
export type { AuthorizationRequest, ContextValue, ContextValues, Principal } from './request.ts'
