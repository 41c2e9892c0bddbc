/** What is kept of schedules and their groups. */
import type { Reader } from '@sekisho/store'
import { noGroup, noSchedule } from './errors.ts'

export const schedulerCollections = {
  groups: 'scheduler-groups',
  schedules: 'scheduler-schedules',
} as const

interface Owner {
  readonly accountId: string
  readonly region: string
}

export interface GroupName extends Owner {
  readonly name: string
}

/** Times are epoch milliseconds. */
export interface GroupRecord extends GroupName {
  readonly createdAt: number
  readonly modifiedAt: number
  readonly tags: Readonly<Record<string, string>>
  readonly clientToken?: string | undefined
}

export interface ScheduleName extends Owner {
  readonly group: string
  readonly name: string
}

export interface ScheduleRecord extends ScheduleName {
  readonly createdAt: number
  readonly modifiedAt: number
  /** `cron(…)`, `rate(…)` or `at(…)`. */
  readonly expression: string
  readonly zone: string
  /** Where a rate counts from. */
  readonly anchorMs: number
  readonly startMs?: number | undefined
  readonly endMs?: number | undefined
  /** Its next run. */
  readonly nextAt?: number | undefined
  readonly isEnabled: boolean
  readonly description?: string | undefined
  /** Within how many minutes it may run; undefined: at its time. */
  readonly windowMinutes?: number | undefined
  readonly isDeletedAfterwards: boolean
  readonly target: TargetRecord
  readonly clientToken?: string | undefined
}

export interface TargetRecord {
  readonly arn: string
  readonly roleArn: string
  readonly input?: string | undefined
  readonly deadLetterArn?: string | undefined
  readonly retries: number
  readonly maxAgeSeconds: number
  readonly asEvent?: { readonly source: string; readonly detailType: string } | undefined
}

export const defaultGroup = 'default'

export function groupKey({ accountId, region, name }: GroupName): string {
  return `${accountId}/${region}/${name}`
}

export function groupArn({ accountId, region, name }: GroupName): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}`
}

export function scheduleKey({ accountId, region, group, name }: ScheduleName): string {
  return `${accountId}/${region}/${group}/${name}`
}

export function scheduleArn({ accountId, region, group, name }: ScheduleName): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule/${group}/${name}`
}

/** The default group is always there, whether or not anything is kept of it. */
export async function readGroup(reader: Reader, name: GroupName): Promise<GroupRecord | undefined> {
  const found = await reader.get<GroupRecord>(schedulerCollections.groups, groupKey(name))
  if (found) return found.value
  const { accountId, region } = name
  return name.name === defaultGroup
    ? { accountId, region, name: defaultGroup, createdAt: 0, modifiedAt: 0, tags: {} }
    : undefined
}

/** @throws AwsError ResourceNotFoundException */
export async function groupOf(reader: Reader, name: GroupName): Promise<GroupRecord> {
  const found = await readGroup(reader, name)
  if (found === undefined) throw noGroup(name.name)
  return found
}

/** @throws AwsError ResourceNotFoundException */
export async function scheduleOf(reader: Reader, name: ScheduleName): Promise<ScheduleRecord> {
  const found = await reader.get<ScheduleRecord>(schedulerCollections.schedules, scheduleKey(name))
  if (found === undefined) throw noSchedule(name.name)
  return found.value
}
