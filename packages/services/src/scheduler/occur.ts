/** What a schedule does when its moment comes: one delivery, at once or within its window. */
import type { Documents } from '@sekisho/store'
import { type Complete, type Delivery, fraction, putDelivery } from '../timetable/deliveries.ts'
import { type Moment, type Occur, planRun } from '../timetable/runs.ts'
import {
  groupArn,
  readGroup,
  type ScheduleRecord,
  scheduleArn,
  schedulerCollections,
} from './records.ts'
import { deleteSchedule, nextRunOf, runnerOf } from './schedules.ts'

export const occurSchedule: Occur = async (transaction, key, moment) => {
  const found = await transaction.get<ScheduleRecord>(schedulerCollections.schedules, key)
  const schedule = found?.value
  if (schedule?.nextAt !== moment.atMs) return
  const { accountId, region, group } = schedule
  // Its group was deleted, and the process that did it was killed before it came here.
  if ((await readGroup(transaction, { accountId, region, name: group })) === undefined)
    return deleteSchedule(transaction, schedule)
  const nextAt = nextRunOf(schedule, moment.nowMs)
  planRun(transaction, runnerOf(schedule), undefined, nextAt)
  transaction.put(schedulerCollections.schedules, key, { ...schedule, nextAt })
  const delivery = deliveryOf(schedule, key, moment, nextAt === undefined)
  putDelivery(transaction, dueOf(schedule, moment), delivery)
}

/** Somewhere within the window; one that has passed is over. */
function dueOf({ windowMinutes = 0 }: ScheduleRecord, { atMs, nowMs, ids }: Moment): number {
  return Math.max(nowMs, atMs + Math.floor(windowMinutes * 60_000 * fraction(ids)))
}

function deliveryOf(
  schedule: ScheduleRecord,
  key: string,
  moment: Moment,
  isLast: boolean,
): Delivery {
  const { accountId, region, group, target } = schedule
  return {
    id: moment.ids.uuid(),
    accountId,
    region,
    service: 'scheduler.amazonaws.com',
    originArn: scheduleArn(schedule),
    sourceArn: groupArn({ accountId, region, name: group }),
    roleArn: target.roleArn,
    targetArn: target.arn,
    payload: inputOf(schedule, moment),
    asEvent: target.asEvent,
    time: moment.atMs,
    since: moment.nowMs,
    attempts: 0,
    mostRetries: target.retries,
    mostAgeMs: target.maxAgeSeconds * 1_000,
    deadLetterArn: target.deadLetterArn,
    completes: isLast && schedule.isDeletedAfterwards ? key : undefined,
  }
}

/** @see Scheduler User Guide, "Adding context attributes" (those that differ with each attempt are filled in later) */
function inputOf(schedule: ScheduleRecord, { atMs, ids }: Moment): string {
  const arn = scheduleArn(schedule)
  const time = `${new Date(atMs).toISOString().slice(0, 19)}Z`
  if (schedule.target.input !== undefined)
    return schedule.target.input
      .replaceAll('<aws.scheduler.schedule-arn>', arn)
      .replaceAll('<aws.scheduler.scheduled-time>', time)
  return JSON.stringify({
    version: '0',
    id: ids.uuid(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: schedule.accountId,
    time,
    region: schedule.region,
    resources: [arn],
    detail: '{}',
  })
}

/** Deletes a schedule that has had its last run, unless it was given another one meanwhile. */
export const completeSchedule: Complete = async (transaction, key) => {
  const found = await transaction.get<ScheduleRecord>(schedulerCollections.schedules, key)
  if (found?.value.isDeletedAfterwards && found.value.nextAt === undefined)
    deleteSchedule(transaction, found.value)
}

/** After the clock was put back: what comes earlier than planned is planned anew. */
export async function replanSchedules(documents: Documents, nowMs: number): Promise<void> {
  const isEarlier = (schedule: ScheduleRecord, next: number | undefined): next is number =>
    next !== undefined && (schedule.nextAt === undefined || next < schedule.nextAt)
  for (const { key, value } of await documents.list<ScheduleRecord>(
    schedulerCollections.schedules,
  )) {
    if (!isEarlier(value, nextRunOf(value, nowMs))) continue
    await documents.transact(async (transaction) => {
      const found = await transaction.get<ScheduleRecord>(schedulerCollections.schedules, key)
      const schedule = found?.value
      const nextAt = schedule && nextRunOf(schedule, nowMs)
      if (schedule === undefined || !isEarlier(schedule, nextAt)) return
      planRun(transaction, runnerOf(schedule), schedule.nextAt, nextAt)
      transaction.put(schedulerCollections.schedules, key, { ...schedule, nextAt })
    })
  }
}
