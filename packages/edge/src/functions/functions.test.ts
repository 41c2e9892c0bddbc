import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEdge } from '../edge.fixture.ts'
import { headerOf } from '../headers.ts'
import type { FunctionEvent } from './event.ts'

type Handler = (event: FunctionEvent) => unknown

const code = { id: 'f', code: '' }

/** An edge whose function on the given side is `handler`. */
function edgeWith(side: 'viewerRequest' | 'viewerResponse', handler: Handler) {
  return createEdge({
    behaviour: { functions: { [side]: code } },
    cache: { query: { mode: 'all' }, headers: ['x-variant'] },
    runFunction: async (_, event) => JSON.stringify(handler(JSON.parse(event))) ?? 'null',
  })
}

test('a function sees the request as CloudFront writes it', async () => {
  let seen: FunctionEvent | undefined
  const edge = edgeWith('viewerRequest', (event) => {
    seen = event
    return event.request
  })
  await edge.get('/a?b=1&b=2&c', { Cookie: 'x=1; y=2', 'X-One': '1', 'X-Edge-A': 'no' })
  assert.deepEqual(seen?.request, {
    method: 'GET',
    uri: '/a',
    querystring: {
      b: { value: '2', multiValue: [{ value: '1' }, { value: '2' }] },
      c: { value: '' },
    },
    headers: { 'x-one': { value: '1' } },
    cookies: { x: { value: '1' }, y: { value: '2' } },
  })
  assert.deepEqual(seen?.viewer, { ip: '203.0.113.7' })
  assert.equal(seen?.context.eventType, 'viewer-request')
  assert.equal(edge.asked[0]?.rawQuery, 'b=1&b=2&c')
})

test('what a function changes is what the cache is asked for, and the origin', async () => {
  const edge = edgeWith('viewerRequest', ({ request }) => ({
    ...request,
    uri: '/index.html',
    querystring: {},
    headers: { ...request.headers, 'x-variant': { value: 'b' } },
  }))
  await edge.get('/', {})
  assert.equal((await edge.get('/other?d=1', {})).cache, 'Hit')
  assert.equal(edge.asked[0]?.rawPath, '/index.html')
  assert.equal(headerOf(edge.asked[0]!.headers, 'x-variant'), 'b')
})

test('a function may answer itself', async () => {
  const edge = edgeWith('viewerRequest', () => ({
    statusCode: 302,
    statusDescription: 'Found',
    headers: { location: { value: 'https://example.com/' } },
    cookies: { a: { value: '1', attributes: 'Secure' } },
  }))
  const { status, headers, cache } = await edge.get('/')
  assert.deepEqual(
    [status, headers('location'), headers('set-cookie'), cache],
    [302, 'https://example.com/', 'a=1; Secure', 'FunctionGeneratedResponse'],
  )
  assert.equal(edge.asked.length, 0)
})

test('a function on the way back adds headers, and is not asked about errors', async () => {
  const edge = edgeWith('viewerResponse', ({ response }) => ({
    ...response,
    headers: { ...response?.headers, 'x-added': { value: 'yes' } },
  }))
  const { headers, text, cache } = await edge.get('/')
  assert.deepEqual([headers('x-added'), text, cache], ['yes', 'answer 1', 'Miss'])
  assert.equal((await edge.get('/')).headers('x-added'), 'yes')
  edge.says = () => ({ status: 403 })
  assert.equal((await edge.get('/no')).headers('x-added'), undefined)
})

const wrong: Readonly<Record<string, Handler>> = {
  nothing: () => null,
  'another method': ({ request }) => ({ ...request, method: 'POST' }),
  'a relative path': ({ request }) => ({ ...request, uri: 'a' }),
  'a path with a line break': ({ request }) => ({ ...request, uri: '/a\r\nb' }),
  'another host': ({ request }) => ({ ...request, headers: { host: { value: 'a' } } }),
  'a header of CloudFront': ({ request }) => ({
    ...request,
    headers: { 'x-cache': { value: 'a' } },
  }),
  'the error type of API Gateway': ({ request }) => ({
    ...request,
    headers: { 'x-amzn-errortype': { value: 'a' } },
  }),
  'a header with a line break': ({ request }) => ({
    ...request,
    headers: { a: { value: 'a\r\nb: c' } },
  }),
  'a header that is no object': ({ request }) => ({ ...request, headers: { a: 'b' } }),
  'a status beyond all': () => ({ statusCode: 99 }),
  'a body too long': () => ({ statusCode: 200, body: 'a'.repeat(40_961) }),
}

for (const [name, handler] of Object.entries(wrong))
  test(`a function that returns ${name} is an error of its own`, async () => {
    const edge = edgeWith('viewerRequest', handler)
    const { status, cache } = await edge.get('/')
    assert.deepEqual([status, cache], [502, 'FunctionExecutionError'])
    assert.equal(edge.asked.length, 0)
  })
