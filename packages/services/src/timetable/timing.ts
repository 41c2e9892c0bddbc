/** `cron(…)`, `rate(…)` and `at(…)`: what they say, and when they come next. */
import { type Cron, parseCron } from './cron.ts'
import { nextCron } from './next-cron.ts'
import { instantNear, instantOf, wallOf } from './zones.ts'

export type Timing =
  | { readonly kind: 'cron'; readonly cron: Cron }
  | {
      readonly kind: 'rate'
      readonly everyMs: number
      /** `1 minute`, `5 minutes`: the unit agrees with the number. */
      readonly isGrammatical: boolean
    }
  /** What a wall clock shows, written as if it were UTC. */
  | { readonly kind: 'at'; readonly wallMs: number }

/** @returns undefined: it is none of these */
export function parseTiming(text: string): Timing | undefined {
  const match = /^(cron|rate|at)\((.*)\)$/s.exec(text)
  return match === null ? undefined : parsers[match[1] as Timing['kind']](match[2]!)
}

const parsers: Readonly<Record<Timing['kind'], (text: string) => Timing | undefined>> = {
  cron(text) {
    const cron = parseCron(text)
    return cron && { kind: 'cron', cron }
  },
  rate(text) {
    const match = /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(text)
    if (match === null) return undefined
    const count = Number(match[1])
    return {
      kind: 'rate',
      everyMs: count * unitMs[match[2] as keyof typeof unitMs],
      isGrammatical: (count === 1) === (match[3] === ''),
    }
  },
  at(text) {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return undefined
    const wallMs = Date.parse(`${text}Z`)
    // The 30th of February would be a day of March.
    const isDate = !Number.isNaN(wallMs) && new Date(wallMs).toISOString().startsWith(text)
    return isDate ? { kind: 'at', wallMs } : undefined
  },
}

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** Between which instants runs are wanted, and where rates count from; epoch milliseconds. */
export interface Bounds {
  /** Of the IANA database. */
  readonly zone: string
  /** A rate's runs are whole multiples of it after this, which is the first of them. */
  readonly anchorMs: number
  /** Not before. */
  readonly startMs?: number | undefined
  /** Not after. */
  readonly endMs?: number | undefined
}

/** The first run after an instant; undefined: there is none any more. */
export function nextRun(timing: Timing, bounds: Bounds, afterMs: number): number | undefined {
  const after = Math.max(afterMs, (bounds.startMs ?? 0) - 1)
  const next = following(timing, bounds, after)
  if (next === undefined || next > Math.min(bounds.endMs ?? latestMs, latestMs)) return undefined
  return next
}

/** The last instant of the year 9999: later ones have no form that AWS's clients read. */
const latestMs = 253_402_300_799_999

function following(
  timing: Timing,
  { zone, anchorMs }: Bounds,
  afterMs: number,
): number | undefined {
  if (timing.kind === 'rate') {
    const passed = Math.floor((afterMs - anchorMs) / timing.everyMs) + 1
    return anchorMs + Math.max(0, passed) * timing.everyMs
  }
  if (timing.kind === 'at') {
    const instant = instantNear(zone, timing.wallMs)
    return instant > afterMs ? instant : undefined
  }
  return cronAfter(timing.cron, zone, afterMs)
}

/**
 * What falls into the hour that spring leaves out is left out; in the hour that autumn repeats, the first one counts.
 *
 * @see EventBridge Scheduler User Guide, "Daylight savings time in EventBridge Scheduler"
 */
function cronAfter(cron: Cron, zone: string, afterMs: number): number | undefined {
  let wall: number | undefined = wallOf(zone, afterMs)
  for (;;) {
    wall = nextCron(cron, wall)
    if (wall === undefined) return undefined
    const instant = instantOf(zone, wall)
    if (instant !== undefined && instant > afterMs) return instant
  }
}
