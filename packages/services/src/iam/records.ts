/** What is kept of IAM: one record an entity, with everything that belongs to it alone. */
import type { Reader, Transaction } from '@sekisho/store'

export const iamCollections = {
  users: 'iam-users',
  groups: 'iam-groups',
  roles: 'iam-roles',
  policies: 'iam-policies',
  /** How often an account uses each of AWS's own policies. */
  awsPolicyUses: 'iam-aws-policy-uses',
  instanceProfiles: 'iam-instance-profiles',
  providers: 'iam-oidc-providers',
  settings: 'iam-account-settings',
  deletionTasks: 'iam-deletion-tasks',
} as const

export interface Tag {
  readonly Key: string
  readonly Value: string
}

/** The condition keys of the tags that one of IAM's own resources has. */
export function entityTags(tags: readonly Tag[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tags.flatMap(({ Key, Value }) => [
      [`aws:ResourceTag/${Key}`, Value],
      [`iam:ResourceTag/${Key}`, Value],
    ]),
  )
}

/** Times are epoch milliseconds. */
interface EntityRecord {
  readonly accountId: string
  readonly name: string
  /** `AIDA…`, `AGPA…`, `AROA…`: never given again, whoever takes the name. */
  readonly id: string
  /** `/` or `/division/team/`. */
  readonly path: string
  readonly createdAt: number
  /** Inline policies by name, as they were written. */
  readonly inline: Readonly<Record<string, string>>
  /** ARNs of managed policies, in the order of attachment. */
  readonly attached: readonly string[]
}

export interface UserRecord extends EntityRecord {
  readonly tags: readonly Tag[]
  readonly boundary?: string
  /** Names of groups. */
  readonly groups: readonly string[]
  /** Ids of keys, whose records are in a collection of their own. */
  readonly accessKeyIds: readonly string[]
  readonly login?: LoginProfile
  readonly passwordLastUsedAt?: number
}

export interface LoginProfile {
  readonly createdAt: number
  readonly resetRequired: boolean
  /** `scrypt$N$r$p$salt$hash`, base64. */
  readonly hash: string
  readonly changedAt: number
  /** Earlier ones, newest first. */
  readonly earlier: readonly string[]
}

export type GroupRecord = EntityRecord

export interface RoleRecord extends EntityRecord {
  readonly tags: readonly Tag[]
  readonly boundary?: string
  /** The trust policy, with the unique ids of those it names. */
  readonly trust: string
  readonly description?: string
  /** Seconds. */
  readonly maxSessionDuration: number
  /** Of a service-linked role: whose it is. */
  readonly service?: string
}

/** Access key id to its last use. */
export const accessKeyUsesCollection = 'access-key-uses'
/** A role's unique id to its last use. */
export const roleUsesCollection = 'role-uses'

export interface Use {
  readonly usedAt: number
  readonly service: string
  readonly region: string
}

export interface PolicyRecord {
  readonly accountId: string
  readonly name: string
  readonly id: string
  readonly path: string
  readonly description?: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly tags: readonly Tag[]
  readonly defaultVersionId: string
  /** Newest first, five at most. */
  readonly versions: readonly PolicyVersionRecord[]
  /** The number of the next version: none is given twice. */
  readonly nextVersion: number
  readonly uses: PolicyUses
}

export interface PolicyVersionRecord {
  readonly id: string
  readonly document: string
  readonly createdAt: number
}

export interface PolicyUses {
  readonly attachments: number
  readonly boundaries: number
}

export interface InstanceProfileRecord {
  readonly accountId: string
  readonly name: string
  readonly id: string
  readonly path: string
  readonly createdAt: number
  readonly tags: readonly Tag[]
  /** One at most. */
  readonly roles: readonly string[]
}

export interface OidcProviderRecord {
  readonly accountId: string
  /** Without its scheme, as it stands in the ARN. */
  readonly url: string
  readonly clientIds: readonly string[]
  readonly thumbprints: readonly string[]
  readonly createdAt: number
  readonly tags: readonly Tag[]
}

export interface AccountSettings {
  readonly alias?: string
  readonly passwordPolicy?: PasswordPolicy
}

export interface PasswordPolicy {
  readonly minimumLength: number
  readonly requireSymbols: boolean
  readonly requireNumbers: boolean
  readonly requireUppercase: boolean
  readonly requireLowercase: boolean
  readonly allowUsersToChange: boolean
  /** Days; 0: for ever. */
  readonly maxAge: number
  readonly reusePrevention: number
  readonly hardExpiry: boolean
}

export interface DeletionTask {
  readonly roleName: string
  readonly status: 'SUCCEEDED' | 'FAILED'
  readonly reason?: string
  readonly createdAt: number
}

/** Kinds of entities that policies are attached to. */
export type EntityKind = 'user' | 'group' | 'role'
export interface EntityRecords {
  user: UserRecord
  group: GroupRecord
  role: RoleRecord
}

export const entityCollections = {
  user: iamCollections.users,
  group: iamCollections.groups,
  role: iamCollections.roles,
} as const satisfies Record<EntityKind, string>

/** Names are told apart without regard to case. @see IAM User Guide, "IAM and AWS STS quotas" */
export function keyOf(accountId: string, name: string): string {
  return `${accountId}/${name.toLowerCase()}`
}

export function arnOf(
  kind: EntityKind | 'policy' | 'instance-profile',
  { accountId, path, name }: { accountId: string; path: string; name: string },
): string {
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`
}

export async function readEntity<Kind extends EntityKind>(
  reader: Reader,
  kind: Kind,
  accountId: string,
  name: string,
): Promise<EntityRecords[Kind] | undefined> {
  const key = keyOf(accountId, name)
  return (await reader.get<EntityRecords[Kind]>(entityCollections[kind], key))?.value
}

export function putEntity<Kind extends EntityKind>(
  transaction: Transaction,
  kind: Kind,
  record: EntityRecords[Kind],
): void {
  transaction.put(entityCollections[kind], keyOf(record.accountId, record.name), record)
}

/** All of an account's, by name. */
export async function listOf<T>(
  reader: Reader,
  collection: string,
  accountId: string,
): Promise<readonly T[]> {
  const found = await reader.list<T>(collection, { prefix: `${accountId}/` })
  return found.map(({ value }) => value)
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const idPrefixes = {
  user: 'AIDA',
  group: 'AGPA',
  role: 'AROA',
  policy: 'ANPA',
  'instance-profile': 'AIPA',
} as const

/** @see IAM User Guide, "IAM identifiers" (unique ids) */
export function newUniqueId(
  kind: keyof typeof idPrefixes,
  ids: { text: (alphabet: string, length: number) => string },
): string {
  return `${idPrefixes[kind]}${ids.text(idAlphabet, 17)}`
}
