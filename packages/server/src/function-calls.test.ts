import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AwsError } from '@sekisho/protocols'
import { type Behalf, RunnerError, WrittenEvent } from '@sekisho/services'
import { openStore } from '@sekisho/store'
import type { Again } from './api/inside.ts'
import { openFunctionCalls } from './function-calls.ts'
import { randomIds } from './ids.ts'

const behalf: Behalf = {
  service: 'apigateway.amazonaws.com',
  accountId: '111111111111',
  region: 'us-east-1',
  sourceArn: 'arn:aws:execute-api:us-east-1:111111111111:api/prod/GET/',
}
const record = {
  accountId: '111111111111',
  region: 'us-east-1',
  name: 'named',
  code: {},
  revisionId: '1',
  tags: {},
  policy: [],
}

async function opened(isAllowedForGood = true) {
  const store = await openStore(`sqlite:${mkdtempSync(join(tmpdir(), 'sekisho-calls-'))}`)
  const put = (collection: string, key: string, value: unknown) =>
    store.documents.transact((transaction) => transaction.put(collection, key, value))
  await put('lambda-functions', '111111111111/us-east-1/named', record)
  const seen = { decided: 0, served: 0, failed: [] as string[] }
  const again: Again = {
    served: () => seen.served++,
    failed(error) {
      seen.failed.push((error as AwsError).code)
      return error as AwsError
    },
  }
  const state: { refusal?: RunnerError } = {}
  const calls = openFunctionCalls({
    callFirst: async () => {
      seen.decided++
      return { output: { Payload: Buffer.from('1') }, again: isAllowedForGood ? again : undefined }
    },
    store,
    functions: {
      invoke: async () => {
        if (state.refusal) throw state.refusal
        return { payload: Buffer.from('1'), logTail: async () => '' }
      },
    },
    ids: randomIds,
  })
  const invoke = (name = 'named', of: Partial<Behalf> = {}) =>
    calls.invoke(name, new WrittenEvent('{}'), { ...behalf, ...of })
  return {
    put,
    seen,
    state,
    invoke,
    [Symbol.asyncDispose]: async () => {
      calls[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

test('the same call is decided once, and each is recorded', async () => {
  await using it = await opened()
  for (let call = 0; call < 5; call++) assert.equal(String((await it.invoke()).payload), '1')
  assert.deepEqual(it.seen, { decided: 1, served: 4, failed: [] })
})

test('another caller, source or name is decided for itself', async () => {
  await using it = await opened()
  const others: readonly [name: string, of: Partial<Behalf>][] = [
    ['named', {}],
    ['named', { accountId: '222222222222' }],
    ['named', { region: 'eu-west-1' }],
    ['named', { sourceArn: 'arn:aws:execute-api:us-east-1:111111111111:api/prod/POST/' }],
    ['named', { roleArn: 'arn:aws:iam::111111111111:role/handed' }],
    ['named:$LATEST', {}],
  ]
  for (const [name, of] of others) await it.invoke(name, of)
  assert.equal(it.seen.decided, others.length)
})

test('two callers are told apart, wherever the blanks in their names stand', async () => {
  await using it = await opened()
  await it.invoke('named', { roleArn: 'a b', sourceArn: 'c' })
  await it.invoke('named', { roleArn: 'a', sourceArn: 'b c' })
  assert.equal(it.seen.decided, 2)
})

for (const [what, collection] of [
  ['the function', 'lambda-functions'],
  ['a role', 'iam-roles'],
  ['anything that nobody has thought of', 'things'],
] as const)
  test(`whatever changes, a call is decided again: ${what}`, async () => {
    await using it = await opened()
    await it.invoke()
    await it.put(collection, '111111111111/us-east-1/named', { ...record, revisionId: '2' })
    await it.invoke()
    assert.equal(it.seen.decided, 2)
  })

test('lines of logs are no change', async () => {
  await using it = await opened()
  await it.invoke()
  await it.put('logs/segments', 'any', {})
  await it.invoke()
  assert.equal(it.seen.decided, 1)
})

test('what holds only for now is not kept', async () => {
  await using it = await opened(false)
  await it.invoke()
  await it.invoke()
  assert.equal(it.seen.decided, 2)
})

test('an alias that leads to two versions is drawn with every call', async () => {
  await using it = await opened()
  const alias = { ...record, alias: 'live', version: '1', routed: { version: '2', weight: 0.5 } }
  await it.put('lambda-aliases', '111111111111/us-east-1/named/live', alias)
  for (const version of ['1', '2'])
    await it.put('lambda-versions', `111111111111/us-east-1/named/${version.padStart(10, '0')}`, {
      ...record,
      version,
    })
  await it.invoke('named:live')
  await it.invoke('named:live')
  assert.equal(it.seen.decided, 2)
})

test('a call that finds no room is recorded as refused', async () => {
  await using it = await opened()
  await it.invoke()
  it.state.refusal = new RunnerError('CONCURRENCY', 'Rate Exceeded.')
  await assert.rejects(it.invoke(), (error: AwsError) => error.status === 429)
  assert.deepEqual(it.seen.failed, ['TooManyRequestsException'])
})
