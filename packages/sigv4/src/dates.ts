/** When was this signed? AWS's basic ISO 8601 and the older HTTP dates. */

/** `20150830T123600Z`: the form of X-Amz-Date and of every message about time. */
export function formatAmzDate(date: Date): string {
  const iso = date.toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

/**
 * Milliseconds since 1970 of a basic ISO 8601 time.
 *
 * @returns undefined when `text` has another form or names no real time (February 30th).
 */
export function parseAmzDate(text: string): number | undefined {
  if (text.length !== 16 || text[8] !== 'T' || text[15] !== 'Z') return undefined
  const day = digits(text, 0, 8)
  const clock = digits(text, 9, 15)
  if (day < 0 || clock < 0) return undefined
  return instant(
    Math.floor(day / 10_000),
    Math.floor(day / 100) % 100,
    day % 100,
    Math.floor(clock / 10_000),
    Math.floor(clock / 100) % 100,
    clock % 100,
  )
}

/**
 * Milliseconds since 1970 of a `Date` header: IMF-fixdate, RFC 850, asctime, or ISO 8601.
 *
 * @see RFC 9110 §5.6.7
 */
export function parseDateHeader(text: string): number | undefined {
  const basic = parseAmzDate(text)
  if (basic !== undefined) return basic
  for (const form of dateForms) {
    const found = form.exec(text)?.groups
    if (found !== undefined) return fromGroups(found)
  }
  return undefined
}

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const month = `(?<month>${monthNames.join('|')})`
const clock = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})'
const dateForms = [
  new RegExp(
    `^[A-Z][a-z]{2}, (?<day>\\d{2}) ${month} (?<year>\\d{4}) ${clock} (?:GMT|UTC|\\+0000)$`,
  ),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-${month}-(?<year>\\d{2}) ${clock} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} ${month} (?<day>[ \\d]\\d) ${clock} (?<year>\\d{4})$`),
  new RegExp(`^(?<year>\\d{4})-(?<month>\\d{2})-(?<day>\\d{2})T${clock}(?:\\.\\d{1,9})?Z$`),
]

function fromGroups(found: Record<string, string>): number | undefined {
  const name = found['month'] ?? ''
  const named = monthNames.indexOf(name) + 1
  const year = Number(found['year'])
  // RFC 850 years have two digits; no signature is older than the algorithm (2012).
  return instant(
    year < 100 ? 2000 + year : year,
    named > 0 ? named : Number(name),
    Number(found['day']),
    Number(found['hour']),
    Number(found['minute']),
    Number(found['second']),
  )
}

function instant(
  year: number,
  monthOfYear: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (year < 1000 || hour > 23 || minute > 59 || second > 59) return undefined
  const time = Date.UTC(year, monthOfYear - 1, day, hour, minute, second)
  const date = new Date(time)
  // Date.UTC carries over: the 31st of April would become the 1st of May.
  return date.getUTCMonth() === monthOfYear - 1 && date.getUTCDate() === day ? time : undefined
}

/** @returns -1 when one character is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
