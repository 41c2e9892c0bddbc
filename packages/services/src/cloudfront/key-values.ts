/** The pairs of a key value store: read, written and deleted under the version that the store's ETag names. */
import type * as Sdk from '@aws-sdk/client-cloudfront-keyvaluestore'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { Call, Needs, Operations } from '../service.ts'
import {
  type ContentsRecord,
  keyValueCollections,
  keyValueLimits,
  newContentsEtag,
  pairFault,
  readStoreArn,
  sizeOf,
  storeArn,
  valueKey,
} from './key-value-records.ts'

/** @see CloudFront API Reference, "ListKeys" */
const pageSizes = { usual: 10, largest: 50 } as const

export const keyValues = {
  DescribeKeyValueStore: {
    needs: needing('DescribeKeyValueStore'),
    async handle({ KvsARN }, call) {
      const { id, contents } = await contentsOf(KvsARN, call, call.documents)
      return {
        ...sizesOf(contents),
        KvsARN: storeArn({ accountId: call.accountId, id }),
        Created: new Date(contents.createdAt),
        LastModified: new Date(contents.modifiedAt),
        Status: 'READY',
        ETag: contents.etag,
      }
    },
  },

  ListKeys: {
    constraints: { MaxResults: { min: 1, max: pageSizes.largest } },
    needs: needing('ListKeys'),
    async handle({ KvsARN, NextToken, MaxResults = pageSizes.usual }, call) {
      const { id } = await contentsOf(KvsARN, call, call.documents)
      const prefix = valueKey(id, '')
      const after = NextToken ? { after: valueKey(id, readToken(NextToken)) } : {}
      const found = await call.documents.list<string>(keyValueCollections.values, {
        prefix,
        limit: MaxResults + 1,
        ...after,
      })
      const Items = found
        .slice(0, MaxResults)
        .map(({ key, value }) => ({ Key: key.slice(prefix.length), Value: value }))
      const last = Items.at(-1)
      return {
        Items,
        ...(found.length > MaxResults &&
          last && { NextToken: Buffer.from(last.Key).toString('base64url') }),
      }
    },
  },

  GetKey: {
    needs: needing('GetKey'),
    async handle({ KvsARN, Key }, call) {
      const { id, contents } = await contentsOf(KvsARN, call, call.documents)
      const found = await call.documents.get<string>(keyValueCollections.values, valueKey(id, Key))
      if (found === undefined) throw notFound(`Key ${Key} was not found.`)
      return { Key, Value: found.value, ...sizesOf(contents) }
    },
  },

  PutKey: {
    needs: needing('PutKey'),
    handle: ({ KvsARN, IfMatch, Key, Value }, call) =>
      change(KvsARN, IfMatch, { puts: new Map([[Key, Value]]), deletes: [] }, call),
  },

  DeleteKey: {
    needs: needing('DeleteKey'),
    handle: ({ KvsARN, IfMatch, Key }, call) =>
      change(KvsARN, IfMatch, { puts: new Map(), deletes: [Key] }, call),
  },

  UpdateKeys: {
    needs: needing('UpdateKeys'),
    async handle({ KvsARN, IfMatch, Puts = [], Deletes = [] }, call) {
      const puts = new Map(Puts.map(({ Key, Value }) => [Key, Value]))
      const deletes = Deletes.map(({ Key }) => Key)
      const count = Puts.length + Deletes.length
      if (count === 0) throw invalid('The request has no keys to put or to delete.')
      if (count > keyValueLimits.keysPerUpdate)
        throw invalid(`A request may hold at most ${keyValueLimits.keysPerUpdate} keys.`)
      if (new Set([...puts.keys(), ...deletes]).size < count)
        throw invalid('The request names a key more than once.')
      return change(KvsARN, IfMatch, { puts, deletes }, call)
    },
  },
} satisfies Operations<typeof Sdk>

interface Change {
  readonly puts: ReadonlyMap<string, string>
  readonly deletes: readonly string[]
}

/** All of it or nothing. A key that is not there is deleted already. */
async function change(
  arn: string,
  ifMatch: string,
  { puts, deletes }: Change,
  call: Call,
): Promise<{ ItemCount: number; TotalSizeInBytes: number; ETag: string }> {
  for (const [key, value] of puts) {
    const fault = pairFault(key, value)
    if (fault !== undefined) throw invalid(fault)
  }
  const etag = newContentsEtag(call.ids)
  const after = await call.documents.transact(async (transaction) => {
    const { id, contents } = await contentsOf(arn, call, transaction)
    if (ifMatch.replace(/^"(.*)"$/, '$1') !== contents.etag)
      throw new AwsError('ConflictException', 'Pre-Condition failed', 409)
    let { items, bytes } = contents
    for (const key of [...puts.keys(), ...deletes]) {
      const at = valueKey(id, key)
      const before = await transaction.get<string>(keyValueCollections.values, at)
      const value = puts.get(key)
      if (before !== undefined) {
        items--
        bytes -= sizeOf(key, before.value)
      }
      if (value === undefined) {
        transaction.delete(keyValueCollections.values, at)
        continue
      }
      items++
      bytes += sizeOf(key, value)
      transaction.put(keyValueCollections.values, at, value)
    }
    if (bytes > keyValueLimits.storeBytes)
      throw new AwsError(
        'ServiceQuotaExceededException',
        `The size of a key value store must be at most ${keyValueLimits.storeBytes} bytes.`,
        402,
      )
    const next: ContentsRecord = {
      ...contents,
      etag,
      items,
      bytes,
      modifiedAt: call.now.getTime(),
    }
    transaction.put(keyValueCollections.contents, id, next)
    return next
  })
  return { ...sizesOf(after), ETag: etag }
}

function sizesOf({ items, bytes }: ContentsRecord) {
  return { ItemCount: items, TotalSizeInBytes: bytes }
}

/** @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudFront KeyValueStore" */
function needing(name: string): (input: { readonly KvsARN: string }) => Needs {
  return ({ KvsARN }) => [
    {
      action: `cloudfront-keyvaluestore:${name}`,
      resource: KvsARN,
      resourceAccountId: readStoreArn(KvsARN)?.accountId,
    },
  ]
}

/** @throws AwsError ValidationException, ResourceNotFoundException */
async function contentsOf(
  arn: string,
  { accountId }: Pick<Call, 'accountId'>,
  reader: Reader,
): Promise<{ id: string; contents: ContentsRecord }> {
  const named = readStoreArn(arn)
  if (named === undefined) throw invalid('The ARN of the key value store is not valid.')
  const found = await reader.get<ContentsRecord>(keyValueCollections.contents, named.id)
  if (found === undefined || found.value.accountId !== accountId || named.accountId !== accountId)
    throw notFound('Key value store was not found.')
  return { id: named.id, contents: found.value }
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (Buffer.from(key).toString('base64url') !== token) throw invalid('The token is not valid.')
  return key
}

const invalid = (message: string) => new AwsError('ValidationException', message, 400)
const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, 404)
