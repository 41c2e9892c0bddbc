/** Which period of its quota is a usage plan in, and under which names are its calls counted? */

export type QuotaPeriod = 'DAY' | 'WEEK' | 'MONTH'

/** As API Gateway's own shape, with everything said. */
export interface Quota {
  readonly limit: number
  /** Days after a week's Sunday or a month's first that the period begins; 0 for a day. */
  readonly offset: number
  readonly period: QuotaPeriod
}

const dayMs = 86_400_000
/** 1970-01-01 was a Thursday: four days after a Sunday. */
const firstSunday = -4

/**
 * The day on which the period began that holds `nowMs`, as epoch milliseconds; days, weeks and months are those of UTC.
 *
 * @see API Gateway API Reference, "QuotaSettings"; SDK references, "The day that a time period starts": WEEK with offset 0 is Sunday
 */
export function periodStart(
  { period, offset }: Pick<Quota, 'period' | 'offset'>,
  nowMs: number,
): number {
  const day = Math.floor(nowMs / dayMs)
  switch (period) {
    case 'DAY':
      return day * dayMs
    case 'WEEK':
      return (day - ((((day - firstSunday - offset) % 7) + 7) % 7)) * dayMs
    case 'MONTH': {
      const begins = new Date((day - offset) * dayMs)
      return Date.UTC(begins.getUTCFullYear(), begins.getUTCMonth(), 1 + offset)
    }
  }
}

/** `2026-01-31` */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

export function daysBetween(fromDay: string, toDay: string): readonly string[] {
  const days: string[] = []
  for (let ms = Date.parse(fromDay); ms <= Date.parse(toDay); ms += dayMs) days.push(dayOf(ms))
  return days
}

/** Of a quota, and of the same one with another period or offset: what was counted by one says nothing of the other. */
export function periodName(quota: Pick<Quota, 'period' | 'offset'>, nowMs: number): string {
  return `${quota.period}${quota.offset}:${dayOf(periodStart(quota, nowMs))}`
}

/** Counts of one key in one plan. */
export interface UsageCounts {
  /** Against the quota, by `periodName`. */
  readonly quota: string
  /** Calls that were let through, by day. */
  readonly used: string
  /** What was taken off the quota's count by hand, by day; may be negative. */
  readonly granted: string
}

export function usageCounts(
  { accountId, region }: { readonly accountId: string; readonly region: string },
  planId: string,
  keyId: string,
): UsageCounts {
  const name = `usage/${accountId}/${region}/${planId}/${keyId}`
  return { quota: `${name}/quota`, used: `${name}/used`, granted: `${name}/granted` }
}
