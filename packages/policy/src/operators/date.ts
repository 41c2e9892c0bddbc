/** DateEquals, DateLessThan, DateLessThanEquals, DateGreaterThan, DateGreaterThanEquals. */
import { comparer } from './numeric.ts'
import { type Operator, ValueError } from './operator.ts'

const compare = (holds: (request: number, policy: number) => boolean): Operator => ({
  type: 'date',
  takesVariables: false,
  compile: (values) =>
    comparer(
      values.map(({ text }) => policyDate(text)),
      readDate,
      holds,
    ),
})

/** @see IAM User Guide, "Date condition operators" */
export const dateOperators = {
  DateEquals: compare((request, policy) => request === policy),
  DateLessThan: compare((request, policy) => request < policy),
  DateLessThanEquals: compare((request, policy) => request <= policy),
  DateGreaterThan: compare((request, policy) => request > policy),
  DateGreaterThanEquals: compare((request, policy) => request >= policy),
} satisfies Record<string, Operator>

const iso =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d))?)?)?$/

/**
 * The W3C profile of ISO 8601 (year, month, day, or a time with its zone), or seconds since 1970.
 * Four digits alone are a year.
 *
 * @returns milliseconds since 1970; undefined when it is neither
 */
export function readDate(text: string): number | undefined {
  const match = iso.exec(text)
  if (match === null)
    return /^-?\d{1,12}(?:\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : undefined
  const [
    ,
    year,
    month = '01',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '0',
    zone = 'Z',
  ] = match
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isDay = new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}`)
  const offset = zoneMinutes(zone)
  const isTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60
  if (!isDay || !isTime || offset === undefined) return undefined
  const clock =
    ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 +
    Number(`0.${fraction}`) * 1000
  return midnight + clock - offset * 60_000
}

/** Undefined: no clock stands so far from another. */
function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const digits = zone.replace(':', '')
  const [hours, minutes] = [Number(digits.slice(1, 3)), Number(digits.slice(3, 5))]
  if (hours > 23 || minutes > 59) return undefined
  return (digits.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function policyDate(text: string): number {
  const value = readDate(text)
  if (value === undefined)
    throw new ValueError(`\`${text}\` is no date of ISO 8601 and no number of seconds`)
  return value
}
