/** How are the tags of APIs, stages, keys and plans changed and read? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader, Transaction } from '@sekisho/store'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import { badRequest, notFound } from './errors.ts'
import {
  type ApiKeyRecord,
  getKey,
  getPlan,
  putKey,
  putPlan,
  type UsagePlanRecord,
} from './key-records.ts'
import { collections, getApi, putApi, type RestApiRecord, type StageRecord } from './records.ts'
import { stageOf } from './stages.ts'
import { checkTags, type Tags } from './tags.ts'

export const tagging = {
  TagResource: {
    keys: ({ tags }) => requestTags(tags),
    async handle({ resourceArn, tags }, call) {
      await changeTags(call, resourceArn, (before) => ({ ...before, ...tags }))
      return {}
    },
  },

  UntagResource: {
    keys: ({ tagKeys }) => ({ 'aws:TagKeys': tagKeys }),
    async handle({ resourceArn, tagKeys }, call) {
      const gone = new Set(tagKeys)
      await changeTags(call, resourceArn, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !gone.has(key))),
      )
      return {}
    },
  },

  GetTags: {
    async handle({ resourceArn }, call) {
      const { tags } = await taggedBy(resourceArn, call).read(call.documents)
      return { tags: { ...tags } }
    },
  },
} satisfies GatedOperations<typeof Sdk>

async function changeTags(call: Call, arn: string, change: (tags: Tags) => Tags): Promise<void> {
  const { read, put } = taggedBy(arn, call)
  await call.documents.transact(async (transaction) => {
    const record = await read(transaction)
    put(transaction, { ...record, tags: checkTags(change(record.tags)) })
  })
}

/** How something that carries tags is read and put back. */
interface Tagged<R extends { readonly tags: Tags }> {
  readonly read: (reader: Reader) => Promise<R>
  readonly put: (transaction: Transaction, record: R) => void
}

const kinds: readonly (readonly [
  RegExp,
  // biome-ignore lint/suspicious/noExplicitAny: each row's record is its own, and goes from its read to its put alone
  (call: Call, id: string, part: string) => Tagged<any>,
])[] = [
  [
    /^\/restapis\/([^/]+)$/,
    (call, id): Tagged<RestApiRecord> => ({
      read: (reader) => getApi(reader, call, id),
      put: putApi,
    }),
  ],
  [
    /^\/restapis\/([^/]+)\/stages\/([^/]+)$/,
    (call, id, stageName): Tagged<StageRecord> => ({
      read: (reader) => stageOf(reader, call, id, stageName),
      put: (transaction, stage) => transaction.put(collections.stages, `${id}/${stageName}`, stage),
    }),
  ],
  [
    /^\/apikeys\/([^/]+)$/,
    (call, id): Tagged<ApiKeyRecord> => ({
      read: (reader) => getKey(reader, call, id),
      put: putKey,
    }),
  ],
  [
    /^\/usageplans\/([^/]+)$/,
    (call, id): Tagged<UsagePlanRecord> => ({
      read: (reader) => getPlan(reader, call, id),
      put: putPlan,
    }),
  ],
]

/** `arn:aws:apigateway:region::/restapis/id` and so on. */
function taggedBy(arn: string, call: Call) {
  const [, region, path = ''] = /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::(\/.+)$/.exec(arn) ?? []
  for (const [form, kind] of kinds) {
    const match = form.exec(path)
    if (match === null) continue
    if (region !== call.region) throw notFound('Invalid resource identifier specified')
    return kind(call, match[1]!, match[2] ?? '')
  }
  throw badRequest('Invalid ARN specified in the request')
}
