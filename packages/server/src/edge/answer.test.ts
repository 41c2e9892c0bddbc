import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compileDistribution,
  createFlights,
  createMemoryCache,
  type DistributionSnapshot,
  type LoggedCall,
  type OriginResponse,
} from '@sekisho/edge'
import type { Arrival } from '../arrival.ts'
import { createAnswerViewer } from './answer.ts'

const none = { mode: 'none' } as const
const snapshot: DistributionSnapshot = {
  id: 'EDISTRIBUTION1',
  accountId: '111111111111',
  domainName: 'd111111abcdef8.cloudfront.net',
  isEnabled: true,
  defaultRootObject: '',
  origins: [
    {
      ...{ id: 'origin', kind: 'custom', domainName: 'origin.example', path: '', headers: [] },
      ...{ protocol: 'http-only', httpPort: 80, httpsPort: 443, attempts: 1 },
      ...{ connectSeconds: 1, readSeconds: 1, keepAliveSeconds: 1 },
    },
  ],
  groups: [],
  behaviours: [
    {
      ...{ pathPattern: '*', targetId: 'origin', viewerProtocol: 'allow-all', compress: false },
      ...{ allowedMethods: ['GET'], cachedMethods: ['GET'] },
      cache: {
        ...{ minTtl: 0, defaultTtl: 0, maxTtl: 0, headers: [], cookies: none, query: none },
        ...{ gzip: false, brotli: false },
      },
      request: { headers: none, madeHeaders: [], cookies: none, query: none, passesOthers: false },
    },
  ],
  errorResponses: [],
  geo: { type: 'none', countries: [] },
  invalidated: 0,
  invalidations: [],
  logging: { bucket: 'logs', prefix: '', includesCookies: false },
}

/** The lines of a log of one call, whose answer is taken or abandoned. */
async function logged(status: number, take: (body: AsyncIterable<unknown>) => Promise<unknown>) {
  const calls: LoggedCall[] = []
  let isAbandoned = false
  const body = {
    async *[Symbol.asyncIterator]() {
      yield new Uint8Array(3)
      yield new Uint8Array(4)
    },
    destroy() {
      isAbandoned = true
    },
  }
  const answer = createAnswerViewer({
    distributions: { find: () => compileDistribution(snapshot) },
    trail: { record: () => {} },
    logs: { note: (_, call) => void calls.push(call) },
    pop: 'NRT57-P2',
    onFailure: (detail) => assert.fail(detail),
    edge: {
      flights: createFlights(),
      ports: {
        nowMs: () => 0,
        ask: async (): Promise<OriginResponse> => ({ status, headers: [], body }),
        cache: createMemoryCache(1_000),
        runFunction: () => assert.fail('there is no function'),
        countryOf: () => undefined,
        nodeId: '0'.repeat(32),
        pop: 'NRT57-P2',
        percentile: () => 0,
        onFailure: (error) => assert.fail(String(error)),
      },
    },
  })
  const arrival = { method: 'GET', rawPath: '/', rawQuery: '', headers: [], host: 'd.localhost' }
  const reply = await answer(
    arrival as unknown as Arrival,
    { name: 'd', path: '/' } as Parameters<typeof answer>[1],
    { address: '127.0.0.1', isSecure: false } as Parameters<typeof answer>[2],
  )
  if (!(reply.body instanceof Uint8Array)) await take(reply.body as AsyncIterable<unknown>)
  const lines = calls.map(({ bodyBytes, isCutShort }) => ({ bodyBytes, isCutShort }))
  return { lines, isAbandoned }
}

const destroy = async (body: AsyncIterable<unknown>) => (body as { destroy?(): void }).destroy?.()

test('an answer that is taken to its end is logged once, with its length', async () => {
  const { lines } = await logged(200, async (body) => {
    await Array.fromAsync(body)
    await destroy(body)
  })
  assert.deepEqual(lines, [{ bodyBytes: 7, isCutShort: false }])
})

test('an answer that nobody takes is logged as cut short, and let go of', async () => {
  assert.deepEqual(await logged(200, destroy), {
    lines: [{ bodyBytes: 0, isCutShort: true }],
    isAbandoned: true,
  })
})

test('an answer that has no body is logged as it is', async () => {
  assert.deepEqual(await logged(304, destroy), {
    lines: [{ bodyBytes: 0, isCutShort: false }],
    isAbandoned: true,
  })
})
