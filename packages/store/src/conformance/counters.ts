/** What every engine's Counters promise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../store.ts'

export function countersConformance(engine: string, open: () => Promise<Store>): void {
  test(`${engine}: a bucket holds its burst and fills at its rate`, async () => {
    await using store = await open()
    const bucket = { bucket: 'b', ratePerSecond: 10, burst: 2 }
    const draw = async (nowMs: number) => (await store.counters.draw([bucket], nowMs)) === -1
    assert.deepEqual([await draw(0), await draw(0), await draw(0)], [true, true, false])
    assert.deepEqual([await draw(99), await draw(100), await draw(100)], [false, true, false])
    assert.equal(await draw(50), false, 'an unsteady clock fills nothing')
    assert.equal(await draw(150), false, 'and nothing twice')
    assert.deepEqual([await draw(1e9), await draw(1e9), await draw(1e9)], [true, true, false])
    assert.deepEqual([await draw(0), await draw(100)], [false, true], 'the clock was set back')
  })

  test(`${engine}: a bucket that never fills or holds nothing refuses everybody`, async () => {
    await using store = await open()
    for (const [ratePerSecond, burst] of [
      [0, 5],
      [5, 0],
      [Number.NaN, 5],
    ] as const)
      assert.equal(await store.counters.draw([{ bucket: 'b', ratePerSecond, burst }], 0), 0)
  })

  test(`${engine}: another burst or rate counts from now on`, async () => {
    await using store = await open()
    const draw = async (burst: number, ratePerSecond: number, nowMs: number) =>
      (await store.counters.draw([{ bucket: 'b', ratePerSecond, burst }], nowMs)) === -1
    assert.equal(await draw(10, 1, 0), true)
    assert.deepEqual([await draw(1, 1, 0), await draw(1, 1, 0)], [true, false])
    assert.deepEqual([await draw(10, 1_000, 900), await draw(10, 1_000, 902)], [false, true])
  })

  test(`${engine}: a count stops at its limit and starts again with its period`, async () => {
    await using store = await open()
    const draw = async (period: string, limit?: number) =>
      (await store.counters.draw(
        [{ count: 'c', period, ...(limit !== undefined && { limit }) }],
        0,
      )) === -1
    assert.deepEqual([await draw('mon', 2), await draw('mon', 2)], [true, true])
    assert.deepEqual(
      [await draw('mon', 2), await draw('mon'), await draw('tue', 1)],
      [false, true, true],
    )
    const read = async () => Object.fromEntries(await store.counters.read('c'))
    assert.deepEqual(await read(), { mon: 3, tue: 1 })
    assert.equal(await store.counters.shift('c', 'mon', -2), 1)
    assert.equal(await draw('mon', 2), true)
    assert.deepEqual(await read(), { mon: 2, tue: 1 })
  })

  test(`${engine}: what is refused takes nothing from the others`, async () => {
    await using store = await open()
    const bucket = { bucket: 'b', ratePerSecond: 1, burst: 1 }
    const count = { count: 'c', period: 'p', limit: 1 }
    const empty = { bucket: 'e', ratePerSecond: 0, burst: 0 }
    assert.equal(await store.counters.draw([bucket, count, empty], 0), 2)
    assert.equal(await store.counters.draw([bucket, count], 0), -1)
    assert.equal(await store.counters.draw([count, bucket], 0), 0)
    assert.equal(await store.counters.draw([], 0), -1)
  })

  test(`${engine}: names are forgotten by their beginning, and no other`, async () => {
    await using store = await open()
    const bucket = (name: string) => ({ bucket: name, ratePerSecond: 1, burst: 1 })
    const count = (name: string) => ({ count: name, period: 'p' })
    for (const name of ['a%/1', 'a%/2', 'a_/1'])
      assert.equal(await store.counters.draw([bucket(name), count(name)], 0), -1)
    await store.counters.forget('a%/')
    const left = ['a%/1', 'a%/2', 'a_/1'].map((name) => store.counters.read(name))
    assert.deepEqual(await Promise.all(left), [[], [], [['p', 1]]])
    assert.equal(await store.counters.draw([bucket('a%/1')], 0), -1)
    assert.equal(await store.counters.draw([bucket('a_/1')], 0), 0)
  })
}
