/**
 * A million keys through `serve` in a process of its own, from an origin that answers at once out of a larger buffer, as
 * sockets do. `node bench/million-keys.ts KEYS MIB` prints what it measured as JSON.
 */
import { compileDistribution, createFlights, createMemoryCache, serve } from '@sekisho/edge'

export interface KeysMeasured {
  readonly seconds: number
  /** Resident, in MB. */
  readonly before: number
  readonly halfway: number
  readonly most: number
}

const [keys, mebibytes] = process.argv.slice(2).map(Number)
const bodyBytes = 1_024
/** Keys that are asked for before memory is looked at: the program itself has to be there. */
const warmUp = 20_000

const distribution = compileDistribution({
  id: 'E1',
  accountId: '000000000000',
  domainName: 'd1.cloudfront.net',
  isEnabled: true,
  defaultRootObject: '',
  origins: [
    {
      ...{ id: 'origin', kind: 'custom', domainName: 'localhost', path: '', headers: [] },
      ...{ protocol: 'http-only', httpPort: 80, httpsPort: 443, attempts: 1 },
      ...{ connectSeconds: 1, readSeconds: 1, keepAliveSeconds: 1 },
    },
  ],
  groups: [],
  behaviours: [
    {
      ...{ pathPattern: '*', targetId: 'origin', viewerProtocol: 'allow-all', compress: false },
      ...{ allowedMethods: ['GET', 'HEAD'], cachedMethods: ['GET', 'HEAD'] },
      cache: {
        ...{ minTtl: 0, defaultTtl: 86_400, maxTtl: 31_536_000, headers: [] },
        ...{ cookies: { mode: 'none' }, query: { mode: 'all' }, gzip: true, brotli: true },
      },
      request: {
        ...{ headers: { mode: 'none' }, madeHeaders: [], cookies: { mode: 'none' } },
        ...{ query: { mode: 'none' }, passesOthers: false },
      },
    },
  ],
  errorResponses: [],
  geo: { type: 'none', countries: [] },
  invalidated: 0,
  invalidations: [],
})

const said = [
  ...['Server', 'nginx', 'Content-Type', 'application/octet-stream', 'Connection', 'keep-alive'],
  ...['Content-Length', String(bodyBytes), 'Cache-Control', 'max-age=86400', 'ETag', '"5f4-400"'],
  ...['Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT', 'Accept-Ranges', 'bytes'],
].map((text) => Buffer.from(text))

function edgeOf(limitBytes: number) {
  return {
    flights: createFlights(),
    ports: {
      nowMs: Date.now,
      cache: createMemoryCache(limitBytes),
      runFunction: async (_: unknown, event: string) => event,
      countryOf: () => undefined,
      nodeId: '0'.repeat(32),
      pop: 'NRT57-P2',
      percentile: () => 0,
      onFailure: (error: unknown) => {
        throw error
      },
      ask: async () => ({
        status: 200,
        headers: said.map((text) => text.toString('latin1')),
        body: new Uint8Array(new ArrayBuffer(bodyBytes + 300), 300),
      }),
    },
  }
}

async function ask(count: number, edge: ReturnType<typeof edgeOf>): Promise<void> {
  const target = Buffer.from(`/1?n=${count}`).toString('latin1')
  const { status } = await serve(
    {
      requestId: 'request',
      method: 'GET',
      rawPath: target.slice(0, 2),
      rawQuery: target.slice(3),
      headers: ['Host', 'd1.cloudfront.net', 'Cookie', Buffer.alloc(500, 97).toString('latin1')],
      host: 'd1.cloudfront.net',
      sourceIp: '127.0.0.1',
      sourcePort: 50_000,
      isSecure: false,
      hasBody: false,
      readBody: () => new Uint8Array(),
    },
    distribution,
    edge,
  )
  if (status !== 200) throw new Error(`status ${status}`)
}

const residentMb = () => process.memoryUsage.rss() / 1_048_576
const small = edgeOf(1_048_576)
for (let count = 0; count < warmUp; count++) await ask(count, small)
const edge = edgeOf(mebibytes! * 1_048_576)
const before = residentMb()
const begun = performance.now()
let [halfway, most] = [before, before]
for (let count = 0; count < keys!; count++) {
  await ask(count, edge)
  if (count % 1_000 !== 0) continue
  most = Math.max(most, residentMb())
  if (count < keys! / 2) halfway = most
  // Sockets give others their turn too.
  await new Promise(setImmediate)
}
const seconds = (performance.now() - begun) / 1_000
const measured: KeysMeasured = { seconds, before, halfway, most }
console.log(JSON.stringify(measured))
