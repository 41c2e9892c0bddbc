/** Tags of what can have them: distributions, functions, key value stores. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Reader, Transaction } from '@sekisho/store'
import {
  type Call,
  type Needs,
  type Operations,
  type RequestKeys,
  requestTags,
} from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { type FunctionRecord, keyOf as functionKey } from './function-records.ts'
import { needTagged, type ResourceType } from './gate.ts'
import { keyValueCollections } from './key-value-records.ts'
import { keyOf as storeKey, storeOfId } from './key-value-stores.ts'
import { cloudfrontCollections, findDistribution } from './records.ts'
import { checkTags, type Tags, tagsOf } from './tag-rules.ts'

export const tags = {
  TagResource: {
    needs: ({ Resource, Tags }, call) =>
      needs('TagResource', Resource, call, requestTags(tagsOf(Tags))),
    async handle({ Resource, Tags }, call) {
      const added = tagsOf(Tags)
      await change(Resource, call, (before) => checkTags({ ...before, ...added }))
      return {}
    },
  },

  UntagResource: {
    needs: ({ Resource, TagKeys }, call) => {
      const names = TagKeys.Items ?? []
      const keys = names.length > 0 ? { 'aws:TagKeys': names } : {}
      return needs('UntagResource', Resource, call, keys)
    },
    async handle({ Resource, TagKeys }, call) {
      const gone = new Set(TagKeys.Items)
      await change(Resource, call, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !gone.has(key))),
      )
      return {}
    },
  },

  ListTagsForResource: {
    needs: ({ Resource }, call) => needs('ListTagsForResource', Resource, call),
    async handle({ Resource }, call) {
      const { tags } = await taggedOf(Resource, call, call.documents)
      const Items = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      return { Tags: { Items } }
    },
  },
} satisfies Operations<typeof Sdk>

interface Tagged {
  readonly tags: Tags
  readonly put: (tags: Tags, transaction: Transaction) => void
}

type Find = (id: string, accountId: string, reader: Reader) => Promise<Tagged | undefined>

function tagged<Record extends { readonly tags?: Tags }>(
  collection: string,
  key: string,
  record: Record,
): Tagged {
  return {
    tags: record.tags ?? {},
    put: (tags, transaction) => transaction.put(collection, key, { ...record, tags }),
  }
}

/** How a resource is found by what stands behind its type in an ARN. */
const found = {
  distribution: async (id, accountId, reader) => {
    const record = await findDistribution(reader, id)
    return record?.accountId === accountId
      ? tagged(cloudfrontCollections.distributions, id, record)
      : undefined
  },
  function: async (name, accountId, reader) => {
    const { functions } = cloudfrontCollections
    const key = functionKey(accountId, name)
    const record = await reader.get<FunctionRecord>(functions, key)
    return record && tagged(functions, key, record.value)
  },
  'key-value-store': async (id, accountId, reader) => {
    const record = await storeOfId(reader, id, accountId)
    return record && tagged(keyValueCollections.stores, storeKey(accountId, record.name), record)
  },
} satisfies { [Type in ResourceType]?: Find }

type TaggedType = keyof typeof found

/** @throws AwsError InvalidArgument  no ARN of what can have tags */
function readArn(arn: string): { owner: string; type: TaggedType; id: string } {
  const [, owner, type, id] = /^arn:aws:cloudfront::(\d{12}):([a-z-]+)\/([\w-]+)$/.exec(arn) ?? []
  if (owner === undefined || id === undefined || type === undefined || !Object.hasOwn(found, type))
    throw invalidArgument('The parameter Resource is not valid.')
  return { owner, type: type as TaggedType, id }
}

/** @throws AwsError InvalidArgument, NoSuchResource */
async function taggedOf(
  arn: string,
  { accountId }: Pick<Call, 'accountId'>,
  reader: Reader,
): Promise<Tagged> {
  const { owner, type, id } = readArn(arn)
  const resource = owner === accountId ? await found[type](id, accountId, reader) : undefined
  if (resource === undefined) throw fail('NoSuchResource', 'The specified resource does not exist.')
  return resource
}

async function needs(
  action: string,
  arn: string,
  call: Call,
  keys: RequestKeys = {},
): Promise<Needs> {
  const { owner, type, id } = readArn(arn)
  if (owner !== call.accountId)
    return [{ action: `cloudfront:${action}`, resource: arn, resourceAccountId: owner, keys }]
  const resource = await found[type](id, owner, call.documents)
  return needTagged(action, type, id, resource?.tags, call, keys)
}

async function change(arn: string, call: Call, changed: (before: Tags) => Tags): Promise<void> {
  await call.documents.transact(async (transaction) => {
    const { tags, put } = await taggedOf(arn, call, transaction)
    put(changed(tags), transaction)
  })
}
