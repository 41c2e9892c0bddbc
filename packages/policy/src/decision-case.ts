/** Decision cases as files hold them: one JSON object a line, each a request, its policies and what is expected. */
import { parseArn } from './arn.ts'
import type { PolicySet } from './authorize.ts'
import { type CompiledPolicy, compilePolicy } from './compile.ts'
import type { Effect, PolicyType } from './decision.ts'
import type { AuthorizationRequest, ContextValue, Principal } from './request.ts'

type Document = Readonly<Record<string, unknown>>
interface Level {
  readonly policies: readonly Document[]
}

/** As JSON brings it: members that are absent or null are not there. */
export interface DecisionCase {
  readonly id: string
  readonly name?: string
  readonly request: {
    /**
     * An ARN, `anonymous`, or the name of a service such as `events.amazonaws.com`; whole where an ARN does not tell
     * enough (the path of a role, unique ids).
     */
    readonly principal: string | Principal
    readonly action: string
    readonly resource: string
    readonly resourceAccount?: string | null
    readonly context?: Readonly<Record<string, ContextValue>>
  }
  readonly identityPolicies?: readonly Document[]
  readonly permissionsBoundary?: readonly Document[] | Document | null
  readonly sessionPolicies?: readonly Document[] | null
  readonly scps?: readonly Level[]
  readonly rcps?: readonly Level[]
  readonly resourcePolicy?: Document | null
  readonly trustPolicy?: Document | null
  readonly vpcEndpointPolicies?: readonly Document[] | null
  readonly expect: ExpectedDecision
  /** The type of policy that refused, as `Decision.decidedBy`; absent: not asked about. */
  readonly expectDecidedBy?: PolicyType
  /** Where AWS says so, by the title of the page. */
  readonly source?: string
}

export type ExpectedDecision = 'allowed' | 'implicitDeny' | 'explicitDeny'

export const expectedDecisions = {
  Allow: 'allowed',
  ImplicitDeny: 'implicitDeny',
  ExplicitDeny: 'explicitDeny',
} as const satisfies Record<Effect, ExpectedDecision>

/** @throws PolicyError  one of the policies is none */
export function readCase(given: DecisionCase): {
  request: AuthorizationRequest
  policies: PolicySet
} {
  const { request } = given
  const context = new Map(
    Object.entries(request.context ?? {}).map(([key, value]) => [key.toLowerCase(), value]),
  )
  const boundaries = listOf(given.permissionsBoundary)
  return {
    request: {
      principal:
        typeof request.principal === 'string' ? principalOf(request.principal) : request.principal,
      action: request.action,
      resource: request.resource,
      ...(request.resourceAccount && { resourceAccountId: request.resourceAccount }),
      context,
    },
    policies: {
      identity: compileAll(given.identityPolicies ?? [], 'identity'),
      ...(boundaries.length > 0 && { boundary: compileAll(boundaries, 'boundary')[0] }),
      ...(given.sessionPolicies && { session: compileAll(given.sessionPolicies, 'session') }),
      ...levels('scps', given.scps, 'scp'),
      ...levels('rcps', given.rcps, 'rcp'),
      ...(given.resourcePolicy && { resource: compileAll([given.resourcePolicy], 'resource')[0] }),
      ...(given.trustPolicy && { trust: compileAll([given.trustPolicy], 'trust')[0] }),
      ...(given.vpcEndpointPolicies?.[0] && {
        vpcEndpoint: compileAll(given.vpcEndpointPolicies, 'vpcEndpoint')[0],
      }),
    },
  }
}

/** A caller as an ARN tells it: unique ids, which no ARN tells, are empty and match nothing. */
export function principalOf(text: string): Principal {
  if (text === 'anonymous') return { type: 'anonymous' }
  const arn = parseArn(text)
  if (arn === undefined) return { type: 'service', service: text }
  const { accountId, partition, resource } = arn
  const [kind, ...rest] = resource.split('/')
  if (kind === 'root') return { type: 'root', accountId, arn: text }
  if (kind === 'assumed-role') {
    const roleArn = `arn:${partition}:iam::${accountId}:role/${rest[0]}`
    return { type: 'assumed-role', accountId, arn: text, roleArn, roleId: '' }
  }
  if (kind === 'federated-user')
    return { type: 'federated-user', accountId, arn: text, userArn: '', userId: '' }
  return { type: 'user', accountId, arn: text, userId: '' }
}

function compileAll(documents: readonly Document[], type: PolicyType): readonly CompiledPolicy[] {
  return documents.map((document, index) =>
    compilePolicy(JSON.stringify(document), { type, name: `${type} ${index + 1}` }),
  )
}

function levels(key: 'scps' | 'rcps', given: readonly Level[] | undefined, type: 'scp' | 'rcp') {
  return given && given.length > 0
    ? { [key]: given.map(({ policies }) => compileAll(policies, type)) }
    : {}
}

function listOf(given: readonly Document[] | Document | null | undefined): readonly Document[] {
  if (given === null || given === undefined) return []
  return Array.isArray(given) ? given : [given as Document]
}
