/** Which instant does a wall clock somewhere mean, and what does it show at an instant? */

const formats = new Map<string, Intl.DateTimeFormat>()
const mostFormats = 600

/** @returns undefined: there is no such zone */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone)
  if (known) return known
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    if (formats.size >= mostFormats) formats.clear()
    formats.set(zone, made)
    return made
  } catch {
    return undefined
  }
}

/** Zones of the IANA database have letters; an offset alone (`+02:00`) is none of them. */
export function isZone(zone: string): boolean {
  return /^[A-Za-z]/.test(zone) && formatOf(zone) !== undefined
}

/** What the clock shows there, written as if it were UTC; to the second. */
export function wallOf(zone: string, atMs: number): number {
  if (zone === 'UTC') return atMs
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of formatOf(zone)!.formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (atMs % 1_000)
}

const dayMs = 86_400_000

/**
 * The first instant at which a clock there shows this; undefined: it never does, since clocks are put forward over it.
 */
export function instantOf(zone: string, wallMs: number): number | undefined {
  if (zone === 'UTC') return wallMs
  const [before, after] = offsetsAround(zone, wallMs)
  const found = [before, after]
    .map((offset) => wallMs - offset)
    .filter((instant) => wallOf(zone, instant) === wallMs)
  return found.length > 0 ? Math.min(...found) : undefined
}

/** As above; what no clock shows is meant by the time that held before. */
export function instantNear(zone: string, wallMs: number): number {
  return instantOf(zone, wallMs) ?? wallMs - offsetsAround(zone, wallMs)[0]
}

function offsetsAround(zone: string, wallMs: number): readonly [number, number] {
  const offsetAt = (atMs: number) => wallOf(zone, atMs) - atMs
  return [offsetAt(wallMs - dayMs), offsetAt(wallMs + dayMs)]
}
