/** Credentials that this server itself gives out: to its operator, and to what it runs in a role's name. */
import type { CompiledPolicy, ContextValue } from '@sekisho/policy'
import type { Documents } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { AccountError, type AccountRecord, accountsCollection } from './accounts.ts'
import { principalKeys } from './principal-keys.ts'
import { compiled } from './principals.ts'
import { arnOf, entityTags, type RoleRecord, readEntity } from './records.ts'
import {
  newSessionKeyId,
  type Session,
  seal,
  sessionKey,
  type TemporaryCredentials,
} from './sessions.ts'

export interface Issuing {
  readonly documents: Documents
  readonly ids: IdSource
  readonly nowMs: number
}

/** Whom somebody wants to be. */
export interface Wanted {
  /** A name or twelve digits. */
  readonly account: string
  readonly role?: string | undefined
  readonly user?: string | undefined
}

const operatorSeconds = 12 * 3_600

/**
 * Credentials of any role or user: the operator's own right, which no policy gives.
 *
 * @throws AccountError  there is no such account, role or user
 */
export async function issueTo(wanted: Wanted, issuing: Issuing): Promise<TemporaryCredentials> {
  const accountId = await accountOf(wanted.account, issuing.documents)
  if (wanted.role !== undefined) {
    const role = await readEntity(issuing.documents, 'role', accountId, wanted.role)
    if (role === undefined)
      throw new AccountError('NO_SUCH_ENTITY', `there is no role \`${wanted.role}\``)
    return issueToRole(accountId, role, 'operator', operatorSeconds, issuing)
  }
  const name = wanted.user ?? ''
  const user = await readEntity(issuing.documents, 'user', accountId, name)
  if (user === undefined) throw new AccountError('NO_SUCH_ENTITY', `there is no user \`${name}\``)
  const of = { kind: 'user', userName: user.name, userId: user.id, standsForKey: true } as const
  return issue(accountId, of, operatorSeconds, issuing)
}

/**
 * What a function acts with; undefined where its role is gone, or does not trust Lambda any more.
 * @see Lambda Developer Guide, "Defining Lambda function permissions with an execution role"
 */
export async function issueToFunction(
  given: {
    readonly accountId: string
    readonly roleArn: string
    readonly name: string
    readonly functionArn: string
    readonly seconds: number
  },
  issuing: Issuing,
): Promise<TemporaryCredentials | undefined> {
  const { accountId, roleArn, name, functionArn, seconds } = given
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const role = await readEntity(issuing.documents, 'role', accountId, roleName)
  if (role === undefined || arnOf('role', role) !== roleArn) return undefined
  const taking = { service: 'lambda.amazonaws.com', nowMs: issuing.nowMs }
  if (!isTrusted(role, taking)) return undefined
  return issueToRole(accountId, role, name, seconds, issuing, functionArn)
}

export interface Taking {
  readonly service: string
  readonly nowMs: number
  /** The resource for whose sake, where it is known. */
  readonly sourceArn?: string | undefined
}

/** May a service take this role for what is its own account's? */
export function isTrusted(role: RoleRecord, { service, nowMs, sourceArn }: Taking): boolean {
  const { accountId, tags } = role
  const principal = { type: 'service', service } as const
  const said = trustOf(role).evaluate(
    {
      principal,
      action: 'sts:AssumeRole',
      resource: arnOf('role', role),
      resourceAccountId: accountId,
      // What is not there does not hold, and what a statement denies by it is not denied.
      context: new Map<string, ContextValue>([
        ...principalKeys({ principal, tags: [] }),
        ...Object.entries(entityTags(tags)).map(
          ([key, value]) => [key.toLowerCase(), value] as const,
        ),
        ['aws:currenttime', new Date(nowMs).toISOString()],
        ['aws:epochtime', String(Math.floor(nowMs / 1_000))],
        ['aws:securetransport', 'true'],
        ['aws:viaawsservice', 'false'],
        ['aws:resourceaccount', accountId],
        ['aws:sourceaccount', accountId],
        ...(sourceArn === undefined ? [] : [['aws:sourcearn', sourceArn] as const]),
      ]),
    },
    false,
  )
  return said?.effect === 'Allow'
}

export function trustOf(role: RoleRecord): CompiledPolicy {
  return compiled(role.trust, 'trust', `trust policy of ${arnOf('role', role)}`)
}

/** @param functionArn  of the function whose environment they are for */
function issueToRole(
  accountId: string,
  role: { readonly name: string; readonly id: string },
  sessionName: string,
  seconds: number,
  issuing: Issuing,
  functionArn?: string,
): Promise<TemporaryCredentials> {
  return issue(
    accountId,
    {
      kind: 'role',
      roleName: role.name,
      roleId: role.id,
      sessionName,
      isChained: false,
      ...(functionArn !== undefined && { functionArn }),
    },
    seconds,
    issuing,
  )
}

async function issue(
  accountId: string,
  of: Session['of'],
  seconds: number,
  { documents, ids, nowMs }: Issuing,
): Promise<TemporaryCredentials> {
  const session: Session = {
    accessKeyId: newSessionKeyId(ids),
    accountId,
    issuedAt: nowMs,
    expiresAt: nowMs + seconds * 1_000,
    of,
    policies: [],
    policyArns: [],
    tags: [],
    transitiveTagKeys: [],
  }
  return seal(session, await sessionKey(documents, ids), ids)
}

async function accountOf(wanted: string, documents: Documents): Promise<string> {
  const accounts = await documents.list<AccountRecord>(accountsCollection)
  const found = accounts.find(({ value }) => value.name === wanted || value.accountId === wanted)
  if (found === undefined)
    throw new AccountError('NO_SUCH_ACCOUNT', `there is no account \`${wanted}\``)
  return found.value.accountId
}
