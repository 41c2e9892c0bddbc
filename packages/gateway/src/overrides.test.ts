import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallOptions, call, headerOf, snapshotOf, textOf } from './call.fixture.ts'
import type { UpstreamRequest } from './ports.ts'
import type { SnapshotMethod } from './snapshot.ts'

interface Written {
  readonly request?: string
  readonly response?: string
  readonly requestParameters?: Record<string, string>
  readonly responseParameters?: Record<string, string>
}

function apiOf({ request, response, requestParameters, responseParameters }: Written) {
  const method: SnapshotMethod = {
    authorizationType: 'NONE',
    methodResponses: { '200': { statusCode: '200' } },
    methodIntegration: {
      type: 'HTTP',
      httpMethod: 'POST',
      uri: 'http://backend.test/{id}',
      ...(requestParameters && { requestParameters }),
      ...(request !== undefined && { requestTemplates: { 'application/json': request } }),
      integrationResponses: {
        '200': {
          statusCode: '200',
          ...(responseParameters && { responseParameters }),
          ...(response !== undefined && { responseTemplates: { 'application/json': response } }),
        },
      },
    },
  }
  return snapshotOf({ '/': { POST: method } })
}

async function exchange(written: Written, options: CallOptions = {}) {
  const sent: UpstreamRequest[] = []
  const reply = await call(apiOf(written), {
    method: 'POST',
    upstream: (request) => {
      sent.push(request)
      return { status: 200, headers: ['x-own', 'backend'], body: Buffer.from('{"a":1}') }
    },
    ...options,
  })
  return { reply, sent: sent[0] }
}

const valuesOf = (flat: readonly string[], name: string) =>
  flat.filter((_, at) => at % 2 === 1 && flat[at - 1]!.toLowerCase() === name)

test('what a request template overrides takes the place of what was mapped', async () => {
  const { sent } = await exchange({
    requestParameters: {
      'integration.request.header.X-A': "'mapped'",
      'integration.request.querystring.q': "'mapped'",
      'integration.request.path.id': "'mapped'",
    },
    request:
      '#set($context.requestOverride.header.x-a = "over")#set($context.requestOverride.querystring.q = ["1", "2"])#set($context.requestOverride.path.id = "7")',
  })
  assert.deepEqual(valuesOf(sent!.headers, 'x-a'), ['over'])
  assert.equal(sent!.url, 'http://backend.test/7?q=1&q=2')
})

test('maps may be put in the place of overrides, whole', async () => {
  const { sent, reply } = await exchange({
    request: '#set($context.requestOverride.header = {"X-A": "one"})',
    response:
      '#set($context.responseOverride = {"status": 404, "header": {"X-B": 7}})$context.requestOverride.header.X-A',
  })
  assert.deepEqual(valuesOf(sent!.headers, 'x-a'), ['one'])
  assert.deepEqual([reply.status, headerOf(reply, 'x-b'), textOf(reply)], [404, '7', 'one'])
})

for (const none of [99, 101, 199, 600, 200.5])
  test(`a response template overrides headers, and no status with ${none}`, async () => {
    const { reply } = await exchange({
      responseParameters: { 'method.response.header.X-A': 'integration.response.header.x-own' },
      response: `#set($context.responseOverride.status = ${none})#set($context.responseOverride.header.x-a = "over")`,
    })
    assert.equal(reply.status, 200)
    assert.deepEqual(valuesOf(reply.headers, 'x-a'), ['over'])
  })

const failing: Readonly<Record<string, Written>> = {
  'one override twice': {
    request:
      '#set($context.requestOverride.header.a = "1")#set($context.requestOverride.header.a = "2")',
  },
  'one map twice': {
    request: '#set($context.requestOverride.header = {})#set($context.requestOverride.header = {})',
  },
  'one status twice': {
    response:
      '#set($context.responseOverride.status = 201)#set($context.responseOverride.status = 202)',
  },
  'a line break in a header to the backend': {
    requestParameters: { 'integration.request.header.X-A': 'method.request.querystring.evil' },
  },
  'a line break in a header of a template': {
    request: `#set($context.requestOverride.header.x = $input.params('evil'))`,
  },
  'a line break in a header to the client': {
    responseParameters: { 'method.response.header.X-A': 'method.request.querystring.evil' },
    response: `#set($context.responseOverride.header.x = $input.params('evil'))`,
  },
  'a header name with a line break': {
    response: `#set($context.responseOverride.header[$input.params('evil')] = "x")`,
  },
  'a character that becomes a line break': {
    response: `#set($context.responseOverride.header.x = $input.params('wide'))`,
  },
  'a length that the gateway says itself': {
    requestParameters: { 'integration.request.header.Content-Length': "'1'" },
  },
  'a map that contains itself': {
    response:
      '#set($m = {})#set($ignored = $m.put("m", $m))#set($context.responseOverride.header.x = $m)',
  },
}
for (const [what, written] of Object.entries(failing))
  test(`${what} ends the call, with a line in the log`, async () => {
    const query = `evil=${encodeURIComponent('a\r\nSet-Cookie: b=c')}&wide=${encodeURIComponent('a\u010d\u010ab')}`
    const { reply } = await exchange(written, { query })
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message": "Internal server error"}'])
    assert.equal(reply.outcome.refusal, 'API_CONFIGURATION_ERROR')
    assert.ok(reply.outcome.detail)
  })

test('what goes into the address stays in its place', async () => {
  const requestParameters = {
    'integration.request.path.id': 'method.request.querystring.id',
    'integration.request.querystring.q': 'method.request.querystring.q',
  }
  const query = `id=${encodeURIComponent('a?x=1#y z')}&q=${encodeURIComponent('1&admin=1\r\n')}`
  const { sent } = await exchange({ requestParameters }, { query })
  assert.equal(sent!.url, 'http://backend.test/a%3Fx=1%23y%20z?q=1%26admin%3D1%0D%0A')
  const climbing = await exchange({ requestParameters }, { query: 'id=..%2F..%2Fetc' })
  assert.equal(climbing.reply.status, 400)
})
