/** How are the tags of whatever carries some changed and read? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { AwsError } from '@sekisho/protocols'
import type { Reader, Transaction } from '@sekisho/store'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import { getConnection, putConnection } from './connection-records.ts'
import { getDomain, putDomain } from './domain-records.ts'
import { badRequest, notFound } from './errors.ts'
import { getKey, getPlan, putKey, putPlan } from './key-records.ts'
import { collections, getApi, putApi, type StageRecord } from './records.ts'
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
      const { kind, at } = taggedBy(resourceArn, call)
      return { tags: { ...(await kind.tags(call.documents, call, at)) } }
    },
  },
} satisfies GatedOperations<typeof Sdk>

/**
 * By which policies tell what has this path: the tags of all that it stands in, and before these its own. Of a path of
 * tags, those of what they are on.
 *
 * @see API Gateway Developer Guide, "API Gateway resources that can be tagged" (tag inheritance)
 */
export async function tagsAt(path: string, call: Call): Promise<Tags> {
  const [, onPath = path] = /^\/tags\/arn:[^:]*:apigateway:[^:]*::(\/.+)$/.exec(path) ?? []
  const parts = onPath.split('/')
  let tags: Tags = {}
  for (let end = 3; end <= parts.length; end++)
    tags = { ...tags, ...(await ownTags(parts.slice(0, end).join('/'), call)) }
  return tags
}

/** None where nothing is there, or nothing that carries tags. */
async function ownTags(path: string, call: Call): Promise<Tags> {
  const found = kindAt(path)
  try {
    return (await found?.kind.tags(call.documents, call, found.at)) ?? {}
  } catch (error) {
    if (error instanceof AwsError && error.status === 404) return {}
    throw error
  }
}

async function changeTags(call: Call, arn: string, change: (tags: Tags) => Tags): Promise<void> {
  const { kind, at } = taggedBy(arn, call)
  await call.documents.transact((transaction) => kind.change(transaction, call, at, change))
}

/** A thing's id, and that of its part. */
type At = readonly [id: string, part: string]

/** How something that carries tags is read and put back. */
function kindOf<R extends { readonly tags: Tags }>(
  read: (reader: Reader, call: Call, at: At) => Promise<R>,
  put: (transaction: Transaction, record: R, at: At) => void,
) {
  return {
    tags: async (reader: Reader, call: Call, at: At): Promise<Tags> =>
      (await read(reader, call, at)).tags,
    async change(transaction: Transaction, call: Call, at: At, change: (tags: Tags) => Tags) {
      const record = await read(transaction, call, at)
      put(transaction, { ...record, tags: checkTags(change(record.tags)) }, at)
    },
  }
}

const kinds = [
  [/^\/restapis\/([^/]+)$/, kindOf((reader, call, [id]) => getApi(reader, call, id), putApi)],
  [
    /^\/restapis\/([^/]+)\/stages\/([^/]+)$/,
    kindOf<StageRecord>(
      (reader, call, [id, stageName]) => stageOf(reader, call, id, stageName),
      (transaction, stage, [id, stageName]) =>
        transaction.put(collections.stages, `${id}/${stageName}`, stage),
    ),
  ],
  [/^\/apikeys\/([^/]+)$/, kindOf((reader, call, [id]) => getKey(reader, call, id), putKey)],
  [/^\/usageplans\/([^/]+)$/, kindOf((reader, call, [id]) => getPlan(reader, call, id), putPlan)],
  [
    /^\/domainnames\/([^/]+)$/,
    kindOf((reader, call, [id]) => getDomain(reader, call, id), putDomain),
  ],
  [
    /^\/vpclinks\/([^/]+)$/,
    kindOf(
      (reader, call, [id]) => getConnection(reader, 'vpcLinks', call, id),
      (transaction, link) => putConnection(transaction, 'vpcLinks', link),
    ),
  ],
  [
    /^\/clientcertificates\/([^/]+)$/,
    kindOf(
      (reader, call, [id]) => getConnection(reader, 'clientCertificates', call, id),
      (transaction, certificate) => putConnection(transaction, 'clientCertificates', certificate),
    ),
  ],
] as const

function kindAt(path: string) {
  for (const [form, kind] of kinds) {
    const [, id, part = ''] = form.exec(path) ?? []
    if (id !== undefined) return { kind, at: [id, part] as const }
  }
  return undefined
}

/** `arn:aws:apigateway:region::/restapis/id` and so on. */
function taggedBy(arn: string, call: Call) {
  const [, region, path = ''] = /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::(\/.+)$/.exec(arn) ?? []
  const found = kindAt(path)
  if (found === undefined) throw badRequest('Invalid ARN specified in the request')
  if (region !== call.region) throw notFound('Invalid resource identifier specified')
  return found
}
