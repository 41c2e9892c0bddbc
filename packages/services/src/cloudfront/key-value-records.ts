/** What is kept of key value stores: what CloudFront's own API knows of them, and the pairs that functions read. */
import type { Reader } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { arnOf, newId } from './records.ts'

export const keyValueCollections = {
  /** By account and name. */
  stores: 'cloudfront/key-value-stores',
  /** What is in a store, by its id: ids are unique across accounts. */
  contents: 'cloudfront/key-value-contents',
  /** Values by the store's id and the key. */
  values: 'cloudfront/key-values',
} as const

export interface KeyValueStoreRecord {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly comment: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly modifiedAt: number
  readonly tags: Readonly<Record<string, string>>
}

export interface ContentsRecord {
  readonly accountId: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly modifiedAt: number
  readonly items: number
  /** Of keys and values, in UTF-8. */
  readonly bytes: number
}

/** @see CloudFront Developer Guide, "Quotas on key value stores" */
export const keyValueLimits = {
  keyBytes: 512,
  valueBytes: 1_024,
  storeBytes: 5 * 1_024 * 1_024,
  keysPerUpdate: 50,
  functionsPerStore: 10,
  storesPerFunction: 1,
} as const

export const storeType = 'key-value-store'

export function storeArn({ accountId, id }: Pick<KeyValueStoreRecord, 'accountId' | 'id'>): string {
  return arnOf(storeType, accountId, id)
}

/** Of a key value store's ARN; undefined: it is none. */
export function readStoreArn(arn: string): { accountId: string; id: string } | undefined {
  const [, accountId, id] =
    /^arn:aws:cloudfront::(\d{12}):key-value-store\/([0-9a-f-]{36})$/.exec(arn) ?? []
  return accountId === undefined || id === undefined ? undefined : { accountId, id }
}

export function newContentsEtag(ids: IdSource): string {
  return newId(ids, 'KV')
}

export function valueKey(id: string, key: string): string {
  return `${id}/${key}`
}

export function sizeOf(key: string, value: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value)
}

/** What is wrong with a pair; undefined: nothing. */
export function pairFault(key: string, value: string): string | undefined {
  const keyBytes = Buffer.byteLength(key)
  if (keyBytes < 1 || keyBytes > keyValueLimits.keyBytes)
    return `The length of a key must be between 1 and ${keyValueLimits.keyBytes} bytes.`
  return Buffer.byteLength(value) > keyValueLimits.valueBytes
    ? `The length of a value must be at most ${keyValueLimits.valueBytes} bytes.`
    : undefined
}

/** A store as its functions see it. */
export interface KeyValues {
  readonly createdAt: number
  readonly modifiedAt: number
  readonly values: ReadonlyMap<string, string>
}

export async function loadKeyValues(reader: Reader, id: string): Promise<KeyValues | undefined> {
  const contents = await reader.get<ContentsRecord>(keyValueCollections.contents, id)
  if (contents === undefined) return undefined
  const { createdAt, modifiedAt } = contents.value
  const prefix = valueKey(id, '')
  const found = await reader.list<string>(keyValueCollections.values, { prefix })
  return {
    createdAt,
    modifiedAt,
    values: new Map(found.map(({ key, value }) => [key.slice(prefix.length), value])),
  }
}
