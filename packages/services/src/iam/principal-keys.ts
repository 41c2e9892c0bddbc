/** The condition keys that a caller brings along, whatever the request. */
import type { ContextValue, Principal } from '@sekisho/policy'
import type { Tag } from './records.ts'
import type { Session } from './sessions.ts'

/** What is known of a caller beside the principal. */
export interface CallerFacts {
  readonly principal: Principal
  /** Of the user or role. */
  readonly tags: readonly Tag[]
  readonly session?: Session | undefined
}

const types = {
  anonymous: 'Anonymous',
  root: 'Account',
  user: 'User',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
  federated: 'FederatedUser',
  service: 'AWSService',
} as const satisfies Record<Principal['type'], string>

type Row = (facts: CallerFacts) => ContextValue | undefined

/**
 * One row a key, lower case; undefined: AWS leaves it out.
 * @see IAM User Guide, "AWS global condition context keys"
 */
export const principalKeyRows = {
  'aws:principalarn': ({ principal }) =>
    principal.type === 'assumed-role'
      ? principal.roleArn
      : 'arn' in principal
        ? principal.arn
        : undefined,
  'aws:principalaccount': ({ principal }) =>
    'accountId' in principal
      ? principal.accountId
      : principal.type === 'anonymous'
        ? 'anonymous'
        : undefined,
  'aws:principaltype': ({ principal }) => types[principal.type],
  'aws:principalisawsservice': ({ principal }) =>
    principal.type === 'anonymous' ? undefined : String(principal.type === 'service'),
  'aws:principalservicename': ({ principal }) =>
    principal.type === 'service' ? principal.service : undefined,
  'aws:principalservicenameslist': ({ principal }) =>
    principal.type === 'service' ? [principal.service] : undefined,
  'aws:userid': ({ principal }) => userIdOf(principal),
  'aws:username': ({ principal }) =>
    principal.type === 'user' ? lastPart(principal.arn) : undefined,
  'aws:tokenissuetime': ({ session }) => session && new Date(session.issuedAt).toISOString(),
  'aws:multifactorauthpresent': ({ session }) => session && String(session.hasMfa === true),
  'aws:sourceidentity': ({ session }) => session?.sourceIdentity,
  'sts:sourceidentity': ({ session }) => session?.sourceIdentity,
  'aws:federatedprovider': ({ session }) =>
    session?.of.kind === 'role' ? session.of.federatedProvider : undefined,
  'lambda:sourcefunctionarn': ({ session }) =>
    session?.of.kind === 'role' ? session.of.functionArn : undefined,
} satisfies Readonly<Record<string, Row>>

export function principalKeys(facts: CallerFacts): ReadonlyMap<string, ContextValue> {
  const keys = new Map<string, ContextValue>()
  for (const [name, row] of Object.entries<Row>(principalKeyRows)) {
    const value = row(facts)
    if (value !== undefined) keys.set(name, value)
  }
  // The session's tags win over those of the role.
  for (const { Key, Value } of [...facts.tags, ...(facts.session?.tags ?? [])])
    keys.set(`aws:principaltag/${Key.toLowerCase()}`, Value)
  if (facts.session?.of.kind === 'role')
    for (const [name, value] of Object.entries(facts.session.of.keys ?? {}))
      keys.set(name.toLowerCase(), value)
  return keys
}

/** As `aws:userid` and GetCallerIdentity have it. */
export function userIdOf(principal: Principal): string | undefined {
  switch (principal.type) {
    case 'anonymous':
      return 'anonymous'
    case 'root':
      return principal.accountId
    case 'user':
      return principal.userId
    case 'assumed-role':
      return `${principal.roleId}:${lastPart(principal.arn)}`
    case 'federated-user':
      return `${principal.accountId}:${lastPart(principal.arn)}`
    default:
      return undefined
  }
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
