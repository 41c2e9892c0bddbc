/** What the policies say of a call, and in which words it is refused. */
import {
  type AuthorizationRequest,
  authorize,
  type Decision,
  denialReason,
  type PolicySet,
  type Principal,
  principalName,
} from '@sekisho/policy'
import { GatewayError } from './gateway-responses.ts'
import type { Authorization, Authorized, Matched } from './pass.ts'
import type { GatewayOptions } from './ports.ts'
import { RequestContext } from './request-context.ts'

export const anonymous: Principal = { type: 'anonymous' }

export function requestOf(
  matched: Matched,
  principal: Principal,
  context: RequestContext,
): AuthorizationRequest {
  return {
    principal,
    action: 'execute-api:Invoke',
    resource: matched.methodArn,
    resourceAccountId: matched.deployment.snapshot.accountId,
    context,
  }
}

/**
 * With the resource policy, if the API has one.
 *
 * @throws DeniedError
 */
export function decideAll(
  matched: Matched,
  request: AuthorizationRequest,
  own: PolicySet,
  options: GatewayOptions,
): Authorization {
  const { policy } = matched.deployment
  if (policy === 'unreadable')
    throw new DeniedError({ decision: unreadable, request, policies: own })
  const policies: PolicySet = policy === 'none' ? own : { ...own, resource: policy }
  const authorization = { decision: authorize(request, policies), request, policies }
  if (!authorization.decision.allowed) throw new DeniedError(authorization)
  if (options.strictPaths) refuseDodgedDeny(matched, request, policies)
  return authorization
}

/** No policy attached: open. One attached: it must allow the anonymous caller explicitly. */
export function resourcePolicyMustAllow(matched: Matched, options: GatewayOptions): Authorized {
  const { deployment } = matched
  if (deployment.policy === 'none') return { ...matched, caller: anonymous }
  const request = requestOf(matched, anonymous, new RequestContext(matched.received))
  const authorization = decideAll(matched, request, {}, options)
  return { ...matched, caller: anonymous, authorization }
}

/**
 * Of the resource policy alone, before anybody else is asked.
 *
 * @throws DeniedError
 */
export function refuseExplicitDeny(
  matched: Matched,
  request: AuthorizationRequest,
  options: GatewayOptions,
): void {
  const { policy } = matched.deployment
  if (policy === 'none') return
  if (policy === 'unreadable')
    throw new DeniedError({ decision: unreadable, request, policies: {} })
  const policies: PolicySet = { resource: policy }
  const decision = authorize(request, policies)
  if (decision.effect === 'ExplicitDeny') throw new DeniedError({ decision, request, policies })
  if (options.strictPaths) refuseDodgedDeny(matched, request, policies)
}

/** A Deny on the path without its tricks holds for the path with them. */
function refuseDodgedDeny(
  matched: Matched,
  request: AuthorizationRequest,
  policies: PolicySet,
): void {
  const path = normalizedPath(matched.received.stagePath)
  if (path === matched.received.stagePath) return
  const { arnPrefix } = matched.deployment
  const resource = `${arnPrefix}${matched.stage.stageName}/${matched.httpMethod}${path}`
  const strict = { ...request, resource }
  const decision = authorize(strict, policies)
  if (decision.effect === 'ExplicitDeny')
    throw new DeniedError({ decision, request: strict, policies })
}

/** Decoded, without repeated and trailing slashes and without dot segments. */
function normalizedPath(path: string): string {
  const kept: string[] = []
  for (const part of decoded(path).split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const unreadable: Decision = {
  allowed: false,
  effect: 'ImplicitDeny',
  decidedBy: 'resource',
  determining: [],
}

/** A decision that refuses, with what was asked: the log wants to know. */
export class DeniedError extends GatewayError {
  readonly authorization: Authorization

  constructor(authorization: Authorization, message = denialMessage(authorization)) {
    super('ACCESS_DENIED', { message })
    this.authorization = authorization
  }
}

/** The classic sentence; account numbers show their last four digits. */
function denialMessage({ decision, request }: Authorization): string {
  const caller = masked(principalName(request.principal))
  return `User: ${caller} is not authorized to perform: ${request.action} on resource: ${masked(request.resource)}${suffixOf(decision, request)}`
}

function masked(arn: string): string {
  return arn.replace(/^((?:[^:]*:){4})\d{8}(\d{4}:)/, '$1********$2')
}

/** Of a resource policy only the explicit deny is told, and not whose it is; of other policies as elsewhere in AWS. */
function suffixOf(decision: Decision, { principal, action }: AuthorizationRequest): string {
  if (decision.effect === 'ExplicitDeny' && decision.decidedBy === 'resource')
    return ' with an explicit deny'
  if (
    decision.effect === 'ImplicitDeny' &&
    (decision.decidedBy === 'resource' || principal.type === 'anonymous')
  )
    return ''
  return denialReason(decision, action)
}
