/** May this caller do what the operation needs? */
import {
  authorize,
  type ContextValue,
  type Decision,
  denialReason,
  type Principal,
  principalName,
} from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Identity, Need } from '@sekisho/services'
import type { ErrorFamily } from '@sekisho/sigv4'
import { headerOf } from '../arrival.ts'
import type { Source } from '../net/source-address.ts'

/** What is known of the request, for condition keys. */
export interface Circumstances {
  readonly source: Source
  readonly now: Date
  readonly region: string
  readonly headers: readonly string[]
}

export interface Decided {
  readonly need: Need
  readonly decision: Decision
  readonly context: ReadonlyMap<string, ContextValue>
}

/** The first need that is refused, else the last one asked. */
export function decide(
  needs: readonly Need[],
  { principal, policies, accountId }: Identity,
  circumstances: Circumstances,
): Decided | undefined {
  let decided: Decided | undefined
  for (const need of needs) {
    const context = contextOf(principal, circumstances, need)
    const { action, resource } = need
    const decision = authorize(
      { principal, action, resource, resourceAccountId: accountId, context },
      policies,
    )
    decided = { need, decision, context }
    if (!decision.allowed) return decided
  }
  return decided
}

/** @see IAM User Guide, "Troubleshoot access denied error messages" */
export function denied(
  { need: { action, resource }, decision }: Decided,
  principal: Principal,
  family: ErrorFamily,
): AwsError {
  const code = family === 'query' || family === 's3' ? 'AccessDenied' : 'AccessDeniedException'
  const reason = denialReason(decision, action)
  return new AwsError(
    code,
    `User: ${principalName(principal)} is not authorized to perform: ${action} on resource: ${resource}${reason}`,
    family === 'json' ? 400 : 403,
  )
}

/**
 * Lower-case keys. Only roots call so far, and a root's `aws:userid` is its account's number.
 * @see IAM User Guide, "AWS global condition context keys"
 */
function contextOf(
  principal: Principal,
  { source, now, region, headers }: Circumstances,
  { keys = {} }: Need,
): ReadonlyMap<string, ContextValue> {
  const context = new Map<string, ContextValue>([
    ['aws:sourceip', source.address],
    ['aws:securetransport', String(source.isSecure)],
    ['aws:currenttime', now.toISOString()],
    ['aws:epochtime', String(Math.floor(now.getTime() / 1_000))],
    ['aws:requestedregion', region],
    ['aws:viaawsservice', 'false'],
    ['aws:principalisawsservice', 'false'],
  ])
  if (principal.type === 'root') {
    context.set('aws:principalarn', principal.arn)
    context.set('aws:principalaccount', principal.accountId)
    context.set('aws:principaltype', 'Account')
    context.set('aws:userid', principal.accountId)
  }
  const userAgent = headerOf(headers, 'user-agent')
  if (userAgent !== undefined) context.set('aws:useragent', userAgent)
  const referer = headerOf(headers, 'referer')
  if (referer !== undefined) context.set('aws:referer', referer)
  for (const [key, value] of Object.entries(keys)) context.set(key.toLowerCase(), value)
  return context
}
