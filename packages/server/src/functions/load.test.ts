import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerLoad, askLoad, Load } from './load.ts'

const fn = { functionArn: 'arn:f', accountId: '1', region: 'r' }
const refused = (code: string) => (error: unknown) => (error as { code?: string }).code === code

test('what a function has reserved is all that it gets, until one leaves', () => {
  const load = new Load()
  const leave = load.enter(fn, 2)
  load.enter(fn, 2)
  assert.throws(() => load.enter(fn, 2), refused('RESERVED_CONCURRENCY'))
  leave()
  load.enter(fn, 2)
  assert.throws(() => load.enter(fn, 0), refused('RESERVED_CONCURRENCY'))
})

test('an account has a thousand in a region', () => {
  const load = new Load()
  for (let at = 0; at < 1_000; at++) load.enter({ ...fn, functionArn: `arn:${at}` }, undefined)
  assert.throws(() => load.enter(fn, undefined), refused('CONCURRENCY'))
  load.enter({ ...fn, region: 'other' }, undefined)
})

test('processes share the thousand: none has more because there are several', () => {
  const loads = Array.from({ length: 4 }, () => new Load(4))
  for (const load of loads) {
    for (let at = 0; at < 250; at++) load.enter({ ...fn, functionArn: `arn:${at}` }, undefined)
    assert.throws(() => load.enter(fn, undefined), refused('CONCURRENCY'))
  }
})

test('a reserve is one limit for all processes, and what a dead one had is free', async () => {
  const load = new Load()
  const workers = [answerLoad(load), answerLoad(load)]
  const [one, other] = workers.map(({ handlers }) =>
    askLoad({ ask: async (name, asked) => handlers[name as 'enter'](asked as never) as never }, 2),
  )
  await one!.enter(fn, 2)
  const leave = await other!.enter(fn, 2)
  await assert.rejects(async () => one!.enter(fn, 2), refused('RESERVED_CONCURRENCY'))
  assert.throws(() => load.enter(fn, 2), refused('RESERVED_CONCURRENCY'))
  leave()
  await other!.enter(fn, 2)
  workers[0]!.leaveAll()
  await other!.enter(fn, 2)
  await assert.rejects(async () => one!.enter(fn, 2), refused('RESERVED_CONCURRENCY'))
})
