import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as sts from '@aws-sdk/client-sts'
import { type AwsError, readModel } from '@sekisho/protocols'
import type { Behalf } from '@sekisho/services'
import { randomIds } from '../ids.ts'
import type { Gate } from './gate.ts'
import { type Inside, openInside } from './inside.ts'

const behalf: Behalf = {
  service: 'events.amazonaws.com',
  accountId: '111111111111',
  region: 'us-east-1',
}

/** One operation, open to all, that does this. */
function inside(handle: () => Promise<object>): Inside {
  const operation = {
    isUnsigned: false,
    constraints: {},
    needs: async () => [{ action: 'sts:GetCallerIdentity', resource: '*', isOpenToAll: true }],
    handle,
  }
  const service = {
    operations: new Map([['GetCallerIdentity', operation]]),
    validation: { prefix: () => '', code: 'ValidationError' },
  }
  const principal = { type: 'service', service: behalf.service }
  const gate = {
    ids: randomIds,
    clock: { now: Date.now },
    mode: 'enforce',
    store: {},
    trail: { record() {} },
    archive: { idOf: () => undefined },
    identities: {
      actingFor: async () => ({ accountId: behalf.accountId, principal, policies: {}, keys: [] }),
      placeOf: async () => undefined,
    },
    serviceOf: () => service,
    modelOf: async () => readModel(sts),
  }
  return openInside(gate as unknown as Gate, async () => assert.fail())
}

const ask = (call: Inside['call']) => call('sts', 'GetCallerIdentity', {}, behalf)

test('services that call one another in a circle come to an end', async () => {
  let count = 0
  const { call } = inside(async () => {
    count++
    return ask(call)
  })
  await assert.rejects(ask(call), (error: AwsError) => error.code === 'ThrottlingException')
  assert.equal(count, 16)
})

test('work that a call wakes is no part of it, however often one wakes the next', async () => {
  const done = Promise.withResolvers<void>()
  let count = 0
  const { begin } = inside(async () => {
    if (++count === 40) done.resolve()
    else setImmediate(() => void ask(begin).catch(done.reject))
    return {}
  })
  await ask(begin)
  await done.promise
})
