/** Usage: how often has each key of a plan called, day by day, and how much is left of its quota? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { dayOf, daysBetween, periodName, periodStart, usageCounts } from '@sekisho/gateway'
import type { Call, GatedOperations } from '../service.ts'
import { badRequest } from './errors.ts'
import { getPlan, keyCollections, keyIn, type UsagePlanRecord } from './key-records.ts'
import { pageSize, positionOf, startAfter } from './paging.ts'
import {
  applyPatches,
  integerOf,
  listingWording,
  type PatchTable,
  patchConstraints,
} from './patch.ts'
import { planKeyOf } from './usage-plan-keys.ts'

/** Longer than that nothing is kept. */
const maxDays = 366

export const usage = {
  GetUsage: {
    async handle({ usagePlanId, keyId, startDate, endDate, position, limit }, call) {
      const plan = await getPlan(call.documents, call, usagePlanId)
      const days = daysOf(startDate, endDate)
      if (keyId !== undefined) {
        await planKeyOf(call.documents, call, usagePlanId, keyId)
        const items = { [keyId]: await dailyLog(plan, keyId, calendarOf(plan, days), call) }
        return { usagePlanId, startDate, endDate, items }
      }
      const prefix = `${keyIn(call, usagePlanId)}/`
      const size = pageSize(limit)
      const after = startAfter(prefix, position)
      const listed = await call.documents.list<object>(keyCollections.planKeys, {
        prefix,
        ...(after !== undefined && { after }),
        limit: size + 1,
      })
      const shown = listed.slice(0, size)
      const items: Record<string, number[][]> = {}
      const calendar = calendarOf(plan, days)
      for (const { key } of shown) {
        const id = key.slice(prefix.length)
        items[id] = await dailyLog(plan, id, calendar, call)
      }
      return {
        usagePlanId,
        startDate,
        endDate,
        items,
        ...(listed.length > size && { position: positionOf(prefix, shown.at(-1)!.key) }),
      }
    },
  },

  UpdateUsage: {
    constraints: patchConstraints,
    async handle({ usagePlanId, keyId, patchOperations }, call) {
      const plan = await getPlan(call.documents, call, usagePlanId)
      await planKeyOf(call.documents, call, usagePlanId, keyId)
      const { remaining } = applyPatches({}, patchOperations, patches, listingWording)
      const today = dayOf(call.now.getTime())
      if (remaining !== undefined) await grant(plan, keyId, remaining, today, call)
      const items = { [keyId]: await dailyLog(plan, keyId, calendarOf(plan, [today]), call) }
      return { usagePlanId, startDate: today, endDate: today, items }
    },
  },
} satisfies GatedOperations<typeof Sdk>

interface Wanted {
  readonly remaining?: number
}

/** @see API Gateway API Reference, "Patch operations" (UpdateUsage) */
const patches: PatchTable<Wanted> = {
  '/remaining': {
    ops: ['replace'],
    apply(_, patch) {
      const remaining = integerOf(patch, 'remaining')
      if (remaining < 0) throw badRequest('Remaining quota must not be negative')
      return { remaining }
    },
  },
}

/** What is left of the period becomes `remaining`; the log of what was used stays true. */
async function grant(
  plan: UsagePlanRecord,
  keyId: string,
  remaining: number,
  today: string,
  { counters, now }: Call,
): Promise<void> {
  if (plan.quota === undefined) throw badRequest(`Usage Plan ${plan.id} has no quota`)
  const counts = usageCounts(plan, plan.id, keyId)
  const period = periodName(plan.quota, now.getTime())
  const counted = new Map(await counters.read(counts.quota)).get(period) ?? 0
  const by = plan.quota.limit - remaining - counted
  await counters.shift(counts.granted, today, by)
  await counters.shift(counts.quota, period, by)
}

interface Day {
  readonly day: string
  readonly beginsPeriod: boolean
  /** Days before the first that was asked for count only for what remains. */
  readonly isShown: boolean
}

/** From the beginning of the first day's period. */
function calendarOf({ quota }: UsagePlanRecord, days: readonly string[]): readonly Day[] {
  const [first = '', last = ''] = [days[0], days.at(-1)]
  const periodOf = (day: string) => quota && dayOf(periodStart(quota, Date.parse(day)))
  return daysBetween(periodOf(first) ?? first, last).map((day) => ({
    day,
    beginsPeriod: periodOf(day) === day,
    isShown: day >= first,
  }))
}

/** Pairs of used and remaining, one a day; without a quota nothing can remain, and the pair is a single. */
async function dailyLog(
  plan: UsagePlanRecord,
  keyId: string,
  calendar: readonly Day[],
  { counters }: Call,
): Promise<number[][]> {
  const { quota } = plan
  const counts = usageCounts(plan, plan.id, keyId)
  const used = new Map(await counters.read(counts.used))
  const granted = new Map(await counters.read(counts.granted))
  const log: number[][] = []
  let spent = 0
  for (const { day, beginsPeriod, isShown } of calendar) {
    if (beginsPeriod) spent = 0
    const calls = used.get(day) ?? 0
    spent += calls + (granted.get(day) ?? 0)
    if (isShown) log.push(quota ? [calls, Math.max(0, quota.limit - spent)] : [calls])
  }
  return log
}

/** @throws AwsError BadRequestException */
function daysOf(startDate: string | undefined, endDate: string | undefined): readonly string[] {
  const isDay = (text: string | undefined): text is string =>
    text !== undefined &&
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    dayOf(Date.parse(text)) === text
  if (!isDay(startDate) || !isDay(endDate))
    throw badRequest('Usage startDate and endDate must be dates like 2016-12-31')
  if (startDate > endDate) throw badRequest('Usage startDate must not be after endDate')
  if (Date.parse(endDate) - Date.parse(startDate) >= maxDays * 86_400_000)
    throw badRequest(`Usage can be shown for at most ${maxDays} days`)
  return daysBetween(startDate, endDate)
}
