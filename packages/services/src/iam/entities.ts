/** What users, groups and roles have in common: finding, making, showing and removing them. */
import type { Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { alreadyExists, limitExceeded, missing, validationError } from './errors.ts'
import { type IdRecord, idCollection } from './principal-ids.ts'
import {
  arnOf,
  type EntityKind,
  type EntityRecords,
  entityCollections,
  keyOf,
  putEntity,
  readEntity,
} from './records.ts'

export const nameConstraint = {
  pattern: /[\w+=,.@-]+/,
} as const
const length = (most: number) => ({ minLength: 1, maxLength: most })
export const userName = [length(64), nameConstraint] as const
export const longName = [length(128), nameConstraint] as const
export const path = [length(512), { pattern: /(\u002F)|(\u002F[\u0021-\u007E]+\u002F)/ }] as const

/** @see IAM User Guide, "IAM and AWS STS quotas" */
const mostEntities = { user: 5_000, group: 300, role: 1_000 } as const satisfies Record<
  EntityKind,
  number
>
const quotaNames = {
  user: 'UsersPerAccount',
  group: 'GroupsPerAccount',
  role: 'RolesPerAccount',
} as const satisfies Record<EntityKind, string>
const shownKinds = { user: 'User', group: 'Group', role: 'Role' } as const

/** @throws AwsError NoSuchEntity */
export async function find<Kind extends EntityKind>(
  reader: Reader,
  kind: Kind,
  { accountId }: Call,
  name: string,
): Promise<EntityRecords[Kind]> {
  const record = await readEntity(reader, kind, accountId, name)
  if (record === undefined) throw missing[kind](name)
  return record
}

const taken = (kind: EntityKind, name: string) =>
  alreadyExists(`${shownKinds[kind]} with name ${name} already exists.`)

/** @throws AwsError EntityAlreadyExists, LimitExceeded */
export async function create<Kind extends EntityKind>(
  transaction: Transaction,
  kind: Kind,
  record: EntityRecords[Kind],
): Promise<void> {
  const { accountId, name, id } = record
  if (await readEntity(transaction, kind, accountId, name)) throw taken(kind, name)
  const present = await transaction.list(entityCollections[kind], { prefix: `${accountId}/` })
  if (present.length >= mostEntities[kind])
    throw limitExceeded(`Cannot exceed quota for ${quotaNames[kind]}: ${mostEntities[kind]}`)
  putEntity(transaction, kind, record)
  if (kind !== 'group') transaction.put(idCollection, id, { kind, accountId, name } as IdRecord)
}

export function remove(
  transaction: Transaction,
  kind: EntityKind,
  { accountId, name, id }: { accountId: string; name: string; id: string },
): void {
  transaction.delete(entityCollections[kind], keyOf(accountId, name))
  transaction.delete(idCollection, id)
}

/**
 * Gives it another name or path; absent: it keeps its own. Who refers to it by name has to be told.
 *
 * @throws AwsError EntityAlreadyExists
 */
export async function move<Kind extends 'user' | 'group'>(
  transaction: Transaction,
  kind: Kind,
  before: EntityRecords[Kind],
  to: { readonly name?: string | undefined; readonly path?: string | undefined },
): Promise<EntityRecords[Kind]> {
  const { accountId } = before
  const { name = before.name, path = before.path } = to
  const isOther = name.toLowerCase() !== before.name.toLowerCase()
  if (isOther && (await readEntity(transaction, kind, accountId, name))) throw taken(kind, name)
  transaction.delete(entityCollections[kind], keyOf(accountId, before.name))
  const after: EntityRecords[Kind] = { ...before, name, path }
  putEntity(transaction, kind, after)
  return after
}

/** Changes one entity, all or nothing. @returns what it has become */
export function change<Kind extends EntityKind>(
  call: Call,
  kind: Kind,
  name: string,
  work: (
    record: EntityRecords[Kind],
    transaction: Transaction,
  ) => EntityRecords[Kind] | Promise<EntityRecords[Kind]>,
): Promise<EntityRecords[Kind]> {
  return call.documents.transact(async (transaction) => {
    const changed = await work(await find(transaction, kind, call, name), transaction)
    putEntity(transaction, kind, changed)
    return changed
  })
}

/** Whom an operation without `UserName` speaks of: the user who calls. @throws AwsError ValidationError */
export function userOrCaller(given: string | undefined, { principal }: Call): string {
  if (given !== undefined) return given
  if (principal.type === 'user') return principal.arn.slice(principal.arn.lastIndexOf('/') + 1)
  throw validationError('Must specify userName when calling with non-User credentials')
}

export function shownBoundary(boundary: string | undefined) {
  return (
    boundary && {
      PermissionsBoundaryType: 'Policy' as const,
      PermissionsBoundaryArn: boundary,
    }
  )
}

export { arnOf }
