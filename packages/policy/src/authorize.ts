/** May this principal do this? All policy types, one expression. */
import type { CompiledPolicy, Verdict } from './compile.ts'
import type { Decision, PolicyType } from './decision.ts'
import type { AuthorizationRequest, Principal } from './request.ts'

/** Every policy that has a say. Absent: none of that type is there (which is not the same as an empty one). */
export interface PolicySet {
  /** Of the user and its groups, or of the role. */
  readonly identity?: readonly CompiledPolicy[]
  readonly boundary?: CompiledPolicy | undefined
  /** Passed at AssumeRole or GetFederationToken; present and empty: a federated user without any. */
  readonly session?: readonly CompiledPolicy[] | undefined
  /** One list a level, from the root of the organization down to the caller's account. */
  readonly scps?: readonly (readonly CompiledPolicy[])[] | undefined
  /** One list a level, from the root of the organization down to the resource's account. */
  readonly rcps?: readonly (readonly CompiledPolicy[])[] | undefined
  readonly resource?: CompiledPolicy | undefined
  /** For AssumeRole and its siblings: the role's own policy, without which nothing else suffices. */
  readonly trust?: CompiledPolicy | undefined
  readonly vpcEndpoint?: CompiledPolicy | undefined
}

/**
 * The law.
 *
 * @see IAM User Guide, "Policy evaluation logic", "How AWS enforcement code logic evaluates requests to allow or deny
 *      access", "Cross-account policy evaluation logic"
 */
export function authorize(request: AuthorizationRequest, policies: PolicySet): Decision {
  const { principal } = request
  const hasBoundary = policies.boundary !== undefined
  // Organizations' policies do not bind service-linked roles.
  const isExempt = principal.type === 'assumed-role' && principal.isServiceLinked === true

  const rcp = isExempt ? unbound : askLevels(policies.rcps, request, hasBoundary)
  const scp = isExempt ? unbound : askLevels(policies.scps, request, hasBoundary)
  const vpcEndpoint = ask(policies.vpcEndpoint, request, hasBoundary)
  const attached = ask(policies.resource, request, hasBoundary)
  const resource = policies.trust ? ask(policies.trust, request, hasBoundary) : attached
  const identity = askAny(policies.identity, request, hasBoundary)
  const boundary = ask(policies.boundary, request, hasBoundary)
  const session = askAny(policies.session, request, hasBoundary)

  const deny =
    denied(rcp) ??
    denied(scp) ??
    denied(resource) ??
    denied(attached) ??
    denied(identity) ??
    denied(boundary) ??
    denied(session) ??
    denied(vpcEndpoint)
  if (deny !== undefined) return deny.decision

  const rcpAllows = isSilent(rcp) === false
  const scpAllows = isSilent(scp) === false
  const vpcEndpointAllows = policies.vpcEndpoint === undefined || allows(vpcEndpoint)
  const boundaryAllows = policies.boundary === undefined || allows(boundary)
  // A federated user has what both its user and its session policies allow; without any of these, nothing.
  const sessionAllows =
    policies.session === undefined ? principal.type !== 'federated-user' : allows(session)
  const identityAllows = allows(identity) || principal.type === 'root'
  const resourceGrants = allows(resource)
  const resourceSuffices =
    resourceGrants && standsAlone(principal, resource as Verdict, boundaryAllows && sessionAllows)
  const mustBeGranted = policies.trust !== undefined || isForeign(request)

  const callerIsPermitted = identityAllows && boundaryAllows && sessionAllows
  const isAllowed =
    rcpAllows &&
    scpAllows &&
    vpcEndpointAllows &&
    (isForeign(request)
      ? resourceGrants && callerIsPermitted
      : resourceSuffices || (callerIsPermitted && (resourceGrants || !mustBeGranted)))

  if (isAllowed) {
    const verdict = resourceSuffices || !allows(identity) ? (resource ?? identity) : identity
    return verdict?.decision ?? rootOfTheAccount
  }
  if (!rcpAllows) return implicitDeny('rcp')
  if (!scpAllows) return implicitDeny('scp')
  if (!vpcEndpointAllows) return implicitDeny('vpcEndpoint')
  if (!resourceGrants && (mustBeGranted || hasNoAccount(principal)))
    return implicitDeny(policies.trust ? 'trust' : 'resource')
  if (!identityAllows) return implicitDeny('identity')
  return implicitDeny(boundaryAllows ? 'session' : 'boundary')
}

/** What one policy, or several of one type, say: a statement, or nothing. */
type Said = Verdict | undefined
/** `unbound`: no policy of this type has a say. `silent`: some level allows nothing. */
type Levels = Verdict | 'unbound' | 'silent'
const unbound = 'unbound' as const

function ask(
  policy: CompiledPolicy | undefined,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Said {
  return policy?.evaluate(request, hasBoundary)
}

/** A denial of any, else an allowance of any. */
function askAny(
  policies: readonly CompiledPolicy[] | undefined,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Said {
  let allowance: Said
  if (policies === undefined) return undefined
  for (let index = 0; index < policies.length; index++) {
    const said = policies[index]!.evaluate(request, hasBoundary)
    if (said?.effect === 'Deny') return said
    allowance ??= said
  }
  return allowance
}

/** A denial at any level, else an allowance at every level. */
function askLevels(
  levels: PolicySet['scps'],
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Levels {
  let outcome: Levels = unbound
  if (levels === undefined) return outcome
  for (let index = 0; index < levels.length; index++) {
    const said = askAny(levels[index], request, hasBoundary)
    if (said?.effect === 'Deny') return said
    if (said === undefined) outcome = 'silent'
    else if (outcome !== 'silent') outcome = said
  }
  return outcome
}

function denied(said: Said | Levels): Verdict | undefined {
  return typeof said === 'object' && said.effect === 'Deny' ? said : undefined
}

function allows(said: Said): boolean {
  return said?.effect === 'Allow'
}

function isSilent(levels: Levels): boolean {
  return levels === 'silent'
}

/**
 * In the same account, is the resource policy's Allow enough, without the caller's own policies?
 * Naming the account only delegates (root apart); naming the role leaves boundary and session policies in force.
 */
function standsAlone(principal: Principal, { naming }: Verdict, limitsAllow: boolean): boolean {
  if (naming === 'account') return principal.type === 'root'
  return naming !== 'role' || limitsAllow
}

/** Anonymous callers, services and identity providers have no account, so no policies of their own. */
function hasNoAccount({ type }: Principal): boolean {
  return type === 'anonymous' || type === 'service' || type === 'federated'
}

function isForeign({ principal, resourceAccountId }: AuthorizationRequest): boolean {
  return (
    'accountId' in principal &&
    resourceAccountId !== undefined &&
    resourceAccountId !== principal.accountId
  )
}

/** The root user needs no policy in its own account. */
const rootOfTheAccount: Decision = {
  allowed: true,
  effect: 'Allow',
  decidedBy: undefined,
  determining: [],
}

/** One decision a policy type, made once. */
const silences = Object.fromEntries(
  (
    ['identity', 'resource', 'boundary', 'session', 'scp', 'rcp', 'trust', 'vpcEndpoint'] as const
  ).map((decidedBy) => [
    decidedBy,
    { allowed: false, effect: 'ImplicitDeny', decidedBy, determining: [] },
  ]),
) as unknown as Record<PolicyType, Decision>

function implicitDeny(decidedBy: PolicyType): Decision {
  return silences[decidedBy]
}
