/** What every engine's Counters promise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../store.ts'

export function countersConformance(engine: string, open: () => Promise<Store>): void {
  test(`${engine}: a bucket holds its burst and refills at its rate`, async () => {
    await using store = await open()
    const take = (nowMs: number) => store.counters.take('b', { ratePerSecond: 10, burst: 2, nowMs })
    assert.deepEqual([await take(0), await take(0), await take(0)], [true, true, false])
    assert.deepEqual([await take(99), await take(100), await take(100)], [false, true, false])
    assert.equal(await take(50), false, 'a clock that jumps back refills nothing')
  })

  test(`${engine}: a count stops at its limit and starts again with its period`, async () => {
    await using store = await open()
    const add = (periodId: string) => store.counters.add('c', { amount: 2, limit: 5, periodId })
    assert.deepEqual(await add('mon'), { allowed: true, value: 2 })
    assert.deepEqual(await add('mon'), { allowed: true, value: 4 })
    assert.deepEqual(await add('mon'), { allowed: false, value: 4 })
    assert.deepEqual(await add('tue'), { allowed: true, value: 2 })
    assert.equal(await store.counters.read('c', 'tue'), 2)
    assert.equal(await store.counters.read('c', 'mon'), 0)
  })
}
