/** Tags of buses and rules. */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import { type Call, type Need, type Operations, type RequestKeys, requestTags } from '../service.ts'
import { changeBus } from './buses.ts'
import { validation } from './errors.ts'
import { busNeed, ownBus, ruleNeed } from './gate.ts'
import { type BusName, busOf, defaultBus, type RuleName, ruleOf, type Tags } from './records.ts'
import { changeRule } from './rules.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

const resource = { ResourceARN: { minLength: 1, maxLength: 1_600 } } as const

export const tags = {
  TagResource: {
    constraints: resource,
    needs: async ({ ResourceARN, Tags }, call) => [
      await tagNeed('TagResource', ResourceARN, call, requestTags(tagsOf(Tags))),
    ],
    async handle({ ResourceARN, Tags }, call) {
      await changeTags(ResourceARN, call, (before) => checkTags({ ...before, ...tagsOf(Tags) }))
      return {}
    },
  },

  UntagResource: {
    constraints: resource,
    needs: async ({ ResourceARN, TagKeys }, call) => [
      await tagNeed('UntagResource', ResourceARN, call, { 'aws:TagKeys': TagKeys }),
    ],
    async handle({ ResourceARN, TagKeys }, call) {
      await changeTags(ResourceARN, call, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !TagKeys.includes(key))),
      )
      return {}
    },
  },

  ListTagsForResource: {
    constraints: resource,
    needs: async ({ ResourceARN }, call) => [
      await tagNeed('ListTagsForResource', ResourceARN, call),
    ],
    async handle({ ResourceARN }, call) {
      const { bus, rule } = taggedBy(ResourceARN, call)
      const found = rule ? await ruleOf(call.documents, rule) : await busOf(call.documents, bus)
      return { Tags: Object.entries(found.tags).map(([Key, Value]) => ({ Key, Value })) }
    },
  },
} satisfies Operations<typeof Sdk>

interface Tagged {
  readonly bus: BusName
  /** Absent: the bus itself. */
  readonly rule?: RuleName
}

/** @throws AwsError ValidationException  no ARN of a bus or a rule of this account and region */
function taggedBy(arn: string, call: Call): Tagged {
  if (/:event-bus\//.test(arn)) return { bus: ownBus(arn, call) }
  const { accountId, region } = call
  const start = `arn:aws:events:${region}:${accountId}:rule/`
  const parts = arn.startsWith(start) ? arn.slice(start.length).split('/') : []
  const name = parts.pop()
  if (name === undefined || name === '')
    throw validation(
      `Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`,
    )
  const bus = parts.length === 0 ? defaultBus : parts.join('/')
  return { bus: { accountId, region, name: bus }, rule: { accountId, region, bus, name } }
}

function tagNeed(action: string, arn: string, call: Call, keys?: RequestKeys): Promise<Need> {
  const { bus, rule } = taggedBy(arn, call)
  return rule ? ruleNeed(action, rule, call, keys) : busNeed(action, bus, call, keys)
}

async function changeTags(arn: string, call: Call, change: (tags: Tags) => Tags): Promise<void> {
  const { bus, rule } = taggedBy(arn, call)
  if (rule) await changeRule(call, rule, (record) => ({ ...record, tags: change(record.tags) }))
  else await changeBus(call, bus, (record) => ({ ...record, tags: change(record.tags) }))
}
