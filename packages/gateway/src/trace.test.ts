import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallOptions, call, headerOf, mock, snapshotOf } from './call.fixture.ts'
import type { UpstreamRequest } from './ports.ts'
import type { SnapshotMethod } from './snapshot.ts'

const own = 'Root=1-695735a5-3d2b9f4e0000400080000000'
const theirs = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'

const http = (type: string): SnapshotMethod => ({
  ...mock,
  methodIntegration: {
    ...mock.methodIntegration!,
    type: type as 'HTTP',
    httpMethod: 'GET',
    uri: 'http://backend.example/',
  },
})

async function traced(type: string, options: CallOptions = {}) {
  let sent: UpstreamRequest | undefined
  const reply = await call(snapshotOf({ '/': { GET: http(type) } }), {
    upstream(request) {
      sent = request
      return { status: 200, headers: [], body: Buffer.from('') }
    },
    ...options,
  })
  const to = sent?.headers.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === 'x-amzn-trace-id' ? [sent!.headers[at + 1]] : [],
  )
  return [to, headerOf(reply, 'X-Amzn-Trace-Id')]
}

test('a backend learns of the trace, and of what AWS says the client does too', async () => {
  assert.deepEqual(await traced('HTTP'), [[own], own])
  assert.deepEqual(await traced('HTTP_PROXY'), [[own], undefined])
  assert.deepEqual(await traced('MOCK'), [undefined, undefined])
})

test('the trace that a client names goes on, once, if it is one', async () => {
  const sending = (value: string) => ({ headers: ['x-amzn-trace-id', value] })
  assert.deepEqual(await traced('HTTP_PROXY', sending(theirs)), [[theirs], undefined])
  assert.deepEqual(await traced('HTTP', sending(theirs)), [[theirs], theirs])
  for (const value of ['Root=1', '', `${theirs}\u00e9`, `${theirs};${'x'.repeat(600)}`])
    assert.deepEqual(await traced('HTTP', sending(value)), [[own], own])
})

test('a stage that traces says who asks, and that the trace is kept', async () => {
  const stage = { tracingEnabled: true }
  const [, told] = await traced('HTTP', { stage })
  assert.equal(told, `${own};Parent=8000000000000000;Sampled=1`)
})
