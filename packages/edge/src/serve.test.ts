import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { behaviourSettings, cacheSettings, createEdge, originSettings } from './edge.fixture.ts'
import { headerOf } from './headers.ts'
import { OriginError } from './ports.ts'
import type { Selection } from './snapshot.ts'

const uncached = { minTtl: 0, defaultTtl: 0, maxTtl: 0 }

test('behaviours are asked in order, by the path in its normal form; the origin gets the raw one', async () => {
  const behaviour = (pathPattern: string, targetId: string) => ({
    ...behaviourSettings,
    pathPattern,
    targetId,
  })
  const origin = (id: string) => ({ ...originSettings, id, domainName: `${id}.example` })
  const edge = createEdge({
    snapshot: {
      origins: [origin('images'), origin('private'), origin('rest')],
      behaviours: [
        behaviour('images/*.jp?g', 'images'),
        behaviour('/private/*', 'private'),
        behaviour('*', 'rest'),
      ],
    },
  })
  for (const [path, expected] of [
    ['/images/a/b.jpeg', 'images'],
    ['/images/a.jpg', 'rest'],
    ['/Private/a', 'rest'],
    ['/private/a', 'private'],
    ['//private/a', 'private'],
    ['/x/../private/a', 'private'],
    ['/x/%2e%2e/private/a', 'private'],
    ['/%70rivate/a', 'private'],
    ['/private', 'rest'],
  ] as const) {
    await edge.get(path)
    const { origin: asked, rawPath } = edge.asked.at(-1)!
    assert.deepEqual([asked.id, rawPath], [expected, path])
  }
})

test('what the origin is sent with no policy: the host, the edge, the viewer behind it', async () => {
  const edge = createEdge({ origin: { path: '/prod', headers: [['x-api-key', 'secret']] } })
  await edge.get('/pets?a=1', {
    Accept: 'text/html',
    Authorization: 'Bearer x',
    Cookie: 'a=1',
    'X-Forwarded-For': '198.51.100.1',
    'X-Forwarded-Host': 'evil.example',
    'X-Api-Key': 'guessed',
    Origin: 'https://evil.example',
    Referer: 'https://evil.example/',
    'CloudFront-Viewer-Country': 'XX',
    'X-Edge-Secret': 'x',
    Connection: 'X-Named',
    'X-Named': 'x',
  })
  const [request] = edge.asked
  assert.equal(request?.rawPath, '/prod/pets')
  assert.equal(request?.rawQuery, '')
  assert.deepEqual(request?.headers, [
    ...['Host', 'origin.example'],
    ...['User-Agent', 'Amazon CloudFront'],
    ...['X-Amz-Cf-Id', 'viewer-request-id'],
    ...['Via', '1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)'],
    ...['X-Forwarded-For', '198.51.100.1, 203.0.113.7'],
    ...['x-api-key', 'secret'],
  ])
})

test('all viewer headers but Host reach the origin when a policy says so; a custom header still wins', async () => {
  const headers: Selection = { mode: 'except', names: ['host'] }
  const edge = createEdge({
    cache: uncached,
    request: {
      headers,
      cookies: { mode: 'all' },
      query: { mode: 'all' },
      madeHeaders: ['cloudfront-viewer-address', 'cloudfront-is-mobile-viewer'],
    },
    origin: { headers: [['referer', 'ours']] },
  })
  const viewer = {
    Host: 'd1.cloudfront.net',
    Authorization: 'AWS4-HMAC-SHA256 …',
    Cookie: 'a=1',
    Referer: 'theirs',
    'User-Agent': 'curl/8 iPhone',
  }
  await edge.get('/?a=1', viewer)
  const { headers: sent, rawQuery } = edge.asked[0]!
  assert.equal(rawQuery, 'a=1')
  for (const [name, value] of [
    ['host', 'origin.example'],
    ['authorization', 'AWS4-HMAC-SHA256 …'],
    ['cookie', 'a=1'],
    ['referer', 'ours'],
    ['user-agent', 'curl/8 iPhone'],
    ['cloudfront-viewer-address', '203.0.113.7:50000'],
    ['cloudfront-is-mobile-viewer', 'true'],
  ] as const)
    assert.equal(headerOf(sent, name), value, name)
})

test('settings from before there were policies pass other headers on, but not those that tell viewers apart', async () => {
  const edge = createEdge({ request: { passesOthers: true } })
  await edge.get('/', { 'X-Custom': 'a', Referer: 'b', Accept: 'c', Authorization: 'd' })
  const { headers } = edge.asked[0]!
  assert.equal(headerOf(headers, 'x-custom'), 'a')
  for (const name of ['referer', 'accept', 'authorization'])
    assert.equal(headerOf(headers, name), undefined, name)
})

test('POST keeps its Authorization and its body; GET with a body is refused', async () => {
  const edge = createEdge()
  const body = { hasBody: true, readBody: () => Buffer.from('a=1') }
  const headers = { Authorization: 'Basic x', 'Content-Type': 'text/plain' }
  await edge.get('/', headers, { method: 'POST', ...body })
  assert.equal(headerOf(edge.asked[0]!.headers, 'authorization'), 'Basic x')
  assert.equal(Buffer.from(edge.asked[0]!.body).toString(), 'a=1')
  const refused = await edge.get('/', {}, body)
  assert.deepEqual([refused.status, refused.cache], [403, 'Error'])
})

test('the key holds what the policy lists, and only that', async () => {
  const edge = createEdge({
    cache: {
      query: { mode: 'only', names: ['size'] },
      headers: ['accept-language'],
      cookies: { mode: 'none' },
    },
  })
  const ask = async (path: string, headers = {}) => (await edge.get(path, headers)).cache
  assert.equal(await ask('/?size=1&utm=a', { 'Accept-Language': 'ja' }), 'Miss')
  assert.equal(await ask('/?utm=b&size=1', { 'accept-language': 'ja', Cookie: 'b=2' }), 'Hit')
  assert.equal(await ask('/?size=2', { 'Accept-Language': 'ja' }), 'Miss')
  assert.equal(await ask('/?size=1', { 'Accept-Language': 'en' }), 'Miss')
  assert.equal(await ask('/?size=1'), 'Miss')
  assert.equal(edge.asked[0]?.rawQuery, 'size=1')
  assert.equal(headerOf(edge.asked[0]!.headers, 'accept-language'), 'ja')
})

test('a header without a value and none at all are two keys', async () => {
  const edge = createEdge({ cache: { headers: ['x-a', 'x-b'] } })
  await edge.get('/', { 'x-a': '' })
  assert.equal((await edge.get('/')).cache, 'Miss')
  await edge.get('/', { 'x-a': '-' })
  assert.equal((await edge.get('/', { 'x-a': '', 'x-b': '' })).cache, 'Miss')
})

test('cookies that no policy forwards are not set either; Vary keeps only what counts', async () => {
  const edge = createEdge()
  edge.says = () => ({
    headers: { 'Set-Cookie': 'a=1', Vary: 'Accept-Encoding, Cookie, Origin', Trailer: 'X' },
    body: 'x',
  })
  const { headers } = await edge.get('/')
  assert.equal(headers('set-cookie'), undefined)
  assert.equal(headers('vary'), 'Accept-Encoding')
  assert.equal(headers('trailer'), undefined)
})

test('conditions and ranges are answered from the cache', async () => {
  const edge = createEdge()
  const modified = 'Thu, 01 Jan 2026 00:00:00 GMT'
  edge.says = () => ({ headers: { ETag: '"a"', 'Last-Modified': modified }, body: '0123456789' })
  for (const [headers, status, text, contentRange] of [
    [{ Range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ Range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
    [{ Range: 'bytes=8-99' }, 206, '89', 'bytes 8-9/10'],
    [{ Range: 'bytes=10-' }, 416, '', 'bytes */10'],
    [{ Range: 'bytes=4-2' }, 200, '0123456789', undefined],
    [{ Range: 'bytes=0-1,4-5' }, 200, '0123456789', undefined],
    [{ Range: 'bytes=0-1', 'If-Range': '"b"' }, 200, '0123456789', undefined],
    [{ Range: 'bytes=0-1', 'If-Range': '"a"' }, 206, '01', 'bytes 0-1/10'],
    [{ 'If-None-Match': 'W/"a"' }, 304, '', undefined],
    [{ 'If-None-Match': '"b", "a"' }, 304, '', undefined],
    [{ 'If-None-Match': '"b"', 'If-Modified-Since': modified }, 200, '0123456789', undefined],
    [{ 'If-Modified-Since': modified }, 304, '', undefined],
  ] as const) {
    const got = await edge.get('/', headers as never)
    assert.deepEqual(
      [got.status, got.text, got.headers('content-range')],
      [status, text, contentRange],
      JSON.stringify(headers),
    )
  }
  assert.equal(edge.asked.length, 1)
  assert.equal(headerOf(edge.asked[0]!.headers, 'range'), undefined)
})

test('HEAD is answered from what a GET has left, with the length and without the body', async () => {
  const edge = createEdge()
  await edge.get('/')
  const { status, text, cache, reply } = await edge.get('/', {}, { method: 'HEAD' })
  assert.deepEqual([status, text, cache, reply.bodyBytes], [200, '', 'Hit', 8])
})

test('what is compressible is compressed for those who take it', async () => {
  const edge = createEdge({ behaviour: { compress: true }, cache: { gzip: true } })
  const settings = { ...behaviourSettings, compress: true }
  edge.change({
    behaviours: [{ ...settings, cache: { ...cacheSettings, gzip: true, brotli: true } }],
  })
  const body = 'a'.repeat(2_000)
  edge.says = () => ({ headers: { 'Content-Type': 'text/html', ETag: '"e"' }, body })
  const plain = await edge.get('/')
  assert.deepEqual([plain.text, plain.headers('vary')], [body, 'Accept-Encoding'])
  const zipped = await edge.get('/', { 'Accept-Encoding': 'gzip;q=1, br;q=0' })
  assert.equal(zipped.headers('content-encoding'), 'gzip')
  assert.equal(zipped.headers('etag'), 'W/"e"')
  assert.equal(gunzipSync(zipped.reply.body as Uint8Array).toString(), body)
  const brotli = await edge.get('/', { 'Accept-Encoding': 'gzip, deflate, br' })
  assert.equal(brotli.headers('content-encoding'), 'br')
  assert.equal(headerOf(edge.asked[2]!.headers, 'accept-encoding'), 'br,gzip')
})

test('what the origin has not said the length of is not compressed', async () => {
  const cache = { ...cacheSettings, gzip: true }
  const edge = createEdge({ behaviour: { compress: true, cache } })
  const body = 'a'.repeat(2_000)
  const pieces = async function* () {
    yield Buffer.from(body)
  }
  const asked = { 'Accept-Encoding': 'gzip' }
  edge.says = () => ({ headers: { 'Content-Type': 'text/html' }, body: pieces() })
  assert.equal((await edge.get('/unsaid', asked)).text, body)
  const headers = { 'Content-Type': 'text/html', 'Content-Length': '2000' }
  edge.says = () => ({ headers, body: pieces() })
  assert.equal((await edge.get('/said', asked)).headers('content-encoding'), 'gzip')
})

test('viewers who come without TLS are sent away, or sent on, as the behaviour says', async () => {
  const only = createEdge({ behaviour: { viewerProtocol: 'https-only' } })
  assert.equal((await only.get('/')).status, 403)
  const redirecting = createEdge({ behaviour: { viewerProtocol: 'redirect-to-https' } })
  const { status, headers, cache } = await redirecting.get('/a?b=1')
  assert.deepEqual(
    [status, headers('location'), cache],
    [301, 'https://d111111abcdef8.cloudfront.localhost/a?b=1', 'Redirect'],
  )
  assert.equal((await redirecting.get('/', {}, { isSecure: true })).status, 200)
  const named = await redirecting.get('/a', {}, { host: 'localhost', prefix: '/_aws/cloudfront/E' })
  assert.equal(named.headers('location'), 'https://localhost/_aws/cloudfront/E/a')
  const posted = await redirecting.get('/a', {}, { method: 'POST', hasBody: true })
  assert.deepEqual([posted.status, posted.cache], [307, 'Redirect'], 'with method and body')
})

test('a country may be shut out; whose country nobody knows is served', async () => {
  const countries: Record<string, string> = { '203.0.113.7': 'JP', '203.0.113.8': 'FR' }
  const edge = createEdge({
    snapshot: { geo: { type: 'whitelist', countries: ['JP'] } },
    countryOf: (address) => countries[address],
  })
  assert.equal((await edge.get('/')).status, 200)
  assert.equal((await edge.get('/', {}, { sourceIp: '203.0.113.9' })).status, 200)
  const { status, text, cache } = await edge.get('/', {}, { sourceIp: '203.0.113.8' })
  assert.deepEqual([status, cache], [403, 'Error'])
  assert.match(text, /configured to block access from your country/)
  assert.match(text, /Request ID: viewer-request-id/)
})

test('a chain of distributions ends at the third', async () => {
  const edge = createEdge()
  const hop = '1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)'
  assert.equal((await edge.get('/a', { Via: hop })).status, 200)
  assert.equal((await edge.get('/b', { Via: `${hop}, ${hop}` })).status, 403)
})

test('a page stands in for an error, with the status that was chosen', async () => {
  const edge = createEdge({
    snapshot: {
      errorResponses: [
        { status: 404, page: { path: '/errors/404.html', status: 200 }, cachingMinTtl: 60 },
      ],
    },
  })
  edge.says = ({ rawPath }) =>
    rawPath === '/errors/404.html' ? { body: 'sorry' } : { status: 404, body: 'no' }
  const { status, text, cache } = await edge.get('/gone')
  assert.deepEqual([status, text, cache], [200, 'sorry', 'Error'])
  edge.advance(59)
  await edge.get('/gone')
  assert.equal(edge.asked.length, 2)
})

test('an origin that cannot be reached is asked again, then the next of its group', async () => {
  const second = { ...originSettings, id: 'second', domainName: 'second.example' }
  const edge = createEdge({
    snapshot: {
      origins: [originSettings, second],
      groups: [{ id: 'group', members: ['origin', 'second'], statuses: [503] }],
      behaviours: [{ ...behaviourSettings, targetId: 'group' }],
    },
  })
  edge.says = ({ origin }) => {
    if (origin.id === 'origin') throw new OriginError('UNREACHABLE', 'refused')
    return { body: 'second' }
  }
  assert.equal((await edge.get('/a')).text, 'second')
  assert.deepEqual(
    edge.asked.map(({ origin }) => origin.id),
    ['origin', 'origin', 'origin', 'second'],
  )
  edge.says = ({ origin }) => (origin.id === 'origin' ? { status: 503 } : { body: 'second' })
  assert.equal((await edge.get('/b')).text, 'second')
  edge.says = () => ({ status: 500, body: 'first' })
  assert.equal((await edge.get('/c')).text, 'first')
})

test('what goes wrong at the origin is a page of CloudFront and nothing of the inside', async () => {
  for (const [code, status] of [
    ['UNREACHABLE', 502],
    ['BROKEN', 502],
    ['CONNECT_TIMEOUT', 504],
    ['READ_TIMEOUT', 504],
  ] as const) {
    const edge = createEdge()
    edge.says = () => {
      throw new OriginError(code, 'connect ECONNREFUSED 10.0.0.1:80')
    }
    const got = await edge.get('/')
    assert.deepEqual(
      [got.status, got.headers('server'), got.cache],
      [status, 'CloudFront', 'Error'],
    )
    assert.doesNotMatch(got.text, /10\.0\.0\.1/)
    assert.match(got.reply.outcome.detail ?? '', /ECONNREFUSED/)
  }
})

test('a POST is not asked twice', async () => {
  const edge = createEdge()
  edge.says = () => {
    throw new OriginError('BROKEN', 'reset')
  }
  await edge.get('/', {}, { method: 'POST' })
  assert.equal(edge.asked.length, 1)
})

test('requests beyond what CloudFront takes are refused', async () => {
  const edge = createEdge()
  assert.equal((await edge.get(`/${'a'.repeat(8_192)}`)).status, 414)
  assert.equal((await edge.get('/', { 'X-Long': 'a'.repeat(32_768) })).status, 494)
  edge.change({ isEnabled: false })
  assert.equal((await edge.get('/')).status, 403)
})

test('a default root object answers for the root alone', async () => {
  const edge = createEdge({ snapshot: { defaultRootObject: 'index.html' } })
  await edge.get('/')
  await edge.get('/a/')
  assert.deepEqual(
    edge.asked.map(({ rawPath }) => rawPath),
    ['/index.html', '/a/'],
  )
})
