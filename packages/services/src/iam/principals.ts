/** Who is behind an access key, and what policies does that principal have? */
import {
  type CompiledPolicy,
  type ContextValue,
  compilePolicy,
  type PolicySet,
  type PolicyType,
  type Principal,
} from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { type AccessKeyRecord, accessKeysCollection } from './accounts.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { Bounded } from './bounded.ts'
import { principalKeys } from './principal-keys.ts'
import {
  arnOf,
  type GroupRecord,
  iamCollections,
  keyOf,
  type PolicyRecord,
  type RoleRecord,
  readEntity,
  type UserRecord,
} from './records.ts'
import type { Session } from './sessions.ts'

export interface Identity {
  readonly secretAccessKey: string
  readonly principal: Principal
  readonly accountId: string
  /** The caller's own side: identity policies, boundary, session, organization. */
  readonly policies: PolicySet
  /** Condition keys that the caller brings, lower case. */
  readonly keys: ReadonlyMap<string, ContextValue>
  /** Of temporary credentials. */
  readonly session?: Session
  /** Found for this moment alone: whether it is let be who it is goes by the time. */
  readonly isMomentary?: true
}

/** Why nobody is behind what was sent. */
export type Nobody =
  /** No such key, an inactive one, or a temporary one without its token. */
  | 'unknown'
  /** The token is not ours, was altered, belongs to another key, or to a role that is gone. */
  | 'invalid token'
  | 'expired token'

/** Of a key that is kept: a user's or the root user's own. */
export async function identityOfKey(
  reader: Reader,
  accessKeyId: string,
): Promise<Identity | Nobody> {
  const stored = await reader.get<AccessKeyRecord>(accessKeysCollection, accessKeyId)
  if (stored === undefined || stored.value.status === 'Inactive') return 'unknown'
  const { secretAccessKey, accountId, userName } = stored.value
  if (userName === undefined) return identityOfRoot(accountId, secretAccessKey)
  const user = await readEntity(reader, 'user', accountId, userName)
  if (user === undefined || !user.accessKeyIds.includes(accessKeyId)) return 'unknown'
  const principal = userPrincipal(user)
  return {
    secretAccessKey,
    accountId,
    principal,
    policies: await policiesOfUser(reader, user),
    keys: principalKeys({ principal, tags: user.tags }),
  }
}

export function identityOfRoot(accountId: string, secretAccessKey: string): Identity {
  const principal = rootPrincipal(accountId)
  const keys = principalKeys({ principal, tags: [] })
  return { secretAccessKey, accountId, principal, policies: {}, keys }
}

export async function identityOfSession(
  reader: Reader,
  session: Session,
  secretAccessKey: string,
): Promise<Identity | Nobody> {
  const behind = await whoIsBehind(reader, session)
  if (behind === undefined) return 'invalid token'
  const { principal, policies, tags } = behind
  const limits = [
    ...session.policies.map((document) => compiled(document, 'session', 'session policy')),
    ...(await managed(reader, session.accountId, session.policyArns, 'session')),
  ]
  return {
    secretAccessKey,
    accountId: session.accountId,
    principal,
    policies: limits.length > 0 ? { ...policies, session: limits } : policies,
    keys: principalKeys({ principal, tags, session: standsForKey(session) ? undefined : session }),
    session,
  }
}

function standsForKey({ of }: Session): boolean {
  return of.kind === 'user' && of.standsForKey === true
}

async function whoIsBehind(reader: Reader, { of, accountId }: Session) {
  switch (of.kind) {
    case 'root':
      return { principal: rootPrincipal(accountId), policies: {}, tags: [] }
    case 'role': {
      const role = await readEntity(reader, 'role', accountId, of.roleName)
      if (role?.id !== of.roleId) return undefined
      return {
        principal: rolePrincipal(role, of.sessionName),
        policies: await policiesOfRole(reader, role),
        tags: role.tags,
      }
    }
    case 'user': {
      const user = await readEntity(reader, 'user', accountId, of.userName)
      if (user?.id !== of.userId) return undefined
      return {
        principal: userPrincipal(user),
        policies: await policiesOfUser(reader, user),
        tags: user.tags,
      }
    }
    case 'federated': {
      const arn = `arn:aws:sts::${accountId}:federated-user/${of.name}`
      if (of.userName === undefined) {
        const userArn = `arn:aws:iam::${accountId}:root`
        const everything = [compiled(allowEverything, 'identity', 'root user')]
        return {
          principal: {
            type: 'federated-user',
            accountId,
            arn,
            userArn,
            userId: accountId,
          } as const,
          policies: { identity: everything },
          tags: [],
        }
      }
      const user = await readEntity(reader, 'user', accountId, of.userName)
      if (user === undefined || user.id !== of.userId) return undefined
      return {
        principal: {
          type: 'federated-user',
          accountId,
          arn,
          userArn: arnOf('user', user),
          userId: user.id,
        } as const,
        policies: await policiesOfUser(reader, user),
        tags: user.tags,
      }
    }
  }
}

export function rootPrincipal(accountId: string): Principal {
  return { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` }
}

export function userPrincipal(user: UserRecord): Principal {
  const { accountId, id } = user
  return { type: 'user', accountId, arn: arnOf('user', user), userId: id }
}

export function rolePrincipal(role: RoleRecord, sessionName: string): Principal {
  const { accountId, name, id, service } = role
  return {
    type: 'assumed-role',
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${sessionName}`,
    roleArn: arnOf('role', role),
    roleId: id,
    ...(service !== undefined && { isServiceLinked: true }),
  }
}

export async function policiesOfUser(reader: Reader, user: UserRecord): Promise<PolicySet> {
  const groups = await Promise.all(
    user.groups.map((name) => readEntity(reader, 'group', user.accountId, name)),
  )
  const holders = [user, ...groups.filter((group) => group !== undefined)]
  const identity = (await Promise.all(holders.map((holder) => ownPolicies(reader, holder)))).flat()
  return { identity, ...(await boundaryOf(reader, user)) }
}

export async function policiesOfRole(reader: Reader, role: RoleRecord): Promise<PolicySet> {
  return { identity: await ownPolicies(reader, role), ...(await boundaryOf(reader, role)) }
}

async function ownPolicies(
  reader: Reader,
  { accountId, inline, attached }: UserRecord | GroupRecord | RoleRecord,
): Promise<readonly CompiledPolicy[]> {
  return [
    ...Object.entries(inline).map(([name, document]) => compiled(document, 'identity', name)),
    ...(await managed(reader, accountId, attached, 'identity')),
  ]
}

async function boundaryOf(
  reader: Reader,
  { accountId, boundary }: UserRecord | RoleRecord,
): Promise<Pick<PolicySet, 'boundary'>> {
  if (boundary === undefined) return {}
  const [policy] = await managed(reader, accountId, [boundary], 'boundary')
  return { boundary: policy }
}

function managed(
  reader: Reader,
  accountId: string,
  arns: readonly string[],
  type: PolicyType,
): Promise<readonly CompiledPolicy[]> {
  return Promise.all(
    arns.map(async (arn) => {
      const document = await managedDocument(reader, accountId, arn)
      // Something that is attached and gone: nothing is known of what it would deny.
      return compiled(document ?? denyEverything, type, arn)
    }),
  )
}

/** The default version of a managed policy, as text. */
export async function managedDocument(
  reader: Reader,
  accountId: string,
  arn: string,
): Promise<string | undefined> {
  const own = awsManagedPolicy(arn)
  if (own !== undefined) return own.document
  const key = keyOf(accountId, arn.slice(arn.lastIndexOf('/') + 1))
  const policy = (await reader.get<PolicyRecord>(iamCollections.policies, key))?.value
  if (policy === undefined || arnOf('policy', policy) !== arn) return undefined
  return policy.versions.find(({ id }) => id === policy.defaultVersionId)?.document
}

const allowEverything =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
const denyEverything = allowEverything.replace('Allow', 'Deny')

const mostPolicies = 10_000

/** The same text under the same name is the same policy, whoever has it. */
const compiledPolicies = new Bounded<string, CompiledPolicy>(mostPolicies)

/** What cannot be read denies everything. */
export function compiled(document: string, type: PolicyType, name: string): CompiledPolicy {
  const key = `${type} ${name} ${document}`
  let policy = compiledPolicies.get(key)
  if (policy === undefined) {
    try {
      policy = compilePolicy(document, { type, name })
    } catch {
      policy = compilePolicy(denyEverything, { type, name })
    }
    compiledPolicies.set(key, policy)
  }
  return policy
}
