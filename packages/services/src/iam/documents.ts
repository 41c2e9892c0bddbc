/** Policy documents as IAM takes, keeps and shows them. */
import {
  PolicyError,
  type PolicyFaultCode,
  type PolicyType,
  parsePolicy,
  renamePrincipals,
} from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { limitExceeded, malformedPolicy } from './errors.ts'
import { arnOf, iamCollections, keyOf, type RoleRecord, type UserRecord } from './records.ts'

/** Characters without white space. @see IAM User Guide, "IAM and AWS STS quotas" */
export const quotas = {
  managed: 6_144,
  user: 2_048,
  group: 5_120,
  role: 10_240,
  trust: 2_048,
} as const

/** IAM words a fault by its kind, not by its place. */
const wordings: Partial<Record<PolicyFaultCode, string>> = {
  INVALID_VERSION: 'Policy document must be version 2012-10-17 or greater.',
  INVALID_ACTION: 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  DUPLICATE_SID: 'Statement IDs (SID) in a single policy must be unique.',
  INVALID_CONDITION_VALUE: 'The policy failed legacy parsing',
}

/**
 * @throws AwsError MalformedPolicyDocument
 * @see IAM User Guide, "Grammar of the IAM JSON policy language"
 */
export function checkDocument(text: string, type: PolicyType): void {
  try {
    parsePolicy(text, { type })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw malformedPolicy(wordingOf(error, type))
  }
}

function wordingOf({ faults }: PolicyError, type: PolicyType): string {
  const [fault] = faults
  if (fault === undefined) return 'Syntax errors in policy.'
  const { code, message } = fault
  if (type === 'trust') {
    if (code === 'INVALID_JSON') return 'This policy contains invalid Json'
    if (code === 'PROHIBITED_ELEMENT' && message.includes('Resource'))
      return 'Has prohibited field Resource.'
    if (code === 'INVALID_ACTION')
      return 'AssumeRole policy may only specify STS AssumeRole actions.'
    if (code === 'INVALID_PRINCIPAL') return 'Invalid principal in policy.'
  }
  if (code === 'MISSING_ELEMENT' && message.includes('`Action`'))
    return 'Policy statement must contain actions.'
  if (code === 'MISSING_ELEMENT' && message.includes('`Resource`'))
    return 'Policy statement must contain resources.'
  if (code === 'INVALID_RESOURCE') {
    const [, given] = /`([^`]*)`/.exec(message) ?? []
    return `Resource ${given ?? ''} must be in ARN format or "*".`
  }
  return wordings[code] ?? 'Syntax errors in policy.'
}

/** What counts to the quotas: everything but the white space outside of strings. */
export function sizeOf(text: string): number {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1').length
}

/** @param name  as the quota is called: `PolicySize`, `ACLSizePerRole` */
export function checkSize(size: number, most: number, name: string): void {
  if (size > most) throw limitExceeded(`Cannot exceed quota for ${name}: ${most}`)
}

/** Documents travel percent-encoded (RFC 3986). */
export function shownDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

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
