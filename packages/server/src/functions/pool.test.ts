import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Invocation } from '@sekisho/services'
import type { Environment } from './environment.ts'
import { Pool } from './pool.ts'

const answer = { payload: new Uint8Array(), logTail: async () => '' }

/** A pool of environments that take so long for each event. */
function poolOf(tookMs: number, isBusy = false, startsInMs = 0) {
  let begun = 0
  let atWork = 0
  let mostAtWork = 0
  const now = { tookMs, isBusy }
  const killed: number[] = []
  const pool = new Pool({
    now: Date.now,
    isBusy: () => now.isBusy,
    isServerBusy: () => now.isBusy,
    processors: 2,
    begin: async () => {
      const name = ++begun
      await sleep(1)
      let before: Promise<unknown> = Promise.resolve()
      const environment = {
        ready: sleep(startsInMs),
        endsAt: Number.POSITIVE_INFINITY,
        idleSince: 0,
        isSpent: false,
        load: 0,
        averageMs: undefined as number | undefined,
        takesMore: () => true,
        kill: () => killed.push(name),
        invoke: () => {
          if (environment.load++ === 0) mostAtWork = Math.max(mostAtWork, ++atWork)
          const mine = before.then(async () => {
            if (now.tookMs > 0) await sleep(now.tookMs)
            environment.averageMs = now.tookMs
            if (--environment.load === 0) atWork--
            return answer
          })
          before = mine
          return mine
        },
      }
      return environment as unknown as Environment
    },
  })
  const ask = (count: number) =>
    Promise.all(Array.from({ length: count }, () => pool.invoke({} as Invocation)))
  const become = (changed: Partial<typeof now>) => {
    Object.assign(now, changed)
    mostAtWork = 0
  }
  return { pool, ask, begun: () => begun, killed, become, mostAtWork: () => mostAtWork }
}

test('short events are taken by one environment, however many come', async () => {
  const { ask, begun } = poolOf(0)
  await ask(1)
  for (let round = 0; round < 20; round++) await ask(50)
  assert.equal(begun(), 1)
})

test('events that take long do not wait for one another', async () => {
  const { ask, begun } = poolOf(1_000)
  const begunAt = performance.now()
  await ask(8)
  assert.ok(performance.now() - begunAt < 1_900)
  assert.ok(begun() >= 8, String(begun()))
})

test('a busy machine is not made busier at once', async () => {
  const { ask, begun } = poolOf(20, true)
  await ask(4)
  assert.ok(begun() <= 2, String(begun()))
})

test('nobody waits for one that is being begun while another is free', async () => {
  const { ask, begun } = poolOf(5, false, 1_000)
  await ask(1)
  const begunAt = performance.now()
  await ask(20)
  assert.ok(performance.now() - begunAt < 900, String(performance.now() - begunAt))
  assert.ok(begun() <= 5, String(begun()))
})

test('on a busy machine nobody is woken only to take turns', async () => {
  const { ask, become, begun, mostAtWork } = poolOf(100)
  await ask(8)
  assert.ok(begun() >= 8)
  let least = Number.POSITIVE_INFINITY
  // Where this test itself has to wait for the machine, it tries again.
  for (let round = 0; round < 8 && least > 3; round++) {
    become({ tookMs: 2, isBusy: true })
    await ask(10)
    least = Math.min(least, mostAtWork())
  }
  assert.ok(least <= 3, String(least))
  become({ tookMs: 200 })
  await ask(8)
  assert.ok(mostAtWork() >= 8, String(mostAtWork()))
})

test('whoever has had nothing to do for long goes', async () => {
  const { pool, ask, killed } = poolOf(0)
  await ask(1)
  pool.reap(60_000)
  assert.deepEqual(killed, [1])
})

test('where none can be begun, whoever waits hears why', async () => {
  const pool = new Pool({
    now: Date.now,
    isBusy: () => false,
    isServerBusy: () => false,
    processors: 2,
    begin: async () => {
      throw new Error('no room')
    },
  })
  await assert.rejects(pool.invoke({} as Invocation), /no room/)
  assert.ok(pool.isEmpty)
})
