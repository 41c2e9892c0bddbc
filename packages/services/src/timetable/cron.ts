/** What does `cron(…)` say? Six fields, read into the minutes, hours, days, months and years that they name. */

/** @see EventBridge User Guide, "Cron expressions for rules"; EventBridge Scheduler User Guide, "Cron-based schedules" */
export interface Cron {
  /** Each sorted. */
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** From 1. */
  readonly months: readonly number[]
  /** Undefined: every year. */
  readonly years: ReadonlySet<number> | undefined
  readonly days: Days
}

export type Days =
  | { readonly of: 'month'; readonly days: readonly number[] }
  /** The last day of the month or so many before it, or the weekday nearest to it. */
  | { readonly of: 'month end'; readonly before: number; readonly isWeekday: boolean }
  /** The weekday that is nearest to this day, within its month. */
  | { readonly of: 'nearest weekday'; readonly day: number }
  /** 1 is Sunday. */
  | { readonly of: 'week'; readonly weekdays: ReadonlySet<number> }
  | { readonly of: 'nth of month'; readonly weekday: number; readonly nth: number }
  | { readonly of: 'last of month'; readonly weekday: number }

interface Field {
  readonly least: number
  readonly most: number
  /** In the order of their numbers, from the least. */
  readonly names?: readonly string[]
  readonly largestStep: number
}

const minute: Field = { least: 0, most: 59, largestStep: 59 }
const hour: Field = { least: 0, most: 23, largestStep: 23 }
const dayOfMonth: Field = { least: 1, most: 31, largestStep: 31 }
const month: Field = {
  least: 1,
  most: 12,
  largestStep: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
}
const dayOfWeek: Field = {
  least: 1,
  most: 7,
  largestStep: 7,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
}
/** *Observed*: AWS documents 1970–2199 and takes later years. */
const year: Field = { least: 1970, most: 9999, largestStep: 9999 }

/** @param text  what stands between the parentheses; undefined: it is none */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().toUpperCase().split(/\s+/)
  if (fields.length !== 6) return undefined
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = ''] = fields
  const yearText = fields[5]!
  const minutes = listOf(minuteText, minute)
  const hours = listOf(hourText, hour)
  const months = listOf(monthText, month)
  const years = yearText === '*' ? [] : listOf(yearText, year)
  const days = daysOf(dayText, weekdayText)
  if (!minutes || !hours || !months || !years || !days) return undefined
  return { minutes, hours, months, years: yearText === '*' ? undefined : new Set(years), days }
}

/** One of the two says which days; the other is `?`. */
function daysOf(dayText: string, weekdayText: string): Days | undefined {
  if ((dayText === '?') === (weekdayText === '?')) return undefined
  return dayText === '?' ? daysOfWeek(weekdayText) : daysOfMonth(dayText)
}

function daysOfMonth(text: string): Days | undefined {
  const end = /^L(?:-(\d{1,2}))?(W)?$/.exec(text)
  if (end) {
    const before = Number(end[1] ?? 0)
    return before > 30 ? undefined : { of: 'month end', before, isWeekday: end[2] !== undefined }
  }
  const nearest = /^(\d{1,2})W$/.exec(text)
  if (nearest) {
    const day = numberOf(nearest[1]!, dayOfMonth)
    return day === undefined ? undefined : { of: 'nearest weekday', day }
  }
  const days = listOf(text, dayOfMonth)
  return days && { of: 'month', days }
}

function daysOfWeek(text: string): Days | undefined {
  if (text === 'L') return { of: 'week', weekdays: new Set([7]) }
  const nth = /^(\w+)#([1-5])$/.exec(text)
  if (nth) {
    const weekday = numberOf(nth[1]!, dayOfWeek)
    return weekday === undefined ? undefined : { of: 'nth of month', weekday, nth: Number(nth[2]) }
  }
  const last = /^(\w+)L$/.exec(text)
  if (last) {
    const weekday = numberOf(last[1]!, dayOfWeek)
    return weekday === undefined ? undefined : { of: 'last of month', weekday }
  }
  const weekdays = listOf(text, dayOfWeek)
  return weekdays && { of: 'week', weekdays: new Set(weekdays) }
}

/** Sorted, each once; undefined where any part of the list is none of this field's. */
function listOf(text: string, field: Field): readonly number[] | undefined {
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const values = partOf(part, field)
    if (values === undefined) return undefined
    for (const value of values) found.add(value)
  }
  return [...found].sort((one, other) => one - other)
}

/** `*`, `5`, `MON`, `1-5`, each with a step: `*` and `/5` begin at the least value, `3/5` goes on to the most. */
function partOf(text: string, field: Field): readonly number[] | undefined {
  const match = /^(\*|(\w+)(?:-(\w+))?)?(?:\/(\d{1,4}))?$/.exec(text)
  if (match === null || text === '') return undefined
  const [, range = '*', firstText, lastText, stepText] = match
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step < 1 || step > field.largestStep) return undefined
  const first = range === '*' ? field.least : numberOf(firstText!, field)
  const isOpen = range === '*' || (lastText === undefined && stepText !== undefined)
  const last = isOpen ? field.most : lastText === undefined ? first : numberOf(lastText, field)
  if (first === undefined || last === undefined) return undefined
  return valuesFrom(first, last, step, field)
}

/** `FRI-MON` and `22-2` go over the end; years do not. */
function valuesFrom(
  first: number,
  last: number,
  step: number,
  field: Field,
): readonly number[] | undefined {
  if (last < first && field === year) return undefined
  const size = field.most - field.least + 1
  const end = last < first ? last + size : last
  const values: number[] = []
  for (let value = first; value <= end; value += step)
    values.push(value > field.most ? value - size : value)
  return values
}

function numberOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(text) ?? -1
  if (named >= 0) return least + named
  if (!/^\d{1,4}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
