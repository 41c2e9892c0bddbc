import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Buckets } from './buckets.ts'
import { LocalCounters } from './counters.ts'
import type { CountDisk, SavedCount } from './counts.ts'
import { CountersError } from './store.ts'

test('10,000 a second are let through within one percent, however they come', () => {
  for (const perMs of [11, 40, 500]) {
    const buckets = new Buckets()
    const bucket = { bucket: 'b', ratePerSecond: 10_000, burst: 100 }
    let had = 0
    for (let ms = 0; ms < 1_000; ms++)
      for (let n = 0; n < perMs; n++)
        if (buckets.has(bucket, ms)) {
          buckets.take(bucket, ms)
          had++
        }
    assert.ok(Math.abs(had - 10_100) <= 100, `${perMs} a millisecond: ${had}`)
  }
})

test('idle buckets go, and no limit goes with them', () => {
  const buckets = new Buckets()
  const slow = { bucket: 'slow', ratePerSecond: 0.000_001, burst: 1 }
  assert.equal(buckets.has(slow, 0), true)
  buckets.take(slow, 0)
  for (let n = 0; n < 300_000; n++) {
    const bucket = { bucket: `b${n}`, ratePerSecond: 1_000, burst: 1 }
    assert.equal(buckets.has(bucket, n), true)
    buckets.take(bucket, n)
  }
  assert.ok(buckets.size < 100, `${buckets.size} are kept`)
  assert.equal(buckets.has(slow, 300_000), false)
})

test('a bucket that is forgotten while another is asked is full again', () => {
  const counters = new LocalCounters()
  for (let n = 0; n < 50; n++) {
    const quick = { bucket: 'quick', ratePerSecond: 1e9, burst: 5 }
    const other = { bucket: `other${n}`, ratePerSecond: 1, burst: 1 }
    assert.equal(counters.draw([quick, other], n), -1)
  }
})

class Disk implements CountDisk {
  readonly saved = new Map<string, number>()
  isBroken = false
  load(count: string, period: string) {
    return this.saved.get(`${count} ${period}`) ?? 0
  }
  loadAll(count: string) {
    return [...this.saved]
      .filter(([name]) => name.startsWith(`${count} `))
      .map(([name, value]) => [name.slice(count.length + 1), value] as const)
  }
  save(rows: readonly SavedCount[]) {
    if (this.isBroken) throw new Error('disk full')
    for (const { count, period, value } of rows) this.saved.set(`${count} ${period}`, value)
  }
  forget() {}
}

/** A clock for timers and for what measures time, moved by hand. */
function steered({ mock }: TestContext): (ms: number) => void {
  let now = 0
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(performance, 'now', () => now)
  return (ms) => {
    for (let left = ms; left > 0; left -= 10) {
      now += 10
      mock.timers.tick(10)
    }
  }
}

test('counts are on disk within a second, and go on from there', (context) => {
  const pass = steered(context)
  const disk = new Disk()
  const counters = new LocalCounters(disk)
  for (let n = 0; n < 12_000; n++) counters.draw([{ count: `c${n}`, period: 'p' }], 0)
  pass(1_000)
  assert.equal(disk.saved.size, 12_000)
  counters.draw([{ count: 'c1', period: 'p' }], 0)
  counters.close()
  assert.deepEqual(new LocalCounters(disk).read('c1'), [['p', 2]])
})

test('who cannot save what was counted admits nobody after a second', (context) => {
  const pass = steered(context)
  const disk = new Disk()
  const counters = new LocalCounters(disk)
  const draw = () => counters.draw([{ count: 'c', period: 'p' }], 0)
  disk.isBroken = true
  assert.equal(draw(), -1)
  pass(1_010)
  assert.throws(draw, CountersError)
  disk.isBroken = false
  pass(500)
  assert.equal(draw(), -1)
  counters.close()
  assert.equal(disk.load('c', 'p'), 2)
})
