import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { letGo, readUpTo } from './bodies.ts'
import { createEdge, originSettings, type Settings } from './edge.fixture.ts'
import type { ViewerRequest } from './viewer.ts'

/** Comes by the kilobyte for ever, and knows whether somebody still wants it. */
function endless() {
  const body = {
    isWanted: true,
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: new Uint8Array(1_024) }),
      return: async () => {
        body.isWanted = false
        return { done: true as const, value: undefined }
      },
    }),
  }
  return body
}

interface Row {
  readonly name: string
  readonly settings?: Settings
  readonly headers?: Readonly<Record<string, string>>
  readonly viewer?: Partial<ViewerRequest>
  /** Of the answer that nobody wants. */
  readonly status?: number
}

const functions = { viewerResponse: { id: 'f', code: '' } }
const uncached = { maxTtl: 0 }
const rows: readonly Row[] = [
  { name: 'for a range of what is too long to be kept', headers: { Range: 'bytes=0-9' } },
  { name: 'for a HEAD', settings: { cache: uncached }, viewer: { method: 'HEAD' } },
  {
    name: 'where a page stands in for an error',
    status: 404,
    settings: {
      cache: uncached,
      snapshot: {
        errorResponses: [{ status: 404, cachingMinTtl: 10, page: { path: '/page', status: 404 } }],
      },
    },
  },
  {
    name: 'where a function fails',
    settings: {
      cache: uncached,
      behaviour: { functions },
      runFunction: async () => '0',
    },
  },
  {
    name: 'where a function has another body',
    settings: {
      cache: uncached,
      behaviour: { functions },
      runFunction: async () => '{"statusCode":200,"headers":{},"body":"short"}',
    },
  },
  {
    name: 'where the second origin is asked',
    status: 503,
    settings: {
      behaviour: { targetId: 'group' },
      snapshot: {
        origins: [originSettings, { ...originSettings, id: 'other' }],
        groups: [{ id: 'group', members: ['origin', 'other'], statuses: [503] }],
      },
    },
  },
]

for (const { name, settings, headers, viewer, status = 200 } of rows)
  test(`a body that nobody wants is let go of: ${name}`, async () => {
    const { cache, ...more } = settings ?? {}
    const edge = createEdge({ cacheBytes: 80_000, ...more, ...(cache && { cache }) })
    const body = endless()
    edge.says = () =>
      edge.asked.length === 1 ? { status, body } : { body: 'short', headers: { ETag: '"1"' } }
    await edge.get('/', headers, viewer)
    assert.equal(body.isWanted, false)
  })

test('a body that nobody wants is let go of: where it came behind a stale answer', async () => {
  const edge = createEdge({ cacheBytes: 80_000 })
  edge.says = () => ({
    headers: { 'Cache-Control': 'max-age=1, stale-while-revalidate=60' },
    body: 'short',
  })
  await edge.get('/')
  edge.advance(2)
  const body = endless()
  edge.says = () => ({ body })
  assert.equal((await edge.get('/')).cache, 'Hit')
  for (let turn = 0; body.isWanted && turn < 1_000; turn++) await undefined
  assert.equal(body.isWanted, false)
})

for (const [limit, left, isWhole] of [
  [10, 10, true],
  [9, 10, false],
  [10, 9, false],
] as const)
  test(`ten bytes are ${isWhole ? '' : 'not '}taken in whole where ${limit} may be, and ${left} are left for all`, async () => {
    const room = { left }
    const pieces = [new Uint8Array(5).fill(1), new Uint8Array(5).fill(2)]
    const body = await readUpTo(Readable.from(pieces), limit, room)
    assert.equal(body instanceof Uint8Array, isWhole)
    assert.equal(room.left, left, 'and what was taken is given back')
    const whole = body instanceof Uint8Array ? body : Buffer.concat(await Array.fromAsync(body))
    assert.deepEqual(
      [...whole],
      [...pieces].flatMap((piece) => [...piece]),
    )
    letGo(body)
  })

test('who waits for the next piece of a body does not keep it from being let go of', async () => {
  const { promise: nothing } = Promise.withResolvers<IteratorResult<Uint8Array>>()
  const pieces = [Promise.resolve({ done: false, value: new Uint8Array(5) }), nothing]
  let isWanted = true
  const body = {
    [Symbol.asyncIterator]: () => ({
      next: () => pieces.shift() ?? nothing,
      return: () => nothing,
    }),
    destroy() {
      isWanted = false
    },
  }
  const rest = await readUpTo(body, 1, { left: 100 })
  assert.ok(!(rest instanceof Uint8Array))
  const taken = rest[Symbol.asyncIterator]()
  assert.equal((await taken.next()).value?.length, 5)
  void taken.next()
  letGo(rest)
  assert.equal(isWanted, false)
})
