/** Users and roles in stored policies: by unique id, so that whoever takes a name later is not meant. */
import { renamePrincipals } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { malformedPolicy } from './errors.ts'
import { arnOf, iamCollections, keyOf, type RoleRecord, type UserRecord } from './records.ts'

/** Unique id to whose it is. */
export const idCollection = 'iam-ids'

export interface IdRecord {
  readonly kind: 'user' | 'role'
  readonly accountId: string
  readonly name: string
}

/**
 * The document with unique ids for the users and roles that it names, so that whoever takes a name later is not meant.
 * Those of accounts that are not here stay as they are; they are nobody here.
 *
 * @throws AwsError MalformedPolicyDocument  there is no such user or role
 * @see IAM User Guide, "AWS JSON policy elements: Principal"
 */
export async function withIds(reader: Reader, text: string): Promise<string> {
  const named = new Set<string>()
  renamePrincipals(text, (value) => {
    named.add(value)
    return value
  })
  const ids = new Map<string, string>()
  for (const value of named) {
    const id = await idOf(reader, value)
    if (id !== undefined) ids.set(value, id)
  }
  return renamePrincipals(text, (value) => ids.get(value) ?? value)
}

async function idOf(reader: Reader, value: string): Promise<string | undefined> {
  const [, accountId, kind, path] =
    /^arn:aws[a-z-]*:iam::(\d{12}):(user|role)\/(.+)$/.exec(value) ?? []
  if (accountId === undefined || path === undefined) return undefined
  if (!(await reader.get('accounts', accountId))) return undefined
  const collection = kind === 'user' ? iamCollections.users : iamCollections.roles
  const key = keyOf(accountId, path.slice(path.lastIndexOf('/') + 1))
  const found = (await reader.get<UserRecord | RoleRecord>(collection, key))?.value
  if (found === undefined || arnOf(kind as 'user' | 'role', found) !== value)
    throw malformedPolicy(`Invalid principal in policy: "AWS":"${value}"`)
  return found.id
}

/** As it is shown: ARNs for the ids of those who are there, the bare ids of those who are gone. */
export async function withArns(reader: Reader, text: string): Promise<string> {
  const ids = new Map<string, string>()
  const found: string[] = []
  renamePrincipals(text, (value) => {
    if (/^A(?:IDA|ROA)/.test(value)) found.push(value)
    return value
  })
  for (const id of found) {
    const whose = (await reader.get<IdRecord>(idCollection, id))?.value
    if (whose === undefined) continue
    const collection = whose.kind === 'user' ? iamCollections.users : iamCollections.roles
    const key = keyOf(whose.accountId, whose.name)
    const record = (await reader.get<UserRecord | RoleRecord>(collection, key))?.value
    if (record?.id === id) ids.set(id, arnOf(whose.kind, record))
  }
  return found.length === 0 ? text : renamePrincipals(text, (value) => ids.get(value) ?? value)
}
