import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayOf, daysBetween, periodName, periodStart, type QuotaPeriod } from './usage.ts'

const cases: readonly (readonly [QuotaPeriod, number, string, string])[] = [
  ['DAY', 0, '2026-11-21T00:00:00.000Z', '2026-11-21'],
  ['DAY', 0, '2026-11-21T23:59:59.999Z', '2026-11-21'],
  ['WEEK', 0, '2026-11-21T12:00:00Z', '2026-11-15'],
  ['WEEK', 0, '2026-11-22T00:00:00Z', '2026-11-22'],
  ['WEEK', 1, '2026-11-22T23:59:59Z', '2026-11-16'],
  ['WEEK', 1, '2026-11-23T00:00:00Z', '2026-11-23'],
  ['WEEK', 6, '2026-11-21T00:00:00Z', '2026-11-21'],
  ['WEEK', 0, '1970-01-01T00:00:00Z', '1969-12-28'],
  ['MONTH', 0, '2026-11-30T23:59:59Z', '2026-11-01'],
  ['MONTH', 0, '2026-12-01T00:00:00Z', '2026-12-01'],
  ['MONTH', 14, '2026-11-14T23:59:59Z', '2026-10-15'],
  ['MONTH', 14, '2026-11-15T00:00:00Z', '2026-11-15'],
  ['MONTH', 27, '2026-03-01T00:00:00Z', '2026-02-28'],
  ['MONTH', 27, '2026-01-05T00:00:00Z', '2025-12-28'],
]

for (const [period, offset, now, begins] of cases)
  test(`at ${now} a ${period} with offset ${offset} began on ${begins}`, () => {
    assert.equal(dayOf(periodStart({ period, offset }, Date.parse(now))), begins)
  })

test('quotas of different periods are counted apart', () => {
  const now = Date.UTC(2026, 10, 1)
  const names = (['DAY', 'WEEK', 'MONTH'] as const).map((period) =>
    periodName({ period, offset: 0 }, now),
  )
  assert.deepEqual(names, ['DAY0:2026-11-01', 'WEEK0:2026-11-01', 'MONTH0:2026-11-01'])
})

test('days are listed from the first to the last', () => {
  assert.deepEqual(daysBetween('2026-02-27', '2026-03-01'), [
    '2026-02-27',
    '2026-02-28',
    '2026-03-01',
  ])
  assert.deepEqual(daysBetween('2026-03-01', '2026-02-27'), [])
})
