/** Tags of schedule groups; schedules have none of their own. */
import type * as Sdk from '@aws-sdk/client-scheduler'
import { type Call, type Operations, requestTags } from '../service.ts'
import { validation } from './errors.ts'
import { groupNeed } from './gate.ts'
import { named } from './groups.ts'
import { type GroupName, groupKey, groupOf, schedulerCollections } from './records.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

export const tags = {
  TagResource: {
    needs: async ({ ResourceArn, Tags }, call) => [
      await groupNeed('TagResource', taggedBy(ResourceArn, call), call, requestTags(tagsOf(Tags))),
    ],
    async handle({ ResourceArn, Tags }, call) {
      await changeTags(ResourceArn, call, (before) => checkTags({ ...before, ...tagsOf(Tags) }))
      return {}
    },
  },

  UntagResource: {
    needs: async ({ ResourceArn, TagKeys }, call) => [
      await groupNeed('UntagResource', taggedBy(ResourceArn, call), call, {
        'aws:TagKeys': TagKeys,
      }),
    ],
    async handle({ ResourceArn, TagKeys }, call) {
      await changeTags(ResourceArn, call, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !TagKeys.includes(key))),
      )
      return {}
    },
  },

  ListTagsForResource: {
    needs: async ({ ResourceArn }, call) => [
      await groupNeed('ListTagsForResource', taggedBy(ResourceArn, call), call),
    ],
    async handle({ ResourceArn }, call) {
      const { tags } = await groupOf(call.documents, taggedBy(ResourceArn, call))
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ValidationException  no ARN of a group of this account and region */
function taggedBy(arn: string, call: Call): GroupName {
  const start = `arn:aws:scheduler:${call.region}:${call.accountId}:schedule-group/`
  const name = arn.startsWith(start) ? arn.slice(start.length) : ''
  if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) throw validation(`Invalid ResourceArn ${arn}.`)
  return named(name, call)
}

async function changeTags(
  arn: string,
  call: Call,
  change: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  const name = taggedBy(arn, call)
  await call.documents.transact(async (transaction) => {
    const group = await groupOf(transaction, name)
    transaction.put(schedulerCollections.groups, groupKey(name), {
      ...group,
      tags: change(group.tags),
      modifiedAt: call.now.getTime(),
    })
  })
}
