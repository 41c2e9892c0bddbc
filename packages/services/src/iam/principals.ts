/** Who is behind an access key, and what policies does that principal have? */
import {
  type CompiledPolicy,
  type ContextValue,
  compilePolicy,
  type PolicySet,
  type PolicyType,
  type Principal,
} from '@sekisho/policy'
import type { Reader, State } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { type AccessKeyRecord, accessKeysCollection } from './accounts.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { Bounded } from './bounded.ts'
import { organizationCollections, type Place, placeOf } from './organization.ts'
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
import { open, type Session, secretOf, sessionKey } from './sessions.ts'

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
}

/** Why nobody is behind what was sent. */
export type Nobody =
  /** No such key, an inactive one, or a temporary one without its token. */
  | 'unknown'
  /** The token is not ours, was altered, belongs to another key, or to a role that is gone. */
  | 'invalid token'
  | 'expired token'

export interface Identities extends Disposable {
  /** Where an account stands in the organization, with the policies that hold for what is its own. */
  readonly placeOf: (accountId: string) => Promise<Place | undefined>
  /**
   * At once for whoever has called before and is unchanged; a change that is acknowledged counts for the next call.
   */
  readonly find: (
    accessKeyId: string,
    sessionToken: string | undefined,
    nowMs: number,
  ) => Identity | Nobody | Promise<Identity | Nobody>
}

const mostIdentities = 20_000
const mostPolicies = 10_000
const mostPlaces = 10_000

/** @param onError  hears of a policy that is stored and cannot be read; its owner is denied everything */
export function openIdentities(
  { documents, changes }: Pick<State, 'documents' | 'changes'>,
  ids: IdSource,
): Identities {
  /** By key id, or by session token. */
  const found = new Bounded<string, Identity>(mostIdentities)
  const keysOfAccount = new Map<string, Set<string>>()
  const places = new Bounded<string, Promise<Place | undefined>>(mostPlaces)
  /** What was read before the last change does not count. */
  let changeCount = 0
  let sealing: Promise<Buffer> | undefined
  let sealingKey: Buffer | undefined

  const forget = (accountId: string) => {
    for (const key of keysOfAccount.get(accountId) ?? []) found.delete(key)
    keysOfAccount.delete(accountId)
  }
  const iamNames: ReadonlySet<string> = new Set(Object.values(iamCollections))
  const organizationNames: ReadonlySet<string> = new Set(Object.values(organizationCollections))
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (collection === accessKeysCollection) found.delete(key)
      else if (iamNames.has(collection)) forget(key.slice(0, key.indexOf('/')))
      else if (collection === 'secrets') sealing = sealingKey = undefined
      else if (organizationNames.has(collection)) {
        found.clear()
        places.clear()
      } else continue
      changeCount++
    }
  })

  const placeIn = (accountId: string): Promise<Place | undefined> => {
    let place = places.get(accountId)
    if (place === undefined) {
      place = placeOf(documents, accountId, compiled)
      places.set(accountId, place)
    }
    return place
  }
  const keep = (key: string, identity: Identity): Identity => {
    found.set(key, identity)
    const keys = keysOfAccount.get(identity.accountId) ?? new Set()
    keysOfAccount.set(identity.accountId, keys.add(key))
    return identity
  }
  const load = async (
    key: string,
    read: () => Promise<Identity | Nobody>,
  ): Promise<Identity | Nobody> => {
    for (;;) {
      const seen = changeCount
      const loaded = await read()
      const identity = typeof loaded === 'string' ? loaded : await placed(loaded, placeIn)
      if (seen !== changeCount) continue
      return typeof identity === 'string' ? identity : keep(key, identity)
    }
  }
  const keyForSessions = async (): Promise<Buffer> => {
    sealing ??= sessionKey(documents, ids)
    sealingKey = await sealing
    return sealingKey
  }
  const ofSession = async (accessKeyId: string, token: string, nowMs: number) => {
    const sealed = sealingKey ?? (await keyForSessions())
    const session = open(token, sealed)
    if (session === undefined || session.accessKeyId !== accessKeyId) return 'invalid token'
    if (nowMs >= session.expiresAt) return 'expired token'
    return load(token, () => identityOfSession(documents, session, secretOf(accessKeyId, sealed)))
  }

  return {
    placeOf: placeIn,
    find(accessKeyId, sessionToken, nowMs) {
      const identity = found.get(sessionToken ?? accessKeyId)
      if (identity === undefined)
        return sessionToken === undefined
          ? load(accessKeyId, () => identityOfKey(documents, accessKeyId))
          : ofSession(accessKeyId, sessionToken, nowMs)
      if (identity.session === undefined) return identity
      if (identity.session.accessKeyId !== accessKeyId) return 'invalid token'
      return nowMs < identity.session.expiresAt ? identity : 'expired token'
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

/** With what the organization says of the caller's account. */
async function placed(
  identity: Identity,
  placeIn: (accountId: string) => Promise<Place | undefined>,
): Promise<Identity> {
  const place = await placeIn(identity.accountId)
  if (place === undefined) return identity
  const { id, path, scps } = place
  return {
    ...identity,
    policies: scps ? { ...identity.policies, scps } : identity.policies,
    keys: new Map([
      ...identity.keys,
      ['aws:principalorgid', id],
      ['aws:principalorgpaths', [path]],
    ]),
  }
}

async function identityOfKey(reader: Reader, accessKeyId: string): Promise<Identity | Nobody> {
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

async function identityOfSession(
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
