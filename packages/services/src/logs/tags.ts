/** Tags of log groups, in the two forms in which they are asked for. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import { type Call, type Operations, requestTags } from '../service.ts'
import { noGroup } from './errors.ts'
import { tagNeed } from './gate.ts'
import { changeGroup, groupName } from './groups.ts'
import { type GroupName, groupOf, identifiedGroup } from './records.ts'
import { checkTags, type Tags } from './tag-rules.ts'

const keyNames = (keys: readonly string[]) => ({ 'aws:TagKeys': keys })

export const tags = {
  TagResource: {
    needs: async ({ resourceArn, tags }, call) => [
      await tagNeed('TagResource', taggedGroup(resourceArn, call), call, requestTags(tags)),
    ],
    async handle({ resourceArn, tags }, call) {
      await tag(call, taggedGroup(resourceArn, call).name, tags)
      return {}
    },
  },

  UntagResource: {
    needs: async ({ resourceArn, tagKeys }, call) => [
      await tagNeed('UntagResource', taggedGroup(resourceArn, call), call, keyNames(tagKeys)),
    ],
    async handle({ resourceArn, tagKeys }, call) {
      await untag(call, taggedGroup(resourceArn, call).name, tagKeys)
      return {}
    },
  },

  ListTagsForResource: {
    needs: async ({ resourceArn }, call) => [
      await tagNeed('ListTagsForResource', taggedGroup(resourceArn, call), call),
    ],
    handle: async ({ resourceArn }, call) => ({
      tags: { ...(await groupOf(call.documents, taggedGroup(resourceArn, call))).tags },
    }),
  },

  TagLogGroup: {
    constraints: groupName,
    needs: async ({ logGroupName: name, tags }, call) => [
      await tagNeed('TagLogGroup', { ...call, name }, call, requestTags(tags)),
    ],
    async handle({ logGroupName, tags }, call) {
      await tag(call, logGroupName, tags)
      return {}
    },
  },

  UntagLogGroup: {
    constraints: groupName,
    needs: async ({ logGroupName: name, tags }, call) => [
      await tagNeed('UntagLogGroup', { ...call, name }, call, keyNames(tags)),
    ],
    async handle({ logGroupName, tags }, call) {
      await untag(call, logGroupName, tags)
      return {}
    },
  },

  ListTagsLogGroup: {
    constraints: groupName,
    needs: async ({ logGroupName: name }, call) => [
      await tagNeed('ListTagsLogGroup', { ...call, name }, call),
    ],
    handle: async ({ logGroupName: name }, call) => ({
      tags: { ...(await groupOf(call.documents, { ...call, name })).tags },
    }),
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ResourceNotFoundException  no ARN of a group */
function taggedGroup(resourceArn: string, call: Call): GroupName {
  if (!resourceArn.startsWith('arn:')) throw noGroup()
  return identifiedGroup(resourceArn, call)
}

async function tag(call: Call, name: string, added: Tags): Promise<void> {
  checkTags(added)
  await changeGroup(call, name, (group) => {
    const tags = { ...group.tags, ...added }
    checkTags(tags)
    return { ...group, tags }
  })
}

async function untag(call: Call, name: string, keys: readonly string[]): Promise<void> {
  await changeGroup(call, name, (group) => ({
    ...group,
    tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
  }))
}
