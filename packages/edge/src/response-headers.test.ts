import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEdge } from './edge.fixture.ts'

/** What a policy allows, where a viewer says that it comes from, and whether that is allowed. */
const rows: readonly (readonly [allowed: string, origin: string, isAllowed: boolean])[] = [
  ['https://example.com', 'https://example.com', true],
  ['https://example.com', 'http://example.com', false],
  ['example.com', 'http://example.com', true],
  ['example.com', 'https://a.example.com', false],
  ['*.example.com', 'https://a.example.com', true],
  ['*.example.com', 'https://example.com', false],
  ['https://*.example.com', 'https://a.b.example.com', true],
  ['https://*.example.com', 'http://a.example.com', false],
  ['https://*.example.com', 'https://evil.example/.example.com', false],
  ['http://localhost:*', 'http://localhost:3000', true],
  ['http://localhost:*', 'http://localhost:3000.evil.example', false],
]

for (const [allowed, origin, isAllowed] of rows)
  test(`${origin} is ${isAllowed ? '' : 'not '}among ${allowed}`, async () => {
    const cors = {
      origins: [allowed],
      methods: ['GET'],
      headers: [],
      exposed: [],
      allowsCredentials: false,
      replaces: true,
    }
    const edge = createEdge({ behaviour: { responseHeaders: { set: [], removed: [], cors } } })
    const { headers } = await edge.get('/', { Origin: origin })
    assert.equal(headers('access-control-allow-origin'), isAllowed ? origin : undefined)
  })

test('a response headers policy adds, replaces and removes; CORS is for those who say where they come from', async () => {
  const edge = createEdge({
    behaviour: {
      responseHeaders: {
        set: [
          ['X-Frame-Options', 'SAMEORIGIN', false],
          ['X-Content-Type-Options', 'nosniff', true],
        ],
        removed: ['x-powered-by'],
        cors: {
          origins: ['https://*.example.com'],
          methods: ['GET'],
          headers: ['*'],
          exposed: [],
          allowsCredentials: false,
          replaces: false,
        },
      },
    },
  })
  edge.says = () => ({
    headers: {
      'X-Powered-By': 'x',
      'X-Frame-Options': 'DENY',
      'X-Content-Type-Options': 'sniff',
    },
    body: 'x',
  })
  const plain = await edge.get('/')
  assert.deepEqual(
    [
      'x-powered-by',
      'x-frame-options',
      'x-content-type-options',
      'access-control-allow-origin',
    ].map(plain.headers),
    [undefined, 'DENY', 'nosniff', undefined],
  )
  const allowed = await edge.get('/', { Origin: 'https://a.example.com' })
  assert.equal(allowed.headers('access-control-allow-origin'), 'https://a.example.com')
  const strange = await edge.get('/', { Origin: 'https://a.example.com.evil.example' })
  assert.equal(strange.headers('access-control-allow-origin'), undefined)
})
