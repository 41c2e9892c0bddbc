/** Schedules: a moment or a series of them, and the one target that each of them calls. */
import type * as Sdk from '@aws-sdk/client-scheduler'
import type { Reader, Transaction } from '@sekisho/store'
import { isTrusted } from '../iam/issue.ts'
import { arnOf, readEntity } from '../iam/records.ts'
import type { Call, Operations } from '../service.ts'
import { planRun } from '../timetable/runs.ts'
import { nextRun, parseTiming } from '../timetable/timing.ts'
import { conflict, validation } from './errors.ts'
import { listNeed, rolePassed, scheduleNeed } from './gate.ts'
import { clientToken, name, page } from './groups.ts'
import { pageOf } from './paging.ts'
import {
  defaultGroup,
  groupArn,
  groupOf,
  type ScheduleName,
  type ScheduleRecord,
  scheduleArn,
  scheduleKey,
  scheduleOf,
  schedulerCollections,
} from './records.ts'
import { askedOf, checkStart, scheduleConstraints } from './schedule-input.ts'

const named = { Name: name, GroupName: name } as const

export const schedules = {
  CreateSchedule: {
    constraints: { ...named, ...scheduleConstraints, ClientToken: clientToken },
    needs: async (input, call) => [
      await scheduleNeed('CreateSchedule', nameOf(input, call), call),
      ...rolePassed(input.Target.RoleArn),
    ],
    async handle(input, call) {
      const asked = askedOf(input, call)
      const schedule = nameOf(input, call)
      const nowMs = call.now.getTime()
      checkStart(asked, nowMs)
      await call.documents.transact(async (transaction) => {
        await checkPlace(transaction, schedule, asked.target.roleArn, call.now.getTime())
        const key = scheduleKey(schedule)
        const found = await transaction.get<ScheduleRecord>(schedulerCollections.schedules, key)
        // The same request once more: a client that did not hear the answer.
        const { ClientToken } = input
        if (found && ClientToken !== undefined && found.value.clientToken === ClientToken) return
        if (found) throw conflict(`Schedule ${input.Name} already exists.`)
        keepSchedule(transaction, undefined, nowMs, {
          ...schedule,
          ...asked,
          createdAt: nowMs,
          modifiedAt: nowMs,
          anchorMs: anchorOf(asked.startMs, nowMs),
          clientToken: ClientToken,
        })
      })
      return { ScheduleArn: scheduleArn(schedule) }
    },
  },

  UpdateSchedule: {
    constraints: { ...named, ...scheduleConstraints, ClientToken: clientToken },
    needs: async (input, call) => [
      await scheduleNeed('UpdateSchedule', nameOf(input, call), call),
      ...rolePassed(input.Target.RoleArn),
    ],
    async handle(input, call) {
      const asked = askedOf(input, call)
      const schedule = nameOf(input, call)
      const nowMs = call.now.getTime()
      await call.documents.transact(async (transaction) => {
        await checkPlace(transaction, schedule, asked.target.roleArn, call.now.getTime())
        const before = await scheduleOf(transaction, schedule)
        keepSchedule(transaction, before, nowMs, {
          ...before,
          ...asked,
          modifiedAt: nowMs,
          anchorMs: goesOn(before, asked) ? before.anchorMs : anchorOf(asked.startMs, nowMs),
        })
      })
      return { ScheduleArn: scheduleArn(schedule) }
    },
  },

  GetSchedule: {
    constraints: named,
    needs: async (input, call) => [await scheduleNeed('GetSchedule', nameOf(input, call), call)],
    async handle(input, call) {
      const schedule = nameOf(input, call)
      await groupOf(call.documents, { ...schedule, name: schedule.group })
      return shownSchedule(await scheduleOf(call.documents, schedule))
    },
  },

  ListSchedules: {
    constraints: {
      ...page,
      GroupName: name,
      NamePrefix: name,
      State: { enum: ['ENABLED', 'DISABLED'] },
    },
    needs: ({ GroupName = '*' }, call) => [
      listNeed('ListSchedules', `schedule/${GroupName}/*`, call),
    ],
    async handle({ GroupName, NamePrefix = '', State, ...asked }, { documents, ...call }) {
      const { accountId, region } = call
      const prefix =
        GroupName === undefined
          ? `${accountId}/${region}/`
          : scheduleKey({ accountId, region, group: GroupName, name: NamePrefix })
      const { items, ...rest } = await pageOf<ScheduleRecord>(
        documents,
        schedulerCollections.schedules,
        prefix,
        asked,
        ({ name, isEnabled }) =>
          name.startsWith(NamePrefix) &&
          (State === undefined || isEnabled === (State === 'ENABLED')),
      )
      return { Schedules: items.map(summaryOf), ...rest }
    },
  },

  DeleteSchedule: {
    constraints: { ...named, ClientToken: clientToken },
    needs: async (input, call) => [await scheduleNeed('DeleteSchedule', nameOf(input, call), call)],
    async handle(input, call) {
      const schedule = nameOf(input, call)
      await call.documents.transact(async (transaction) => {
        await groupOf(transaction, { ...schedule, name: schedule.group })
        deleteSchedule(transaction, await scheduleOf(transaction, schedule))
      })
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

function nameOf(
  {
    Name,
    GroupName = defaultGroup,
  }: { readonly Name: string; readonly GroupName?: string | undefined },
  { accountId, region }: Call,
): ScheduleName {
  return { accountId, region, group: GroupName, name: Name }
}

/** *Observed*: rates go by whole minutes. The first one of a rate is this one, or the first after its start. */
function anchorOf(startMs: number | undefined, nowMs: number): number {
  const minutes = startMs === undefined ? Math.floor(nowMs / 60_000) : Math.ceil(startMs / 60_000)
  return minutes * 60_000
}

/**
 * *Observed*: the role has to trust Scheduler when the schedule is made, for the schedules of its group.
 *
 * @throws AwsError ResourceNotFoundException, ValidationException
 */
async function checkPlace(
  reader: Reader,
  { group, name: _, ...owner }: ScheduleName,
  roleArn: string,
  nowMs: number,
): Promise<void> {
  await groupOf(reader, { ...owner, name: group })
  const taking = {
    service: 'scheduler.amazonaws.com',
    nowMs,
    sourceArn: groupArn({ ...owner, name: group }),
  }
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const role = await readEntity(reader, 'role', owner.accountId, roleName)
  const isHeld = role !== undefined && arnOf('role', role) === roleArn
  if (!isHeld || !isTrusted(role, taking))
    throw validation(
      'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
    )
}

/** With its next run. A rate's first one is at once, or at its start. */
export function keepSchedule(
  transaction: Transaction,
  before: ScheduleRecord | undefined,
  nowMs: number,
  schedule: ScheduleRecord,
): void {
  const isRate = schedule.expression.startsWith('rate')
  const isBegun = !isRate || (before !== undefined && goesOn(before, schedule))
  const nextAt = nextRunOf(schedule, isBegun ? nowMs : schedule.anchorMs - 1)
  planRun(transaction, runnerOf(schedule), before?.nextAt, nextAt)
  const key = scheduleKey(schedule)
  transaction.put(schedulerCollections.schedules, key, { ...schedule, nextAt })
}

/** It runs as before: a rate goes on counting. */
function goesOn(
  before: ScheduleRecord,
  { isEnabled, expression, startMs }: Pick<ScheduleRecord, 'isEnabled' | 'expression' | 'startMs'>,
): boolean {
  return (
    before.isEnabled && isEnabled && before.expression === expression && before.startMs === startMs
  )
}

export function nextRunOf(schedule: ScheduleRecord, afterMs: number): number | undefined {
  const timing = schedule.isEnabled ? parseTiming(schedule.expression) : undefined
  return timing && nextRun(timing, schedule, afterMs)
}

export function deleteSchedule(transaction: Transaction, schedule: ScheduleRecord): void {
  planRun(transaction, runnerOf(schedule), schedule.nextAt, undefined)
  transaction.delete(schedulerCollections.schedules, scheduleKey(schedule))
}

export function runnerOf(schedule: ScheduleName) {
  return { kind: 'schedule', key: scheduleKey(schedule) } as const
}

function summaryOf(schedule: ScheduleRecord): Sdk.ScheduleSummary {
  return {
    Arn: scheduleArn(schedule),
    Name: schedule.name,
    GroupName: schedule.group,
    State: schedule.isEnabled ? 'ENABLED' : 'DISABLED',
    CreationDate: new Date(schedule.createdAt),
    LastModificationDate: new Date(schedule.modifiedAt),
    Target: { Arn: schedule.target.arn },
  }
}

function shownSchedule(schedule: ScheduleRecord): Omit<Sdk.GetScheduleOutput, '$metadata'> {
  const { target, windowMinutes, startMs, endMs } = schedule
  return {
    ...summaryOf(schedule),
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: schedule.zone,
    StartDate: startMs === undefined ? undefined : new Date(startMs),
    EndDate: endMs === undefined ? undefined : new Date(endMs),
    Description: schedule.description,
    ActionAfterCompletion: schedule.isDeletedAfterwards ? 'DELETE' : 'NONE',
    FlexibleTimeWindow:
      windowMinutes === undefined
        ? { Mode: 'OFF' }
        : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: windowMinutes },
    Target: {
      Arn: target.arn,
      RoleArn: target.roleArn,
      Input: target.input,
      RetryPolicy: {
        MaximumRetryAttempts: target.retries,
        MaximumEventAgeInSeconds: target.maxAgeSeconds,
      },
      ...(target.deadLetterArn !== undefined && {
        DeadLetterConfig: { Arn: target.deadLetterArn },
      }),
      ...(target.asEvent && {
        EventBridgeParameters: {
          Source: target.asEvent.source,
          DetailType: target.asEvent.detailType,
        },
      }),
    },
  }
}
