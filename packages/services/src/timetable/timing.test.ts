import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextRun, parseTiming } from './timing.ts'
import { isZone } from './zones.ts'

const iso = (ms: number | undefined) =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z')

function runs(expression: string, after: string, count: number, zone = 'UTC') {
  const timing = parseTiming(expression)!
  const found: (string | undefined)[] = []
  let at: number | undefined = Date.parse(after)
  while (found.length < count && at !== undefined) {
    at = nextRun(timing, { zone, anchorMs: Date.parse(after) }, at)
    found.push(iso(at))
  }
  return found
}

const cases: readonly (readonly [string, string, readonly (string | undefined)[]])[] = [
  ['cron(0 10 * * ? *)', '2026-03-01T10:00:00Z', ['2026-03-02T10:00:00Z', '2026-03-03T10:00:00Z']],
  ['cron(15 12 * * ? *)', '2026-12-31T12:14:59Z', ['2026-12-31T12:15:00Z', '2027-01-01T12:15:00Z']],
  ['cron(0 18 ? * MON-FRI *)', '2026-01-02T18:00:00Z', ['2026-01-05T18:00:00Z']],
  ['cron(0 8 1 * ? *)', '2026-01-31T00:00:00Z', ['2026-02-01T08:00:00Z', '2026-03-01T08:00:00Z']],
  [
    'cron(0/15 * * * ? *)',
    '2026-01-01T00:40:00Z',
    ['2026-01-01T00:45:00Z', '2026-01-01T01:00:00Z'],
  ],
  ['cron(*/10 * ? * MON-FRI *)', '2026-01-02T23:50:00Z', ['2026-01-05T00:00:00Z']],
  [
    'cron(0/5 8-17 ? * MON-FRI *)',
    '2026-01-02T17:50:00Z',
    ['2026-01-02T17:55:00Z', '2026-01-05T08:00:00Z'],
  ],
  ['cron(0 9 ? * 2#1 *)', '2026-01-01T00:00:00Z', ['2026-01-05T09:00:00Z', '2026-02-02T09:00:00Z']],
  ['cron(0 9 ? * TUE#5 *)', '2026-01-01T00:00:00Z', ['2026-03-31T09:00:00Z']],
  ['cron(0 9 L * ? *)', '2028-02-01T00:00:00Z', ['2028-02-29T09:00:00Z', '2028-03-31T09:00:00Z']],
  ['cron(0 9 L-2 * ? *)', '2026-02-01T00:00:00Z', ['2026-02-26T09:00:00Z']],
  ['cron(0 9 LW * ? *)', '2026-02-01T00:00:00Z', ['2026-02-27T09:00:00Z']],
  ['cron(0 9 15W * ? *)', '2026-02-01T00:00:00Z', ['2026-02-16T09:00:00Z']],
  ['cron(0 9 1W * ? *)', '2026-07-31T10:00:00Z', ['2026-08-03T09:00:00Z']],
  ['cron(0 9 31W * ? *)', '2026-04-30T10:00:00Z', ['2026-05-29T09:00:00Z']],
  ['cron(0 9 ? * 6L *)', '2026-01-01T00:00:00Z', ['2026-01-30T09:00:00Z']],
  ['cron(0 9 ? * FRIL *)', '2026-01-31T00:00:00Z', ['2026-02-27T09:00:00Z']],
  ['cron(0 9 ? * L *)', '2026-01-01T00:00:00Z', ['2026-01-03T09:00:00Z', '2026-01-10T09:00:00Z']],
  ['cron(0 9 ? * sat-mon *)', '2026-01-03T09:00:00Z', ['2026-01-04T09:00:00Z']],
  ['cron(0 0 29 2 ? *)', '2096-03-01T00:00:00Z', ['2104-02-29T00:00:00Z']],
  [
    'cron(0 0 1 JAN,JUL ? 2027-2028)',
    '2026-01-01T00:00:00Z',
    [
      '2027-01-01T00:00:00Z',
      '2027-07-01T00:00:00Z',
      '2028-01-01T00:00:00Z',
      '2028-07-01T00:00:00Z',
      undefined,
    ],
  ],
  ['cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z', [undefined]],
  ['cron(0 20 * * ? 2500)', '2026-01-01T00:00:00Z', [undefined]],
  ['rate(5 minutes)', '2026-01-01T00:00:30Z', ['2026-01-01T00:05:30Z', '2026-01-01T00:10:30Z']],
  ['rate(1 day)', '2026-01-01T00:00:00Z', ['2026-01-02T00:00:00Z']],
  ['at(2026-01-01T00:00:30)', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:30Z', undefined]],
]
for (const [expression, after, expected] of cases)
  test(`${expression} after ${after}`, () => {
    assert.deepEqual(runs(expression, after, expected.length), expected)
  })

const refused = [
  'cron(0 10 * * *)',
  'cron(0 10 * * * *)',
  'cron(0 10 ? * ? *)',
  'cron(7 20 * * 1-7 *)',
  'cron(60 10 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 10 0 * ? *)',
  'cron(0 10 32 * ? *)',
  'cron(0 10 * 13 ? *)',
  'cron(0 10 ? * 0 *)',
  'cron(0 10 ? * 8 *)',
  'cron(15 12 ? * -1 *)',
  'cron(*/60 * * * ? *)',
  'cron(*/0 * * * ? *)',
  'cron(0/5, 9-18, ?, *, MON-FRI, *)',
  'cron(0#1 10 * * ? *)',
  'cron(0 10 3#2 * ? *)',
  'cron(0 10 ? * 3#6 *)',
  'cron(0 10 L,15 * ? *)',
  'cron(0 10 1-5W * ? *)',
  'cron(0 10 ? * MON,FRIL *)',
  'cron(0 10 ? * MON,3#2 *)',
  'cron(0 10 * * ? 2030-2020)',
  'cron(0 10 * * ? ?)',
  'cron()',
  'cron(* * * * ? *',
  ' cron(0 10 * * ? *)',
  'CRON(0 10 * * ? *)',
  'rate(0 minutes)',
  'rate(-1 minutes)',
  'rate(1.5 hours)',
  'rate(5  minutes)',
  'rate(30 seconds)',
  'rate(1 week)',
  'rate(minutes)',
  'at(2026-02-30T00:00:00)',
  'at(2026-01-01T24:00:00)',
  'at(2026-01-01T00:00:00Z)',
  'at(2026-01-01)',
  '',
  'every day',
]
test('what is no expression is refused', () => {
  for (const text of refused) assert.equal(parseTiming(text), undefined, text)
})

test('a rate says whether its unit agrees with its number', () => {
  const isGrammatical = (text: string) => {
    const timing = parseTiming(text)
    return timing?.kind === 'rate' && timing.isGrammatical
  }
  const texts = ['rate(1 hour)', 'rate(2 hours)', 'rate(1 hours)', 'rate(2 hour)']
  assert.deepEqual(texts.map(isGrammatical), [true, true, false, false])
})

const zoned: readonly (readonly [string, string, string, string, readonly string[]])[] = [
  [
    'in another zone, the hour is its own',
    'cron(0 9 * * ? *)',
    'Asia/Tokyo',
    '2026-01-01T00:00:00Z',
    ['2026-01-02T00:00:00Z'],
  ],
  [
    'what falls into the hour that spring leaves out is left out',
    'cron(30 2 * * ? *)',
    'America/New_York',
    '2026-03-07T00:00:00Z',
    ['2026-03-07T07:30:00Z', '2026-03-09T06:30:00Z'],
  ],
  [
    'the hour that autumn repeats counts once',
    'cron(30 1 * * ? *)',
    'America/New_York',
    '2026-10-31T12:00:00Z',
    ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
  ],
  [
    'within the repeated hour, what has passed does not come again',
    'cron(0/30 1-2 * * ? *)',
    'America/New_York',
    '2026-11-01T06:10:00Z',
    ['2026-11-01T07:00:00Z', '2026-11-01T07:30:00Z'],
  ],
  [
    'a single time that no clock shows is meant by the time before',
    'at(2026-03-08T02:30:00)',
    'America/New_York',
    '2026-03-01T00:00:00Z',
    ['2026-03-08T07:30:00Z'],
  ],
  [
    'zones that are half an hour off',
    'cron(0 0 * * ? *)',
    'Australia/Lord_Howe',
    '2026-06-01T00:00:00Z',
    ['2026-06-01T13:30:00Z'],
  ],
  [
    'the calendar day that Samoa left out',
    'cron(0 12 * * ? *)',
    'Pacific/Apia',
    '2011-12-29T12:00:00Z',
    ['2011-12-29T22:00:00Z', '2011-12-30T22:00:00Z'],
  ],
]
for (const [what, expression, zone, after, expected] of zoned)
  test(what, () => assert.deepEqual(runs(expression, after, expected.length, zone), expected))

test('zones are those of the IANA database', () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires'])
    assert.ok(isZone(zone), zone)
  for (const zone of ['', 'Mars/Olympus', '+02:00', 'Europe/', '-0500'])
    assert.ok(!isZone(zone), zone)
})

test('runs lie between start and end', () => {
  const timing = parseTiming('rate(10 minutes)')!
  const startMs = Date.parse('2026-01-01T00:00:00Z')
  const bounds = { zone: 'UTC', anchorMs: startMs, startMs, endMs: startMs + 25 * 60_000 }
  assert.equal(nextRun(timing, bounds, startMs - 86_400_000), startMs)
  assert.equal(nextRun(timing, bounds, startMs + 10 * 60_000), startMs + 20 * 60_000)
  assert.equal(nextRun(timing, bounds, startMs + 20 * 60_000), undefined)
})

/** A field, and the values that it means, spelt out. */
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant(['*', range(least, most)] as const),
    fc.integer({ min: least, max: most }).map((value) => [`${value}`, [value]] as const),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
      .map(([one, other]) => {
        const [first, last] = one < other ? [one, other] : [other, one]
        return [`${first}-${last}`, range(first, last)] as const
      }),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: most - least }))
      .map(
        ([first, step]) =>
          [
            `${first}/${step}`,
            range(first, most).filter((value) => (value - first) % step === 0),
          ] as const,
      ),
    fc
      .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 2, maxLength: 4 })
      .map((values) => [values.join(','), values] as const),
  )

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

test('the next run is the first minute that every field names', () => {
  fc.assert(
    fc.property(
      fc.record({
        minutes: field(0, 59),
        hours: field(0, 23),
        days: field(1, 31),
        weekdays: field(1, 7),
        byWeekday: fc.boolean(),
      }),
      fc.integer({ min: 0, max: 4_102_444_800_000 }),
      ({ minutes, hours, days, weekdays, byWeekday }, after) => {
        const text = `cron(${minutes[0]} ${hours[0]} ${byWeekday ? '?' : days[0]} * ${byWeekday ? weekdays[0] : '?'} *)`
        const found = nextRun(parseTiming(text)!, { zone: 'UTC', anchorMs: 0 }, after)
        const isNamed = (at: Date) =>
          minutes[1].includes(at.getUTCMinutes()) &&
          hours[1].includes(at.getUTCHours()) &&
          (byWeekday ? weekdays[1].includes(at.getUTCDay() + 1) : days[1].includes(at.getUTCDate()))
        // Minute by minute for two days; every run beyond them is one all the same.
        const first = Math.floor(after / 60_000) * 60_000 + 60_000
        const nearby = range(0, 2 * 1_440)
          .map((minute) => first + minute * 60_000)
          .find((ms) => isNamed(new Date(ms)))
        if (nearby !== undefined) return found === nearby
        return found !== undefined && found > first + 2 * 86_400_000 && isNamed(new Date(found))
      },
    ),
    { numRuns: 300 },
  )
})

test('no run comes twice and none is passed over, whatever the zone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'America/Sao_Paulo'),
      fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      (zone, seconds) => {
        const timing = parseTiming('cron(0/20 * * * ? *)')!
        const bounds = { zone, anchorMs: 0 }
        let at = seconds * 1_000
        for (let count = 0; count < 80; count++) {
          const next: number = nextRun(timing, bounds, at)!
          // At most the hour that autumn repeats lies in between.
          if (!(next > at && next - at <= 80 * 60_000)) return false
          // Asked from anywhere before it, it is the same.
          if (nextRun(timing, bounds, next - 1) !== next) return false
          at = next
        }
        return true
      },
    ),
    { numRuns: 20 },
  )
})
