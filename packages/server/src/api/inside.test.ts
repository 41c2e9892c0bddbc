import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as sts from '@aws-sdk/client-sts'
import { type AwsError, readModel, type Values } from '@sekisho/protocols'
import type { Behalf, Call } from '@sekisho/services'
import { openStore } from '@sekisho/store'
import { randomIds } from '../ids.ts'
import type { Gate } from './gate.ts'
import { type Inside, openInside } from './inside.ts'

const behalf: Behalf = {
  service: 'events.amazonaws.com',
  accountId: '111111111111',
  region: 'us-east-1',
}

type Handle = (input: Values, call: Call) => Promise<object>

/** Operations, open to all, that do this. */
function inside(
  handle: Handle,
  others: Readonly<Record<string, Handle>> = {},
  store: object = {},
): Inside {
  const operation = (each: Handle) => ({
    isUnsigned: false,
    constraints: {},
    needs: async () => [{ action: 'sts:GetCallerIdentity', resource: '*', isOpenToAll: true }],
    handle: each,
  })
  const all = Object.entries({ GetCallerIdentity: handle, ...others })
  const service = {
    operations: new Map(all.map(([name, each]) => [name, operation(each)])),
    validation: { prefix: () => '', code: 'ValidationError' },
  }
  const principal = { type: 'service', service: behalf.service }
  const gate = {
    ids: randomIds,
    clock: { now: Date.now },
    mode: 'enforce',
    store,
    trail: { record() {} },
    archive: { idOf: () => undefined },
    identities: {
      actingFor: async () => ({ accountId: behalf.accountId, principal, policies: {}, keys: [] }),
      placeOf: async () => undefined,
    },
    serviceOf: () => service,
    modelOf: async () => readModel(sts),
  }
  const made = openInside(gate as unknown as Gate, async () => assert.fail())
  Object.assign(gate, { aws: made.call })
  return made
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

test('what services ask of others together is one transaction, whoever else is at it', async () => {
  const { documents } = await openStore('memory:')
  const add = async (_: Values, call: Call) => {
    await call.together(async (aws) => {
      const { Account = 0 } = await aws('sts', 'GetAccessKeyInfo', { AccessKeyId: 'key' }, 'caller')
      await new Promise(setImmediate)
      await aws('sts', 'GetSessionToken', { DurationSeconds: Number(Account) + 1 }, 'caller')
    })
    return {}
  }
  const { call } = inside(
    add,
    {
      GetAccessKeyInfo: async (_, { documents: own }) => ({
        Account: (await own.get<number>('sums', 'sum'))?.value,
      }),
      GetSessionToken: async ({ DurationSeconds }, { documents: own }) => {
        await own.transact((transaction) => transaction.put('sums', 'sum', DurationSeconds))
        return {}
      },
    },
    { documents },
  )
  await Promise.all([1, 2, 3, 4].map(() => ask(call)))
  assert.equal((await documents.get('sums', 'sum'))?.value, 4)
})
