/** Tags of distributions. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Input } from '@sekisho/protocols'
import { type Call, type Operations, requestTags } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { needDistribution } from './gate.ts'
import { cloudfrontCollections, type DistributionRecord, distributionOf } from './records.ts'

export type Tags = Readonly<Record<string, string>>

const mostTags = 50

export function tagsOf(
  tags: Input<typeof Sdk, 'TagResource'>['Tags'] | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries((tags?.Items ?? []).map(({ Key, Value = '' }) => [Key, Value]))
}

const permitted = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** @throws AwsError InvalidTagging */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags)
  const isWrong = entries.some(
    ([key, value]) =>
      key.length < 1 ||
      key.length > 128 ||
      value.length > 256 ||
      /^aws:/i.test(key) ||
      !permitted.test(key) ||
      !permitted.test(value),
  )
  if (isWrong || entries.length > mostTags)
    throw fail('InvalidTagging', 'The tagging specified is not valid.')
  return tags
}

export const tags = {
  TagResource: {
    needs: ({ Resource, Tags }, call) =>
      needDistribution('TagResource', idOf(Resource, call), call, requestTags(tagsOf(Tags))),
    async handle({ Resource, Tags }, call) {
      const added = tagsOf(Tags)
      await change(idOf(Resource, call), call, (before) => checkTags({ ...before, ...added }))
      return {}
    },
  },

  UntagResource: {
    needs: ({ Resource, TagKeys }, call) => {
      const names = TagKeys.Items ?? []
      const keys = names.length > 0 ? { 'aws:TagKeys': names } : {}
      return needDistribution('UntagResource', idOf(Resource, call), call, keys)
    },
    async handle({ Resource, TagKeys }, call) {
      const gone = new Set(TagKeys.Items)
      await change(idOf(Resource, call), call, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !gone.has(key))),
      )
      return {}
    },
  },

  ListTagsForResource: {
    needs: ({ Resource }, call) =>
      needDistribution('ListTagsForResource', idOf(Resource, call), call),
    async handle({ Resource }, call) {
      const { tags } = await distributionOf(call.documents, idOf(Resource, call), call.accountId)
      const Items = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      return { Tags: { Items } }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError InvalidArgument  no ARN of a distribution, or another account's */
function idOf(arn: string, { accountId }: Pick<Call, 'accountId'>): string {
  const [, owner, id] = /^arn:aws:cloudfront::(\d{12}):distribution\/([A-Z0-9]+)$/.exec(arn) ?? []
  if (id === undefined) throw invalidArgument('The parameter Resource is not valid.')
  if (owner !== accountId) throw fail('NoSuchResource', 'The specified resource does not exist.')
  return id
}

async function change(
  id: string,
  { accountId, documents }: Call,
  changed: (before: Tags) => Tags,
): Promise<void> {
  await documents.transact(async (transaction) => {
    const record = await distributionOf(transaction, id, accountId)
    const after: DistributionRecord = { ...record, tags: changed(record.tags) }
    transaction.put(cloudfrontCollections.distributions, id, after)
  })
}
