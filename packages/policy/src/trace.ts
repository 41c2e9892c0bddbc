/** Everything that was asked on the way to a decision, as data: each policy, statement, element and condition. */
import { authorize, type PolicySet } from './authorize.ts'
import type { CompiledPolicy } from './compile.ts'
import type { ConditionReason } from './condition.ts'
import type { Effect, PolicyType } from './decision.ts'
import type { Naming } from './principal.ts'
import type { AuthorizationRequest, ContextValue, Principal } from './request.ts'
import { type CompiledStatement, matchesResource } from './statement.ts'

/** JSON as it stands: it can be stored, sent and explained elsewhere, in any language. */
export interface Trace {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly resourceAccountId?: string
  readonly effect: Effect
  readonly decidedBy?: PolicyType
  readonly determining: readonly {
    readonly policyType: PolicyType
    readonly policy: string
    readonly index: number
  }[]
  readonly policies: readonly PolicyTrace[]
}

export interface PolicyTrace {
  readonly type: PolicyType
  readonly name: string
  /** For policies of an organization: 0 is the root. */
  readonly level?: number
  /** What the policy alone says. */
  readonly effect: Effect
  readonly statements: readonly StatementTrace[]
}

export interface StatementTrace {
  readonly index: number
  readonly sid?: string
  /** In the policy's source, from 1. */
  readonly line: number
  readonly effect: 'Allow' | 'Deny'
  readonly applies: boolean
  /** In the order in which they are asked. Conditions follow them. */
  readonly elements: readonly ElementTrace[]
  readonly conditions: readonly ConditionTrace[]
}

export interface ElementTrace {
  readonly element:
    | 'Action'
    | 'NotAction'
    | 'Principal'
    | 'NotPrincipal'
    | 'Resource'
    | 'NotResource'
  readonly matched: boolean
  /** What the request brought. */
  readonly asked: string
  readonly values: readonly string[]
  readonly naming?: Naming
}

export interface ConditionTrace {
  /** With prefix and suffix, as in the policy: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string
  readonly isNegated: boolean
  readonly key: string
  readonly holds: boolean
  readonly reason: ConditionReason
  /** Absent: the request has no such key. */
  readonly asked?: readonly string[]
  readonly values: readonly string[]
}

/**
 * Asks everything again and writes it down. The same matchers answer as in `authorize`, so both always agree.
 * Costs many times a decision: for people, not for requests.
 */
export function trace(request: AuthorizationRequest, policies: PolicySet): Trace {
  const decision = authorize(request, policies)
  const hasBoundary = policies.boundary !== undefined
  return {
    principal: request.principal,
    action: request.action,
    resource: request.resource,
    ...(request.resourceAccountId !== undefined && {
      resourceAccountId: request.resourceAccountId,
    }),
    effect: decision.effect,
    ...(decision.decidedBy && { decidedBy: decision.decidedBy }),
    determining: decision.determining.map(({ policyType, policy, index }) => ({
      policyType,
      policy: policy.name,
      index,
    })),
    policies: [...listed(policies)].map(({ policy, level }) =>
      tracePolicy(policy, level, request, hasBoundary),
    ),
  }
}

export function principalName(principal: Principal): string {
  if ('arn' in principal) return principal.arn
  if (principal.type === 'service') return principal.service
  return principal.type === 'federated' ? principal.provider : 'anonymous'
}

function* listed(policies: PolicySet): Generator<{ policy: CompiledPolicy; level?: number }> {
  for (const [level, each] of (policies.rcps ?? []).entries())
    for (const policy of each) yield { policy, level }
  for (const [level, each] of (policies.scps ?? []).entries())
    for (const policy of each) yield { policy, level }
  for (const policy of [policies.trust, policies.resource]) if (policy) yield { policy }
  for (const policy of policies.identity ?? []) yield { policy }
  if (policies.boundary) yield { policy: policies.boundary }
  for (const policy of policies.session ?? []) yield { policy }
  if (policies.vpcEndpoint) yield { policy: policies.vpcEndpoint }
}

function tracePolicy(
  policy: CompiledPolicy,
  level: number | undefined,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): PolicyTrace {
  const verdict = policy.evaluate(request, hasBoundary)
  return {
    type: policy.type,
    name: policy.name,
    ...(level !== undefined && { level }),
    effect:
      verdict === undefined ? 'ImplicitDeny' : verdict.effect === 'Deny' ? 'ExplicitDeny' : 'Allow',
    statements: policy.statements.map((compiled) => traceStatement(compiled, request, hasBoundary)),
  }
}

function traceStatement(
  compiled: CompiledStatement,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): StatementTrace {
  const { index, sid, line, effect } = compiled.statement
  const elements = [...traceElements(compiled, request, hasBoundary)]
  const conditions = compiled.conditions.map((each): ConditionTrace => {
    const { condition } = each
    const asked = request.context.get(condition.key.toLowerCase())
    return {
      operator: condition.written,
      isNegated: condition.isNegated,
      key: condition.key,
      holds: each.holds(request.context),
      reason: each.reason(request.context),
      ...(asked !== undefined && { asked: listOf(asked) }),
      values: condition.values.map(({ text }) => text),
    }
  })
  return {
    index,
    ...(sid && { sid }),
    line,
    effect,
    applies: elements.every(({ matched }) => matched) && conditions.every(({ holds }) => holds),
    elements,
    conditions,
  }
}

function* traceElements(
  compiled: CompiledStatement,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Generator<ElementTrace> {
  const { principal, action, resource } = compiled.statement
  if (principal) {
    const naming = compiled.naming(request.principal, hasBoundary)
    yield {
      element: principal.isNegated ? 'NotPrincipal' : 'Principal',
      matched: naming !== 'nobody',
      asked: principalName(request.principal),
      values: principal.values.map(({ value }) => value),
      naming,
    }
  }
  yield {
    element: action.isNegated ? 'NotAction' : 'Action',
    matched: compiled.matchesAction(request.action),
    asked: request.action,
    values: action.values,
  }
  if (resource)
    yield {
      element: resource.isNegated ? 'NotResource' : 'Resource',
      matched: matchesResource(compiled, request.resource, request.context),
      asked: request.resource,
      values: resource.values,
    }
}

function listOf(value: ContextValue): readonly string[] {
  return typeof value === 'string' ? [value] : value
}
