/** When does a cron expression come next, by a clock on the wall? */
import type { Cron, Days } from './cron.ts'

const dayMs = 86_400_000
/** @see EventBridge User Guide, "Cron expressions for rules" (years to 2199) */
const lastYear = 2199

/**
 * Times here are what a wall clock shows, written as if it were UTC: no zone is asked.
 *
 * @returns the first whole minute after `afterMs`; undefined: it never comes again
 */
export function nextCron(cron: Cron, afterMs: number): number | undefined {
  const from = Math.floor(afterMs / 60_000) * 60_000 + 60_000
  const begin = new Date(from)
  const today = Math.floor(from / dayMs) * dayMs
  for (let year = begin.getUTCFullYear(); year <= lastYear; year++) {
    if (cron.years && !cron.years.has(year)) continue
    for (const month of cron.months)
      for (const day of daysIn(cron.days, year, month)) {
        const dayStart = Date.UTC(year, month - 1, day)
        if (dayStart < today) continue
        const time = timeOfDay(cron, dayStart === today ? from - today : 0)
        if (time !== undefined) return dayStart + time
      }
  }
  return undefined
}

/** Milliseconds of the day. */
function timeOfDay({ hours, minutes }: Cron, fromMs: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3_600_000 + 3_599_999 < fromMs) continue
    for (const minute of minutes) {
      const time = hour * 3_600_000 + minute * 60_000
      if (time >= fromMs) return time
    }
  }
  return undefined
}

/** Days of a month, in order. */
function daysIn(days: Days, year: number, month: number): readonly number[] {
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const weekdayOf = (day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1
  switch (days.of) {
    case 'month':
      return days.days.filter((day) => day <= count)
    case 'month end': {
      const day = count - days.before
      if (day < 1) return []
      return [days.isWeekday ? nearestWeekday(day, count, weekdayOf) : day]
    }
    case 'nearest weekday':
      return days.day > count ? [] : [nearestWeekday(days.day, count, weekdayOf)]
    case 'week':
      return range(count).filter((day) => days.weekdays.has(weekdayOf(day)))
    case 'nth of month':
      return range(count)
        .filter((day) => weekdayOf(day) === days.weekday)
        .slice(days.nth - 1, days.nth)
    case 'last of month':
      return range(count)
        .filter((day) => weekdayOf(day) === days.weekday)
        .slice(-1)
  }
}

/** Saturdays give way to Fridays, Sundays to Mondays, but never into another month. */
function nearestWeekday(day: number, count: number, weekdayOf: (day: number) => number): number {
  const weekday = weekdayOf(day)
  if (weekday === 7) return day === 1 ? 3 : day - 1
  if (weekday === 1) return day === count ? day - 2 : day + 1
  return day
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}
