/** May this caller do what the operation needs? */
import {
  type AuthorizationRequest,
  authorize,
  type ContextValue,
  type Decision,
  denialReason,
  type PolicySet,
  principalName,
} from '@sekisho/policy'
import { AwsError, commonError, headerOf, type ServiceName } from '@sekisho/protocols'
import {
  authorizationIdOf,
  type Identity,
  type Need,
  type Place,
  servicesWithResourceControl,
} from '@sekisho/services'
import type { ErrorFamily } from '@sekisho/sigv4'
import type { Source } from '../net/source-address.ts'
import type { Caller } from './caller.ts'

/** What is known of the request, for condition keys. */
export interface Circumstances {
  /** Absent: a service calls, from no address that could be told. */
  readonly source: Source | undefined
  /** The services through which somebody's request came, in that somebody's name. */
  readonly via: readonly string[] | undefined
  readonly now: Date
  readonly region: string
  readonly headers: readonly string[]
}

export interface Decided {
  readonly need: Need
  readonly decision: Decision
  readonly request: AuthorizationRequest
  /** All that was asked. */
  readonly policies: PolicySet
}

/** Accounts' places in the organization. */
export type Places = ReadonlyMap<string, Place | undefined>

/** The first need that is refused, else the last one asked. */
export function decide(
  needs: readonly Need[],
  identity: Identity,
  places: Places,
  circumstances: Circumstances,
): Decided | undefined {
  const { principal, policies, accountId } = identity
  let decided: Decided | undefined
  for (const need of needs) {
    const place = places.get(need.resourceAccountId ?? accountId)
    const context = contextOf(identity, circumstances, need, place)
    const { action, resource, resourceAccountId = accountId, resourcePolicy, trust } = need
    const asked: PolicySet = {
      ...(need.principal === undefined && policies),
      ...(resourcePolicy && { resource: resourcePolicy }),
      ...(trust && { trust }),
      ...(place?.rcps && hasResourceControl(need.action) && { rcps: place.rcps }),
    }
    const asking = need.principal ?? principal
    const request = { principal: asking, action, resource, resourceAccountId, context }
    const decision = need.isOpenToAll ? openToAll : authorize(request, asked)
    decided = { need, decision, request, policies: asked }
    if (!decision.allowed) return decided
  }
  return decided
}

function hasResourceControl(action: string): boolean {
  return servicesWithResourceControl.has(action.slice(0, action.indexOf(':')))
}

/**
 * What temporary credentials of users may not be used for, whatever policies say.
 *
 * @throws AwsError InvalidClientTokenId, AccessDenied
 * @see IAM User Guide, "Compare AWS STS credentials"
 */
export function refuseBarred(
  service: ServiceName,
  operation: string,
  { identity: { session } }: Caller,
): void {
  if (session === undefined || session.of.kind === 'role') return
  if (session.of.kind === 'user' && session.of.standsForKey) return
  if (service === 'iam' && session.hasMfa !== true)
    throw commonError(
      'InvalidClientTokenId',
      'The security token included in the request is invalid',
    )
  const mayCall = session.of.kind === 'federated' ? openToFederated : openToSessions
  if (service === 'sts' && !mayCall.has(operation))
    throw commonError('AccessDenied', `Cannot call ${operation} with session credentials`)
}

const openToFederated: ReadonlySet<string> = new Set(['GetCallerIdentity'])
const openToSessions: ReadonlySet<string> = new Set(['GetCallerIdentity', 'AssumeRole'])

const openToAll: Decision = {
  allowed: true,
  effect: 'Allow',
  decidedBy: undefined,
  determining: [],
}

/**
 * @param explainedRequestId  of services whose refusals say where they are explained
 * @see IAM User Guide, "Troubleshoot access denied error messages"
 */
export function denied(
  { need: { action, resource }, decision, request }: Decided,
  family: ErrorFamily,
  explainedRequestId?: string,
): AwsError {
  const { principal } = request
  const code = family === 'query' || family === 's3' ? 'AccessDenied' : 'AccessDeniedException'
  if (family === 's3' && !isToldWhy(request)) return new AwsError(code, 'Access Denied', 403)
  // Whether another account has such a role, and whom it trusts, is not told.
  const isForeign = 'accountId' in principal && principal.accountId !== request.resourceAccountId
  const reason = isForeign && decision.decidedBy === 'trust' ? '' : denialReason(decision, action)
  const hint =
    explainedRequestId === undefined || principal.type === 'anonymous'
      ? ''
      : `. For complete details, call the GetRequestAuthorizationDetails API with the following authorization id: ${authorizationIdOf(explainedRequestId)}`
  return new AwsError(
    code,
    `User: ${principalName(principal)} is not authorized to perform: ${action} on resource: ${family === 's3' ? `"${resource}"` : resource}${reason}${hint}`,
    family === 'json' ? 400 : 403,
  )
}

/** S3 explains itself within the account alone. @see Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors" */
function isToldWhy({ principal, resourceAccountId }: AuthorizationRequest): boolean {
  return 'accountId' in principal && principal.accountId === resourceAccountId
}

/**
 * Lower-case keys: the request's, the caller's, the action's.
 * @see IAM User Guide, "AWS global condition context keys"
 */
function contextOf(
  identity: Identity,
  { source, via, now, region, headers }: Circumstances,
  { keys = {}, resourceAccountId = identity.accountId }: Need,
  place: Place | undefined,
): ReadonlyMap<string, ContextValue> {
  const context = new Map<string, ContextValue>([
    // What services say to one another here is never on a wire.
    ['aws:securetransport', String(source?.isSecure ?? true)],
    ['aws:currenttime', now.toISOString()],
    ['aws:epochtime', String(Math.floor(now.getTime() / 1_000))],
    ['aws:requestedregion', region],
    // A role that a service holds, or the service itself, calls in no one else's name.
    ['aws:viaawsservice', String(via !== undefined)],
    ['aws:resourceaccount', resourceAccountId],
    ...identity.keys,
  ])
  if (place) {
    context.set('aws:resourceorgid', place.id)
    context.set('aws:resourceorgpaths', [place.path])
  }
  if (source) context.set('aws:sourceip', source.address)
  if (via) {
    context.set('aws:calledvia', via)
    context.set('aws:calledviafirst', via[0]!)
    context.set('aws:calledvialast', via.at(-1)!)
  }
  const userAgent = headerOf(headers, 'user-agent')
  if (userAgent !== undefined) context.set('aws:useragent', userAgent)
  const referer = headerOf(headers, 'referer')
  if (referer !== undefined) context.set('aws:referer', referer)
  for (const [key, value] of Object.entries(keys)) context.set(key.toLowerCase(), value)
  return context
}
