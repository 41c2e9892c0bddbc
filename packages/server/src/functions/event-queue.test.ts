import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FunctionRunner, lambdaCollections } from '@sekisho/services'
import { openStore } from '@sekisho/store'
import { machineClock } from '../clock.ts'
import { randomIds } from '../ids.ts'
import { openEventQueue } from './event-queue.ts'

const named = { accountId: '111111111111', region: 'us-east-1', name: 'f' }

test('an event whose attempt the server lost is run again, without a restart', async () => {
  await using store = await openStore('memory:')
  const failures: unknown[] = []
  const answered = Promise.withResolvers<void>()
  let asked = 0
  const invoke: FunctionRunner['invoke'] = async () => {
    if (++asked === 1) throw new Error('the machine has hiccups')
    answered.resolve()
    return { payload: Buffer.from('1'), logTail: async () => '' }
  }
  await using queue = openEventQueue({
    store,
    clock: machineClock,
    ids: randomIds,
    functions: { invoke },
    onFailure: (error) => failures.push(error),
    againMs: 20,
  })
  await queue.begin(async () => ({}))
  await store.documents.transact((transaction) => {
    transaction.put(lambdaCollections.functions, '111111111111/us-east-1/f', { ...named, code: {} })
    transaction.put(lambdaCollections.events, '000000000000000/111111111111/us-east-1/f/id/2', {
      ...named,
      requestId: 'id',
      payload: '{}',
      acceptedAt: Date.now(),
      failures: 0,
      refusals: 0,
    })
  })
  await answered.promise
  assert.equal(failures.length, 1)
  while ((await store.documents.list(lambdaCollections.events)).length > 0)
    await new Promise((done) => setTimeout(done, 5))
})
