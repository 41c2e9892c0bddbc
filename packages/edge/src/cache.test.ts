import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEdge } from './edge.fixture.ts'
import { OriginError } from './ports.ts'
import type { CacheSettings } from './snapshot.ts'

interface Row {
  readonly name: string
  readonly cache?: Partial<CacheSettings>
  readonly headers?: Readonly<Record<string, string>>
  readonly status?: number
  /** Seconds for which the next call is a Hit; 0: it never is. */
  readonly seconds: number
}

const minimum: Partial<CacheSettings> = { minTtl: 60, defaultTtl: 120, maxTtl: 1_000 }
const expires = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toUTCString()

/** @see CloudFront Developer Guide, "Manage how long content stays in the cache (expiration)" */
const rows: readonly Row[] = [
  { name: 'nothing said: the default', seconds: 86_400 },
  { name: 'nothing said, with a minimum', cache: minimum, seconds: 120 },
  { name: 'max-age', headers: { 'Cache-Control': 'max-age=30' }, seconds: 30 },
  { name: 's-maxage wins', headers: { 'Cache-Control': 'max-age=5, s-maxage=30' }, seconds: 30 },
  {
    name: 'no less than the minimum',
    cache: minimum,
    headers: { 'Cache-Control': 'max-age=1' },
    seconds: 60,
  },
  {
    name: 'no more than the maximum',
    cache: minimum,
    headers: { 'Cache-Control': 'max-age=9999' },
    seconds: 1_000,
  },
  { name: 'Expires', headers: { Expires: expires(30) }, seconds: 30 },
  { name: 'Expires that is no date', headers: { Expires: '0' }, seconds: 0 },
  {
    name: 'Expires that is past, whatever Date says',
    headers: { Date: expires(-200), Expires: expires(-100) },
    seconds: 0,
  },
  {
    name: 'max-age before Expires',
    headers: { 'Cache-Control': 'max-age=5', Expires: expires(30) },
    seconds: 5,
  },
  { name: 'Age counts', headers: { 'Cache-Control': 'max-age=30', Age: '10' }, seconds: 20 },
  { name: 'no-store', headers: { 'Cache-Control': 'no-store' }, seconds: 0 },
  { name: 'private', headers: { 'Cache-Control': 'private, max-age=30' }, seconds: 0 },
  { name: 'no-cache', headers: { 'Cache-Control': 'no-cache' }, seconds: 0 },
  {
    name: 'no-store, with a minimum',
    cache: minimum,
    headers: { 'Cache-Control': 'no-store' },
    seconds: 60,
  },
  { name: 'a max-age that is no number', headers: { 'Cache-Control': 'max-age=many' }, seconds: 0 },
  { name: 'Vary: *', headers: { Vary: '*' }, seconds: 0 },
  {
    name: 'caching disabled',
    cache: { defaultTtl: 0, maxTtl: 0 },
    headers: { 'Cache-Control': 'max-age=30' },
    seconds: 0,
  },
  { name: 'a redirect', status: 301, seconds: 86_400 },
  { name: '308 that says nothing', status: 308, seconds: 0 },
  {
    name: '308 that says so',
    status: 308,
    headers: { 'Cache-Control': 'max-age=30' },
    seconds: 30,
  },
  { name: '404: ten seconds', status: 404, seconds: 10 },
  {
    name: '404 that forbids it',
    status: 404,
    headers: { 'Cache-Control': 'no-store' },
    seconds: 0,
  },
  {
    name: '404 that says longer than the maximum',
    cache: minimum,
    status: 404,
    headers: { 'Cache-Control': 'max-age=9999' },
    seconds: 1_000,
  },
  { name: '404 with Expires', status: 404, headers: { Expires: expires(30) }, seconds: 30 },
  {
    name: '502 that forbids it: ten seconds',
    status: 502,
    headers: { 'Cache-Control': 'no-store' },
    seconds: 10,
  },
  {
    name: '404 that says longer',
    status: 404,
    headers: { 'Cache-Control': 'max-age=30' },
    seconds: 30,
  },
  { name: '502: ten seconds', status: 502, seconds: 10 },
  { name: '403: not', status: 403, seconds: 0 },
  {
    name: '403 that says so',
    status: 403,
    headers: { 'Cache-Control': 'max-age=30' },
    seconds: 30,
  },
  { name: '429: never', status: 429, headers: { 'Cache-Control': 'max-age=30' }, seconds: 0 },
  { name: '206 that nobody asked for', status: 206, seconds: 0 },
]

for (const { name, cache, headers = {}, status = 200, seconds } of rows)
  test(`kept for ${seconds} s: ${name}`, async () => {
    const edge = createEdge({ ...(cache && { cache }) })
    edge.says = () => ({ status, headers, body: 'x' })
    await edge.get('/')
    if (seconds > 0) {
      edge.advance(seconds - 1)
      await edge.get('/')
      assert.equal(edge.asked.length, 1, 'a second before the end it is kept')
    }
    edge.advance(1)
    await edge.get('/')
    assert.equal(edge.asked.length, 2, 'at the end the origin is asked')
  })

test("a Hit replays the origin's headers, says its age and has its own id", async () => {
  const edge = createEdge()
  edge.says = () => ({
    headers: { 'Content-Type': 'application/json', 'x-amzn-RequestId': 'abc', Date: expires(0) },
    body: '{}',
  })
  const first = await edge.get('/')
  assert.deepEqual([first.cache, first.headers('age')], ['Miss', undefined])
  edge.advance(46)
  const second = await edge.get('/')
  assert.deepEqual(
    [second.cache, second.headers('age'), second.headers('x-amzn-requestid'), second.text],
    ['Hit', '46', 'abc', '{}'],
  )
  assert.equal(second.headers('date'), expires(0))
  assert.equal(
    second.headers('via'),
    '1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)',
  )
  assert.equal(second.reply.outcome.originRequestId, 'abc')
})

test('what is stale is asked for with its validators, and refreshed by a 304', async () => {
  const edge = createEdge()
  edge.says = () => ({ headers: { 'Cache-Control': 'max-age=10', ETag: '"a"' }, body: 'x' })
  await edge.get('/')
  edge.advance(10)
  edge.says = () => ({ status: 304, headers: { 'Cache-Control': 'max-age=20', ETag: '"a"' } })
  const refreshed = await edge.get('/')
  assert.deepEqual([refreshed.cache, refreshed.status, refreshed.text], ['RefreshHit', 200, 'x'])
  assert.ok(edge.asked[1]?.headers.join().includes('If-None-Match,"a"'))
  edge.advance(19)
  assert.equal((await edge.get('/')).cache, 'Hit')
})

test('an origin that fails leaves what is stale, unless it said otherwise', async () => {
  for (const [more, expected] of [
    ['', 'Hit'],
    [', stale-if-error=0', 'Error'],
    [', stale-if-error=60', 'Hit'],
    [', must-revalidate', 'Error'],
  ] as const) {
    const edge = createEdge()
    edge.says = () => ({ headers: { 'Cache-Control': `max-age=10${more}` }, body: 'x' })
    await edge.get('/')
    edge.advance(11)
    edge.says = () => ({ status: 503 })
    assert.equal((await edge.get('/')).cache, expected, more)
    edge.advance(11)
    edge.says = () => {
      throw new OriginError('UNREACHABLE', 'gone')
    }
    assert.equal((await edge.get('/')).cache, expected, more)
  }
})

test('stale-while-revalidate gives the old one and fetches the new one', async () => {
  const edge = createEdge()
  edge.says = () => ({
    headers: { 'Cache-Control': 'max-age=10, stale-while-revalidate=10' },
    body: 'old',
  })
  await edge.get('/')
  edge.advance(11)
  edge.says = () => ({ headers: { 'Cache-Control': 'max-age=10' }, body: 'new' })
  assert.equal((await edge.get('/')).text, 'old')
  await new Promise(setImmediate)
  assert.equal((await edge.get('/')).text, 'new')
  assert.equal(edge.asked.length, 2)
})

test('a HEAD within stale-while-revalidate fetches the new one for who asks next', async () => {
  const edge = createEdge()
  const headers = { 'Cache-Control': 'max-age=10, stale-while-revalidate=10' }
  edge.says = () => ({ headers, body: 'old' })
  await edge.get('/')
  edge.advance(11)
  edge.says = () => ({ headers, body: 'new' })
  await edge.get('/', {}, { method: 'HEAD' })
  await new Promise(setImmediate)
  const { text, cache } = await edge.get('/')
  assert.deepEqual([text, cache], ['new', 'Hit'])
})

test('who asks for the same at the same time waits for one answer', async () => {
  const edge = createEdge()
  const gate = Promise.withResolvers<void>()
  edge.says = async () => {
    await gate.promise
    return { body: 'one' }
  }
  const all = Promise.all([edge.get('/'), edge.get('/'), edge.get('/other'), edge.get('/')])
  gate.resolve()
  assert.deepEqual(
    (await all).map(({ cache }) => cache),
    ['Miss', 'Hit', 'Miss', 'Hit'],
  )
  assert.equal(edge.asked.length, 2)
})

test('what is private is fetched for each, even at the same time', async () => {
  const edge = createEdge()
  const gate = Promise.withResolvers<void>()
  let count = 0
  edge.says = async () => {
    const body = `for ${++count}`
    await gate.promise
    return { headers: { 'Cache-Control': 'private' }, body }
  }
  const all = Promise.all([edge.get('/'), edge.get('/'), edge.get('/')])
  gate.resolve()
  assert.deepEqual((await all).map(({ text }) => text).sort(), ['for 1', 'for 2', 'for 3'])
})

test('an invalidation ends what is kept: the path, all below it, with any query', async () => {
  for (const [pattern, gone] of [
    ['/a/b', true],
    ['/a/*', true],
    ['/*', true],
    ['/a', false],
    ['/A/b', false],
    ['/a/b?x=1', true],
    ['/a/b?x=2', false],
  ] as const) {
    const edge = createEdge({ cache: { query: { mode: 'all' } } })
    await edge.get('/a/b?x=1')
    edge.change({ invalidated: 1, invalidations: [{ number: 1, paths: [pattern] }] })
    assert.equal((await edge.get('/a/b?x=1')).cache, gone ? 'Miss' : 'Hit', pattern)
  }
})

test('what is older than the list of invalidations reaches counts as invalidated', async () => {
  const edge = createEdge()
  await edge.get('/')
  edge.change({ invalidated: 2, invalidations: [{ number: 2, paths: ['/other'] }] })
  assert.equal((await edge.get('/')).cache, 'Miss')
  assert.equal((await edge.get('/')).cache, 'Hit')
})

test('the cache keeps to its bound under any number of keys', async () => {
  const edge = createEdge({ cacheBytes: 100_000 })
  for (let count = 0; count < 1_000; count++) await edge.get(`/${count}`)
  assert.ok(edge.cacheBytes() <= 100_000)
  assert.equal((await edge.get('/999')).cache, 'Hit')
  assert.equal((await edge.get('/0')).cache, 'Miss')
})

test('a body too long to be kept goes through whole, and is not kept', async () => {
  const edge = createEdge({ cacheBytes: 8_000 })
  edge.says = () => ({
    headers: { 'Content-Length': '5000' },
    body: (async function* () {
      for (let count = 0; count < 5; count++) yield Buffer.alloc(1_000, 'x')
    })(),
  })
  for (const expected of ['Miss', 'Miss']) {
    const { cache, text, reply } = await edge.get('/')
    assert.deepEqual([cache, text.length, reply.bodyBytes], [expected, 5_000, 5_000])
  }
})

test('what varies by everything is asked for each time, also when it has not changed', async () => {
  const edge = createEdge()
  const headers = { ETag: '"1"', Vary: '*' }
  edge.says = ({ headers: sent }) =>
    sent.includes('If-None-Match') ? { status: 304, headers } : { headers, body: 'x' }
  const caches = []
  for (let call = 0; call < 3; call++) caches.push((await edge.get('/')).cache)
  assert.deepEqual(caches, ['Miss', 'RefreshHit', 'RefreshHit'])
})

test('the age of what has not changed counts as well', async () => {
  const edge = createEdge()
  const headers = { ETag: '"1"', 'Cache-Control': 'max-age=30' }
  edge.says = ({ headers: sent }) =>
    sent.includes('If-None-Match')
      ? { status: 304, headers: { ...headers, Age: '20' } }
      : { headers, body: 'x' }
  await edge.get('/')
  edge.advance(30)
  assert.equal((await edge.get('/')).cache, 'RefreshHit')
  edge.advance(9)
  assert.equal((await edge.get('/')).cache, 'Hit')
  edge.advance(1)
  assert.equal((await edge.get('/')).cache, 'RefreshHit')
})

test('what was compressed here keeps its weak tag, and varies by encoding, when it has not changed', async () => {
  const edge = createEdge({
    behaviour: { compress: true },
    cache: { gzip: true, headers: ['origin'] },
  })
  const headers = { ETag: '"1"', 'Cache-Control': 'max-age=1', Vary: 'Origin' }
  const whole = { ...headers, 'Content-Type': 'text/plain', 'Content-Length': '2000' }
  edge.says = ({ headers: sent }) =>
    sent.includes('If-None-Match')
      ? { status: 304, headers }
      : { headers: whole, body: 'x'.repeat(2_000) }
  const asked = { 'Accept-Encoding': 'gzip' }
  const first = await edge.get('/', asked)
  edge.advance(1)
  const second = await edge.get('/', asked)
  assert.equal(second.cache, 'RefreshHit')
  for (const name of ['etag', 'vary', 'content-encoding'])
    assert.equal(second.headers(name), first.headers(name), name)
  assert.equal(second.headers('etag'), 'W/"1"')
})

test('nobody is asked whether an error has not changed', async () => {
  const edge = createEdge()
  edge.says = () => ({ status: 404, headers: { ETag: '"1"' } })
  await edge.get('/')
  edge.advance(10)
  await edge.get('/')
  assert.equal(edge.asked[1]!.headers.includes('If-None-Match'), false)
})

test('who comes after an invalidation does not wait for what set out before it', async () => {
  const edge = createEdge()
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  edge.says = async () => {
    await held
    return { body: 'old' }
  }
  const before = edge.get('/')
  const beside = edge.get('/')
  edge.says = () => ({ body: 'new' })
  edge.change({ invalidated: 1, invalidations: [{ number: 1, paths: ['/*'] }] })
  assert.equal((await edge.get('/')).text, 'new')
  release()
  assert.deepEqual([(await before).text, (await beside).text], ['old', 'old'])
  assert.equal((await edge.get('/')).text, 'new', 'and what came late is not served')
  assert.equal(edge.asked.length, 3)
})
