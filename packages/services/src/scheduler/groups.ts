/** Schedule groups: what schedules belong to, and what carries their tags. */
import type * as Sdk from '@aws-sdk/client-scheduler'
import { type Call, type Operations, requestTags } from '../service.ts'
import { planRun } from '../timetable/runs.ts'
import { conflict, noGroup, quotaExceeded, validation } from './errors.ts'
import { groupNeed, listNeed } from './gate.ts'
import { pageOf } from './paging.ts'
import {
  defaultGroup,
  type GroupName,
  type GroupRecord,
  groupArn,
  groupKey,
  groupOf,
  type ScheduleRecord,
  scheduleKey,
  schedulerCollections,
} from './records.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

/** @see Scheduler User Guide, "Quotas for EventBridge Scheduler" */
const mostGroups = 500

export const name = [{ minLength: 1, maxLength: 64 }, { pattern: /[0-9a-zA-Z-_.]+/ }] as const
export const clientToken = [{ minLength: 1, maxLength: 64 }, { pattern: /[a-zA-Z0-9-_]+/ }] as const
export const page = {
  MaxResults: { min: 1, max: 100 },
  NextToken: { minLength: 1, maxLength: 2_048 },
} as const

export const groups = {
  CreateScheduleGroup: {
    constraints: { Name: name, ClientToken: clientToken, Tags: { minLength: 0, maxLength: 200 } },
    needs: async ({ Name, Tags }, call) => {
      const keys = requestTags(tagsOf(Tags))
      const creating = await groupNeed('CreateScheduleGroup', named(Name, call), call, keys)
      return Object.keys(keys).length === 0
        ? [creating]
        : [creating, await groupNeed('TagResource', named(Name, call), call, keys)]
    },
    async handle({ Name, Tags, ClientToken }, call) {
      const nowMs = call.now.getTime()
      const record: GroupRecord = {
        ...named(Name, call),
        createdAt: nowMs,
        modifiedAt: nowMs,
        tags: checkTags(tagsOf(Tags)),
        clientToken: ClientToken,
      }
      await call.documents.transact(async (transaction) => {
        const key = groupKey(record)
        const found = await transaction.get<GroupRecord>(schedulerCollections.groups, key)
        // The same request once more: a client that did not hear the answer.
        if (found && ClientToken !== undefined && found.value.clientToken === ClientToken) return
        if (found || Name === defaultGroup) throw conflict(`Schedule group ${Name} already exists.`)
        const prefix = groupKey({ ...record, name: '' })
        const others = await transaction.list(schedulerCollections.groups, { prefix })
        if (others.length >= mostGroups)
          throw quotaExceeded(`You can have at most ${mostGroups} schedule groups.`)
        transaction.put(schedulerCollections.groups, key, record)
      })
      return { ScheduleGroupArn: groupArn(record) }
    },
  },

  GetScheduleGroup: {
    constraints: { Name: name },
    needs: async ({ Name }, call) => [await groupNeed('GetScheduleGroup', named(Name, call), call)],
    handle: async ({ Name }, call) => shownGroup(await groupOf(call.documents, named(Name, call))),
  },

  ListScheduleGroups: {
    constraints: { ...page, NamePrefix: name },
    needs: (_input, call) => [listNeed('ListScheduleGroups', 'schedule-group/*', call)],
    async handle({ NamePrefix = '', ...asked }, call) {
      await keepDefault(call)
      const prefix = groupKey(named(NamePrefix, call))
      const { items, ...rest } = await pageOf<GroupRecord>(
        call.documents,
        schedulerCollections.groups,
        prefix,
        asked,
        () => true,
      )
      return { ScheduleGroups: items.map(shownGroup), ...rest }
    },
  },

  DeleteScheduleGroup: {
    constraints: { Name: name, ClientToken: clientToken },
    needs: async ({ Name }, call) => [
      await groupNeed('DeleteScheduleGroup', named(Name, call), call),
    ],
    async handle({ Name }, call) {
      if (Name === defaultGroup) throw validation('You cannot delete the default schedule group.')
      const group = named(Name, call)
      await call.documents.transact(async (transaction) => {
        if (!(await transaction.get(schedulerCollections.groups, groupKey(group))))
          throw noGroup(Name)
        transaction.delete(schedulerCollections.groups, groupKey(group))
      })
      await deleteSchedules(call, group)
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

export function named(Name: string, { accountId, region }: Call): GroupName {
  return { accountId, region, name: Name }
}

/** In the list it stands among the others. */
async function keepDefault(call: Call): Promise<void> {
  const group = named(defaultGroup, call)
  if (await call.documents.get(schedulerCollections.groups, groupKey(group))) return
  const nowMs = call.now.getTime()
  await call.documents.transact(async (transaction) => {
    if (await transaction.get(schedulerCollections.groups, groupKey(group))) return
    const record: GroupRecord = { ...group, createdAt: nowMs, modifiedAt: nowMs, tags: {} }
    transaction.put(schedulerCollections.groups, groupKey(group), record)
  })
}

const together = 200

/** Nothing of a group that is gone runs: what a killed process left of it is deleted when it comes due. */
async function deleteSchedules({ documents }: Call, { name, ...owner }: GroupName): Promise<void> {
  const prefix = scheduleKey({ ...owner, group: name, name: '' })
  for (;;) {
    const deleted = await documents.transact(async (transaction) => {
      const found = await transaction.list<ScheduleRecord>(schedulerCollections.schedules, {
        prefix,
        limit: together,
      })
      for (const { key, value } of found) {
        planRun(transaction, { kind: 'schedule', key }, value.nextAt, undefined)
        transaction.delete(schedulerCollections.schedules, key)
      }
      return found.length
    })
    if (deleted < together) return
  }
}

function shownGroup(group: GroupRecord) {
  return {
    Arn: groupArn(group),
    Name: group.name,
    State: 'ACTIVE' as const,
    ...(group.createdAt > 0 && {
      CreationDate: new Date(group.createdAt),
      LastModificationDate: new Date(group.modifiedAt),
    }),
  }
}
