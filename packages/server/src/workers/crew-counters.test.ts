import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { CountersError, openStore } from '@sekisho/store'
import { answerCounters, askCounters } from './crew-counters.ts'
import { Wire, type WireEnd } from './wire.ts'

/** Two ends of one wire in this process; what is sent arrives in the next turn. */
function pair(): readonly [WireEnd & EventEmitter, WireEnd & EventEmitter] {
  const ends = [new EventEmitter(), new EventEmitter()] as const
  const end = (at: 0 | 1) =>
    Object.assign(ends[at], {
      send(message: unknown) {
        const copy = structuredClone(message)
        setImmediate(() => ends[1 - at]!.emit('message', copy))
        return true
      },
    })
  return [end(0), end(1)]
}

test('a limit is one limit, whichever process is asked', async () => {
  await using store = await openStore('memory:')
  const [one, two] = [pair(), pair()]
  for (const [own] of [one, two]) new Wire(own, answerCounters(store.counters))
  const askers = [one, two].map(([, theirs]) => askCounters(new Wire(theirs, {})))
  const draws = [
    { bucket: 'b', ratePerSecond: 1, burst: 5 },
    { count: 'c', period: 'p' },
  ]
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => askers[n % 2]!.draw(draws, 0)),
  )
  assert.equal(answers.filter((answer) => answer === -1).length, 5)
  assert.deepEqual(await askers[0]!.read('c'), [['p', 5]])
  assert.equal(await askers[1]!.shift('c', 'p', -5), 0)
  await askers[1]!.forget('b')
  assert.equal(await askers[0]!.draw(draws, 0), -1)
})

test('who cannot reach the process that counts admits nobody', async () => {
  const [, theirs] = pair()
  const counters = askCounters(new Wire(theirs, {}))
  const drawing = counters.draw([{ count: 'c', period: 'p' }], 0)
  setImmediate(() => setImmediate(() => theirs.emit('disconnect')))
  await assert.rejects(async () => drawing, CountersError)
})
