import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cacheKeyOf, encodingOf } from './cache-key.ts'
import { compileDistribution } from './distribution.ts'
import {
  behaviourSettings,
  cacheSettings,
  createEdge,
  originSettings,
  requestSettings,
  snapshot,
} from './edge.fixture.ts'
import { headerOf } from './headers.ts'
import { originRequestOf } from './origin-request.ts'
import type { Admitted } from './viewer.ts'

const names = ['a', 'b', 'A', 'utm', 'a%20']
const values = fc.constantFrom('', '1', '2', '-', '=', 'x=y', '%0A', 'a, b')
const pairs = fc.array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 4 })
const selection = fc.oneof(
  fc.constant({ mode: 'none' } as const),
  fc.constant({ mode: 'all' } as const),
  fc.record({ mode: fc.constant('only' as const), names: fc.subarray(names) }),
  fc.record({ mode: fc.constant('except' as const), names: fc.subarray(names) }),
)
const viewer = fc.record({
  path: fc.constantFrom('/', '/a', '/a/', '/%61', '//a', '/a\u00e9'),
  query: pairs,
  cookies: pairs,
  headers: fc.array(fc.tuple(fc.constantFrom('x-a', 'X-B', 'accept-encoding', 'host'), values), {
    maxLength: 4,
  }),
})
const policy = fc.record({
  query: selection,
  cookies: selection,
  headers: fc.subarray(['x-a', 'x-b', 'host']),
  gzip: fc.boolean(),
  brotli: fc.boolean(),
})

const knows = { countryOf: () => undefined, nodeId: '0'.repeat(32) }

/** Everything of a request to the origin that a viewer can change, as the cache's policy alone would send it. */
const varying = ['host', 'x-a', 'x-b', 'cookie', 'accept-encoding']

test('who shares a key would have asked the origin for the same', () => {
  fc.assert(
    fc.property(policy, viewer, viewer, (chosen, one, other) => {
      const distribution = compileDistribution({
        ...snapshot,
        behaviours: [
          {
            ...behaviourSettings,
            cache: { ...cacheSettings, ...chosen },
            request: requestSettings,
          },
        ],
      })
      const asked = [one, other].map(({ path, query, cookies, headers }) => {
        const text = (list: readonly (readonly [string, string])[], between: string) =>
          list.map(([name, value]) => `${name}=${value}`).join(between)
        const admitted: Admitted = {
          distribution,
          behaviour: distribution.behaviours[0]!,
          viewer: {
            requestId: 'id',
            method: 'GET',
            rawPath: path,
            rawQuery: text(query, '&'),
            headers: [
              ...headers.flat(),
              ...(cookies.length > 0 ? ['Cookie', text(cookies, '; ')] : []),
            ],
            host: headerOf(headers.flat(), 'host') ?? '',
            sourceIp: '203.0.113.7',
            sourcePort: 1,
            isSecure: true,
            hasBody: false,
            readBody: () => new Uint8Array(),
          },
        }
        const encoding = encodingOf(admitted)
        const wanted = {
          admitted,
          path,
          encoding,
          body: new Uint8Array(),
          isForCache: true,
          conditions: [],
        }
        const request = originRequestOf(wanted, snapshot.origins[0]!, knows)
        return {
          key: cacheKeyOf(admitted, path, encoding, knows.countryOf),
          request: [
            request.rawPath,
            request.rawQuery,
            ...varying.map((name) => joined(request.headers, name)),
          ],
        }
      })
      if (asked[0]!.key === asked[1]!.key) assert.deepEqual(asked[0]!.request, asked[1]!.request)
    }),
    { numRuns: 2_000 },
  )
})

/** Several of a name are one list. */
function joined(headers: readonly string[], wanted: string): string | undefined {
  const found = headers.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === wanted ? [headers[at + 1]!] : [],
  )
  return found.length === 0 ? undefined : found.join(', ')
}

test('what a function rewrites is not kept for the behaviour whose path it gets', async () => {
  const rewritten = JSON.stringify({ method: 'GET', uri: '/page', headers: {} })
  const edge = createEdge({
    snapshot: {
      origins: [originSettings, { ...originSettings, id: 'secret' }],
      behaviours: [
        {
          ...behaviourSettings,
          pathPattern: '/private/*',
          targetId: 'secret',
          functions: { viewerRequest: { id: 'f', code: '' } },
        },
        behaviourSettings,
      ],
    },
    runFunction: async () => rewritten,
  })
  edge.says = ({ origin }) => ({ body: origin.id })
  assert.equal((await edge.get('/private/page')).text, 'secret')
  assert.equal((await edge.get('/page')).text, 'origin')
  assert.equal((await edge.get('/private/other')).cache, 'Hit')
})

test('the key of a policy that asks for another header is another', async () => {
  const keyed = (name: string) => ({
    behaviours: [{ ...behaviourSettings, cache: { ...cacheSettings, headers: [name] } }],
  })
  const edge = createEdge({ snapshot: keyed('x-language') })
  await edge.get('/', { 'X-Language': 'one' })
  edge.change(keyed('x-tenant'))
  assert.equal((await edge.get('/', { 'X-Tenant': 'one' })).cache, 'Miss')
})
