import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEdge } from './edge.fixture.ts'
import { type Directives, readDirectives } from './freshness.ts'

const rows: readonly (readonly [list: string, expected: Partial<Directives>])[] = [
  ['', { isForbidden: false }],
  ['no-store', { isForbidden: true }],
  ['public, NO-CACHE', { isForbidden: true }],
  ['no-cache=""', { isForbidden: true }],
  ['private=x', { isForbidden: true }],
  ['no-cache="Set-Cookie, X-Who"', { isForbidden: false, unkept: ['set-cookie', 'x-who'] }],
  ['no-cache="Set-Cookie", no-cache', { isForbidden: true }],
  ['no-store="Set-Cookie"', { isForbidden: true }],
  ['max-age=5, max-age=60', { maxAge: 5 }],
  ['max-age="5"', { maxAge: 5 }],
  ['x="max-age=60", max-age=5', { maxAge: 5 }],
]

for (const [list, expected] of rows)
  test(`Cache-Control: ${list}`, () => {
    const { isForbidden, unkept, maxAge } = readDirectives(list)
    assert.partialDeepStrictEqual({ isForbidden, unkept, maxAge }, expected)
  })

test('headers as long as they may be are read at once', async () => {
  const begin = performance.now()
  readDirectives(`${'a'.repeat(32_000)}!`)
  const edge = createEdge({
    request: { madeHeaders: ['cloudfront-is-tablet-viewer', 'cloudfront-is-mobile-viewer'] },
  })
  await edge.get('/', { 'User-Agent': 'Android'.repeat(2_500) })
  // It was sixteen seconds, and some more for each viewer.
  assert.ok(performance.now() - begin < 2_000)
})

test('a header that is for one viewer alone is not kept for the next', async () => {
  const edge = createEdge({
    cache: { minTtl: 60, cookies: { mode: 'only', names: ['a'] } },
  })
  edge.says = () => ({
    headers: { 'Cache-Control': 'max-age=90, no-cache="Set-Cookie"', 'Set-Cookie': 'id=1' },
    body: 'x',
  })
  const [first, second] = [await edge.get('/'), await edge.get('/')]
  assert.deepEqual([first.cache, first.headers('set-cookie')], ['Miss', 'id=1'])
  assert.deepEqual([second.cache, second.headers('set-cookie')], ['Hit', undefined])
})

const agents: readonly (readonly [agent: string, kind: string])[] = [
  ['Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126 Mobile Safari/537.36', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 14; Pixel Tablet) Chrome/126 Safari/537.36', 'tablet'],
  ['Mozilla/5.0 (Linux; Android 9; SM-T510) Chrome/126 Safari/537.36', 'tablet'],
  ['Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Mobile/15E148', 'tablet'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148', 'mobile'],
  ['Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0', 'desktop'],
]

for (const [agent, kind] of agents)
  test(`a ${kind} viewer: ${agent}`, async () => {
    const kinds = ['desktop', 'mobile', 'tablet']
    const madeHeaders = kinds.map((each) => `cloudfront-is-${each}-viewer`)
    const edge = createEdge({ request: { madeHeaders } })
    await edge.get('/', { 'User-Agent': agent })
    const { headers } = edge.asked[0]!
    const said = madeHeaders.filter(
      (name) => headers[headers.findIndex((each) => each.toLowerCase() === name) + 1] === 'true',
    )
    assert.deepEqual(said, [`cloudfront-is-${kind}-viewer`])
  })

for (const [header, value] of [
  ['If-None-Match', '"2"'],
  ['If-Modified-Since', new Date(Date.UTC(2027, 0, 1)).toUTCString()],
] as const)
  test(`no viewer makes what is stale fresh: HEAD with ${header}`, async () => {
    const edge = createEdge()
    const last = new Date(Date.UTC(2025, 0, 1)).toUTCString()
    const said = { 'Cache-Control': 'max-age=10', 'Last-Modified': last }
    edge.says = () => ({ headers: said, body: 'old' })
    await edge.get('/')
    edge.advance(10)
    edge.says = ({ headers }) =>
      headers.includes(value) ? { status: 304 } : { headers: said, body: 'new' }
    await edge.get('/', { [header]: value }, { method: 'HEAD' })
    assert.equal((await edge.get('/')).text, 'new')
  })

test('what is stale is served where the origin fails, for the maximum TTL and no longer', async () => {
  const edge = createEdge({ cache: { defaultTtl: 10, maxTtl: 60 } })
  await edge.get('/')
  edge.says = () => ({ status: 503 })
  edge.advance(69)
  assert.deepEqual([(await edge.get('/')).status, edge.asked.length], [200, 2])
  edge.advance(1)
  assert.equal((await edge.get('/')).status, 503)
})
