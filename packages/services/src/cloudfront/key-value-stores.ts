/** Key value stores as CloudFront's own API knows them: made, perhaps from a file in a bucket, described, deleted. */

import type * as Sdk from '@aws-sdk/client-cloudfront'
import { parseJson } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { checkVersion, fail, invalidArgument } from './errors.ts'
import { associationsOf, functionsOf } from './function-records.ts'
import { needAll, needNew, needTagged } from './gate.ts'
import {
  type ContentsRecord,
  type KeyValueStoreRecord,
  keyValueCollections,
  keyValueLimits,
  newContentsEtag,
  pairFault,
  sizeOf,
  storeArn,
  storeType,
  valueKey,
} from './key-value-records.ts'
import { pageOf } from './paging.ts'
import { newId } from './records.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

const mostStores = 100

export const keyValueStores = {
  CreateKeyValueStore: {
    needs: ({ Tags }, call) => needNew('CreateKeyValueStore', storeType, tagsOf(Tags), call),
    async handle({ Name, Comment = '', ImportSource, Tags }, call) {
      const { accountId, ids, now } = call
      if (!/^[a-zA-Z0-9-_]{1,64}$/.test(Name))
        throw invalidArgument('The parameter Name contains invalid characters.')
      checkComment(Comment)
      const tags = checkTags(tagsOf(Tags))
      const pairs = ImportSource ? await imported(ImportSource, call) : new Map<string, string>()
      const at = now.getTime()
      const id = ids.uuid()
      const etag = newId(ids, 'ETV')
      const record = { id, accountId, name: Name, comment: Comment, etag, modifiedAt: at, tags }
      const contents: ContentsRecord = {
        accountId,
        etag: newContentsEtag(ids),
        createdAt: at,
        modifiedAt: at,
        items: pairs.size,
        bytes: [...pairs].reduce((sum, [key, value]) => sum + sizeOf(key, value), 0),
      }
      await call.documents.transact(async (transaction) => {
        const all = await storesOf(transaction, accountId)
        if (all.some(({ name }) => name === Name))
          throw fail(
            'EntityAlreadyExists',
            'A key value store with the same name already exists in this account.',
          )
        if (all.length >= mostStores)
          throw fail(
            'EntityLimitExceeded',
            'You have reached the maximum number of key value stores.',
          )
        transaction.put(keyValueCollections.stores, keyOf(accountId, Name), record)
        transaction.put(keyValueCollections.contents, id, contents)
        for (const [key, value] of pairs)
          transaction.put(keyValueCollections.values, valueKey(id, key), value)
      })
      return {
        KeyValueStore: shown(record, 'PROVISIONING'),
        ETag: etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/key-value-store/${storeArn(record)}`,
      }
    },
  },

  DescribeKeyValueStore: {
    needs: (input, call) => needStore('DescribeKeyValueStore', input.Name, call),
    async handle({ Name }, call) {
      const record = await storeOf(call.documents, Name, call.accountId)
      return { KeyValueStore: shown(record), ETag: record.etag }
    },
  },

  UpdateKeyValueStore: {
    needs: (input, call) => needStore('UpdateKeyValueStore', input.Name, call),
    async handle({ Name, Comment, IfMatch }, { accountId, documents, ids, now }) {
      checkComment(Comment)
      const etag = newId(ids, 'ETV')
      const record = await documents.transact(async (transaction) => {
        const before = await storeOf(transaction, Name, accountId)
        checkVersion(IfMatch, before.etag)
        const after = { ...before, comment: Comment, etag, modifiedAt: now.getTime() }
        transaction.put(keyValueCollections.stores, keyOf(accountId, Name), after)
        return after
      })
      return { KeyValueStore: shown(record), ETag: etag }
    },
  },

  DeleteKeyValueStore: {
    needs: (input, call) => needStore('DeleteKeyValueStore', input.Name, call),
    async handle({ Name, IfMatch }, { accountId, documents }) {
      await documents.transact(async (transaction) => {
        const record = await storeOf(transaction, Name, accountId)
        checkVersion(IfMatch, record.etag)
        const functions = await functionsOf(transaction, accountId)
        if (functions.some((each) => associationsOf(each).includes(storeArn(record))))
          throw fail(
            'CannotDeleteEntityWhileInUse',
            'Cannot delete the key value store because it is associated with a function.',
          )
        const prefix = valueKey(record.id, '')
        for (const { key } of await transaction.list(keyValueCollections.values, { prefix }))
          transaction.delete(keyValueCollections.values, key)
        transaction.delete(keyValueCollections.contents, record.id)
        transaction.delete(keyValueCollections.stores, keyOf(accountId, Name))
      })
      return {}
    },
  },

  ListKeyValueStores: {
    needs: needAll('ListKeyValueStores'),
    async handle(input, { accountId, documents }) {
      const isWanted = input.Status === undefined || input.Status === ready
      const found = isWanted ? await storesOf(documents, accountId) : []
      const page = pageOf(found, ({ name }) => name, input)
      return {
        KeyValueStoreList: {
          MaxItems: page.maxItems,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map((record) => shown(record)),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

const ready = 'READY'

function shown(record: KeyValueStoreRecord, Status = ready) {
  return {
    Name: record.name,
    Id: record.id,
    Comment: record.comment,
    ARN: storeArn(record),
    Status,
    LastModifiedTime: new Date(record.modifiedAt),
  }
}

function checkComment(comment: string): void {
  if (comment.length > 128) throw invalidArgument('The parameter Comment is too long.')
}

/** The ARN has the id, the request the name. */
async function needStore(action: string, name: string, call: Call) {
  const found = await findStore(call.documents, name, call.accountId)
  return needTagged(action, storeType, found?.id ?? name, found?.tags, call)
}

/** @throws AwsError EntityNotFound */
async function storeOf(
  reader: Reader,
  name: string,
  accountId: string,
): Promise<KeyValueStoreRecord> {
  const found = await findStore(reader, name, accountId)
  if (found === undefined)
    throw fail('EntityNotFound', 'The specified key value store does not exist.')
  return found
}

async function findStore(reader: Reader, name: string, accountId: string) {
  const at = keyOf(accountId, name)
  return (await reader.get<KeyValueStoreRecord>(keyValueCollections.stores, at))?.value
}

async function storesOf(
  reader: Reader,
  accountId: string,
): Promise<readonly KeyValueStoreRecord[]> {
  const found = await reader.list<KeyValueStoreRecord>(keyValueCollections.stores, {
    prefix: keyOf(accountId, ''),
  })
  return found.map(({ value }) => value)
}

export async function storeOfId(
  reader: Reader,
  id: string,
  accountId: string,
): Promise<KeyValueStoreRecord | undefined> {
  return (await storesOf(reader, accountId)).find((record) => record.id === id)
}

export function keyOf(accountId: string, name: string): string {
  return `${accountId}/${name}`
}

/**
 * The pairs of a file in a bucket, read with the caller's own rights.
 *
 * @see CloudFront Developer Guide, "File format for key-value pairs"
 * @throws AwsError InvalidArgument, AccessDenied
 */
async function imported(
  { SourceType, SourceARN }: { readonly SourceType: string; readonly SourceARN: string },
  call: Call,
): Promise<ReadonlyMap<string, string>> {
  const [, Bucket, Key] = /^arn:aws:s3:::([a-z0-9.-]+)\/(.+)$/s.exec(SourceARN) ?? []
  if (SourceType !== 'S3' || Bucket === undefined || Key === undefined)
    throw invalidArgument('The parameter ImportSource is not valid.')
  const text = await fileOf(Bucket, Key, call)
  const pairs = new Map<string, string>()
  for (const { key, value } of pairsOf(text)) {
    if (typeof key !== 'string' || typeof value !== 'string' || pairs.has(key))
      throw notImported('every pair has a key of its own and a value, both of them text')
    const fault = pairFault(key, value)
    if (fault !== undefined) throw notImported(fault)
    pairs.set(key, value)
  }
  return pairs
}

async function fileOf(Bucket: string, Key: string, call: Call): Promise<string> {
  try {
    await call.aws('s3', 'GetBucketLocation', { Bucket }, 'caller')
    const { Body } = await call.aws('s3', 'GetObject', { Bucket, Key }, 'caller')
    const pieces: Uint8Array[] = []
    let bytes = 0
    const body = Body instanceof Uint8Array ? [Body] : (Body as AsyncIterable<Uint8Array>)
    for await (const piece of body) {
      bytes += piece.length
      if (bytes > keyValueLimits.storeBytes) throw notImported('it is larger than 5 MB')
      pieces.push(piece)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
  } catch (error) {
    if (error instanceof TypeError) throw notImported('it is no text in UTF-8')
    if (!(error instanceof AwsError) || error.code === 'InvalidArgument') throw error
    const said = `S3 answered ${error.code}: ${error.message}`
    throw error.status === 403 ? fail('AccessDenied', said) : notImported(said)
  }
}

function pairsOf(text: string): readonly Record<string, unknown>[] {
  try {
    const file: unknown = parseJson(text)
    const { data } = file as { readonly data?: unknown }
    if (Array.isArray(data) && data.every((each) => typeof each === 'object' && each !== null))
      return data
  } catch {
    // Said below.
  }
  throw notImported('it is no JSON of the form {"data":[{"key":"…","value":"…"}]}')
}

const notImported = (why: string) =>
  invalidArgument(`The file of the parameter ImportSource cannot be imported: ${why}`)
