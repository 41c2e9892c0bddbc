/** A distribution with an origin that says what a test wants, a clock that a test moves, and nothing else. */
import { compileDistribution } from './distribution.ts'
import { headerOf } from './headers.ts'
import { createFlights } from './lookup.ts'
import { createMemoryCache } from './memory-cache.ts'
import type { OriginRequest, OriginResponse } from './ports.ts'
import { serve } from './serve.ts'
import type {
  BehaviourSettings,
  CacheSettings,
  DistributionSnapshot,
  FunctionCode,
  OriginSettings,
  RequestSettings,
} from './snapshot.ts'
import type { ViewerReply, ViewerRequest } from './viewer.ts'

export const cacheSettings: CacheSettings = {
  minTtl: 0,
  defaultTtl: 86_400,
  maxTtl: 31_536_000,
  headers: [],
  cookies: { mode: 'none' },
  query: { mode: 'none' },
  gzip: false,
  brotli: false,
}

export const requestSettings: RequestSettings = {
  headers: { mode: 'none' },
  madeHeaders: [],
  cookies: { mode: 'none' },
  query: { mode: 'none' },
  passesOthers: false,
}

export const originSettings: OriginSettings = {
  id: 'origin',
  kind: 'custom',
  domainName: 'origin.example',
  path: '',
  headers: [],
  protocol: 'http-only',
  httpPort: 80,
  httpsPort: 443,
  attempts: 3,
  connectSeconds: 10,
  readSeconds: 30,
  keepAliveSeconds: 5,
}

export const behaviourSettings: BehaviourSettings = {
  pathPattern: '*',
  targetId: 'origin',
  viewerProtocol: 'allow-all',
  allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
  cachedMethods: ['GET', 'HEAD'],
  compress: false,
  cache: cacheSettings,
  request: requestSettings,
}

export const snapshot: DistributionSnapshot = {
  id: 'EDISTRIBUTION1',
  accountId: '111111111111',
  domainName: 'd111111abcdef8.cloudfront.net',
  isEnabled: true,
  defaultRootObject: '',
  origins: [originSettings],
  groups: [],
  behaviours: [behaviourSettings],
  errorResponses: [],
  geo: { type: 'none', countries: [] },
  invalidated: 0,
  invalidations: [],
}

export interface Said {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

export interface Replied {
  readonly status: number
  readonly headers: (name: string) => string | undefined
  readonly text: string
  /** `Hit from cloudfront` without what is always the same. */
  readonly cache: string
  readonly reply: ViewerReply
}

export interface EdgeTest {
  readonly get: (path: string, headers?: Headers, more?: Partial<ViewerRequest>) => Promise<Replied>
  /** What the origin was asked, in order. */
  readonly asked: OriginRequest[]
  /** What it says from now on. */
  says: (request: OriginRequest) => Said | Promise<Said>
  advance: (seconds: number) => void
  change: (changed: Partial<DistributionSnapshot>) => void
  readonly cacheBytes: () => number
}

type Headers = Readonly<Record<string, string>>

export interface Settings {
  readonly snapshot?: Partial<DistributionSnapshot>
  readonly behaviour?: Partial<BehaviourSettings>
  readonly cache?: Partial<CacheSettings>
  readonly request?: Partial<RequestSettings>
  readonly origin?: Partial<OriginSettings>
  readonly cacheBytes?: number
  readonly runFunction?: (code: FunctionCode, event: string) => Promise<string>
  readonly countryOf?: (address: string) => string | undefined
}

export function createEdge(settings: Settings = {}): EdgeTest {
  const behaviour: BehaviourSettings = {
    ...behaviourSettings,
    cache: { ...cacheSettings, ...settings.cache },
    request: { ...requestSettings, ...settings.request },
    ...settings.behaviour,
  }
  let current: DistributionSnapshot = {
    ...snapshot,
    origins: [{ ...originSettings, ...settings.origin }],
    behaviours: [behaviour],
    ...settings.snapshot,
  }
  let distribution = compileDistribution(current)
  let nowMs = Date.UTC(2026, 0, 1)
  const cache = createMemoryCache(settings.cacheBytes ?? 1_000_000)
  const edge = {
    flights: createFlights(),
    ports: {
      nowMs: () => nowMs,
      cache,
      countryOf: settings.countryOf ?? (() => undefined),
      nodeId: '0123456789abcdef0123456789abcdef',
      pop: 'NRT57-P2',
      percentile: () => 0,
      onFailure: (error: unknown) => {
        throw error
      },
      runFunction: async (code: FunctionCode, event: string) =>
        JSON.parse((await settings.runFunction?.(code, event)) ?? event),
      ask: async (request: OriginRequest): Promise<OriginResponse> => {
        made.asked.push(request)
        const { status = 200, headers = {}, body = '' } = await made.says(request)
        return {
          status,
          headers: Object.entries(headers).flatMap(([name, values]) =>
            [values].flat().flatMap((value) => [name, value]),
          ),
          body: typeof body === 'string' ? Buffer.from(body) : body,
        }
      },
    },
  }
  let count = 0
  const made: EdgeTest = {
    asked: [],
    says: () => ({ body: `answer ${++count}` }),
    advance(seconds) {
      nowMs += seconds * 1_000
    },
    change(changed) {
      current = { ...current, ...changed }
      distribution = compileDistribution(current)
    },
    cacheBytes: cache.sizeBytes,
    async get(path, headers = {}, more = {}) {
      const [rawPath = '', rawQuery = ''] = path.split('?')
      const reply = await serve(
        {
          requestId: 'viewer-request-id',
          method: 'GET',
          rawPath,
          rawQuery,
          headers: Object.entries(headers).flat(),
          host: 'd111111abcdef8.cloudfront.localhost',
          sourceIp: '203.0.113.7',
          sourcePort: 50_000,
          isSecure: false,
          hasBody: false,
          readBody: () => new Uint8Array(),
          ...more,
        },
        distribution,
        edge,
      )
      return {
        status: reply.status,
        headers: (name) => headerOf(reply.headers, name),
        text: await textOf(reply.body),
        cache: headerOf(reply.headers, 'x-cache')?.replace(' from cloudfront', '') ?? '',
        reply,
      }
    },
  }
  return made
}

async function textOf(body: ViewerReply['body']): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  return Buffer.concat(await Array.fromAsync(body)).toString()
}
