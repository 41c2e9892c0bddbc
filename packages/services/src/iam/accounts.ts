/** Accounts: their numbers, names and root keys. */
import type { Documents, Reader } from '@sekisho/store'
import type { IdSource } from '../service.ts'

export const accountsCollection = 'accounts'
/** Access key id to its record. */
export const accessKeysCollection = 'access-keys'

export interface AccountRecord {
  /** Twelve digits. */
  readonly accountId: string
  readonly name: string
  readonly rootAccessKeyId: string
  readonly createdAt: number
}

export interface AccessKeyRecord {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
  /** Whose it is; absent: the root user's. */
  readonly userName?: string
  readonly status?: 'Active' | 'Inactive'
  readonly createdAt?: number
}

export interface RootKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface AccountWithKey extends RootKey {
  readonly accountId: string
  readonly name: string
}

/** What was asked of accounts cannot be done; `message` says why. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code: 'ACCOUNT_EXISTS' | 'NO_SUCH_ACCOUNT' | 'NO_SUCH_ENTITY' | 'INVALID_ACCOUNT'

  constructor(code: AccountError['code'], message: string) {
    super(message)
    this.code = code
  }
}

const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const secretAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** @see IAM User Guide, "IAM identifiers" (forms of key ids and secrets) */
export function newAccessKey(ids: IdSource): RootKey {
  return {
    accessKeyId: `AKIA${ids.text(keyAlphabet, 16)}`,
    secretAccessKey: ids.text(secretAlphabet, 40),
  }
}

/**
 * Makes an account with a root key.
 *
 * @param given  its number (a random one otherwise) and root key, for the first account
 * @throws AccountError  the name, number or key is taken or is none
 */
export async function createAccount(
  documents: Documents,
  name: string,
  { ids, nowMs }: { readonly ids: IdSource; readonly nowMs: number },
  given: { readonly accountId?: string | undefined; readonly rootKey?: RootKey | undefined } = {},
): Promise<AccountWithKey> {
  if (!/^[\w+=,.@-]{1,50}$/.test(name))
    throw new AccountError('INVALID_ACCOUNT', `\`${name}\` is no name for an account`)
  if (given.accountId !== undefined && !/^\d{12}$/.test(given.accountId))
    throw new AccountError(
      'INVALID_ACCOUNT',
      `\`${given.accountId}\` is no account number; it has twelve digits`,
    )
  const key = given.rootKey ?? newAccessKey(ids)
  const accountId = given.accountId ?? `${ids.text('123456789', 1)}${ids.text('0123456789', 11)}`
  await documents.transact(async (transaction) => {
    const present = (await transaction.list<AccountRecord>(accountsCollection)).map(
      ({ value }) => value,
    )
    if (present.some((account) => account.name === name || account.accountId === accountId))
      throw new AccountError('ACCOUNT_EXISTS', `there is an account \`${name}\` already`)
    if (await transaction.get(accessKeysCollection, key.accessKeyId))
      throw new AccountError('INVALID_ACCOUNT', "the root access key is another account's")
    const record: AccountRecord = {
      accountId,
      name,
      rootAccessKeyId: key.accessKeyId,
      createdAt: nowMs,
    }
    transaction.put(accountsCollection, accountId, record)
    transaction.put(accessKeysCollection, key.accessKeyId, {
      ...key,
      accountId,
    } satisfies AccessKeyRecord)
  })
  return { accountId, name, ...key }
}

export async function listAccounts(documents: Documents): Promise<readonly AccountWithKey[]> {
  const records = (await documents.list<AccountRecord>(accountsCollection)).map(
    ({ value }) => value,
  )
  const sorted = [...records].sort((one, other) => one.createdAt - other.createdAt)
  return Promise.all(sorted.map((record) => withKey(documents, record)))
}

/**
 * Gives an account's root another key; the old one is refused from then on.
 * @throws AccountError
 */
export async function rotateRootKey(
  documents: Documents,
  name: string,
  ids: IdSource,
): Promise<AccountWithKey> {
  const key = newAccessKey(ids)
  return documents.transact(async (transaction) => {
    const found = (await transaction.list<AccountRecord>(accountsCollection))
      .map(({ value }) => value)
      .find((account) => account.name === name)
    if (found === undefined)
      throw new AccountError('NO_SUCH_ACCOUNT', `there is no account \`${name}\``)
    transaction.delete(accessKeysCollection, found.rootAccessKeyId)
    transaction.put(accountsCollection, found.accountId, {
      ...found,
      rootAccessKeyId: key.accessKeyId,
    })
    transaction.put(accessKeysCollection, key.accessKeyId, {
      ...key,
      accountId: found.accountId,
    } satisfies AccessKeyRecord)
    return { accountId: found.accountId, name, ...key }
  })
}

async function withKey(
  reader: Reader,
  { accountId, name, rootAccessKeyId }: AccountRecord,
): Promise<AccountWithKey> {
  const stored = await reader.get<AccessKeyRecord>(accessKeysCollection, rootAccessKeyId)
  return {
    accountId,
    name,
    accessKeyId: rootAccessKeyId,
    secretAccessKey: stored?.value.secretAccessKey ?? '',
  }
}
