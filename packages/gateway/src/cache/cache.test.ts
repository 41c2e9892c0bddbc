import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type CallOptions,
  call,
  headerOf,
  mock,
  nowMs,
  snapshotOf,
  textOf,
} from '../call.fixture.ts'
import type { MethodSettings, SnapshotMethod, StageSettings } from '../snapshot.ts'
import { isCacheKey } from './keys.ts'
import { type KeptResponses, keptResponses } from './store.ts'

const owner = '000000001234'

const backend = (
  cacheKeyParameters: readonly string[] = [],
  more: object = {},
): SnapshotMethod => ({
  ...mock,
  requestParameters: {
    'method.request.path.id': true,
    'method.request.querystring.q': false,
    'method.request.header.X-Who': false,
  },
  methodIntegration: {
    type: 'HTTP_PROXY',
    httpMethod: 'ANY',
    uri: 'http://backend.example/',
    cacheKeyParameters: [...cacheKeyParameters],
    ...more,
  },
})

/** A stage with a cache, and calls to it that count what reaches the backend. */
function cached(
  method: SnapshotMethod,
  settings: MethodSettings = {},
  stage: Partial<StageSettings> = {},
  policy?: object,
) {
  const cache = keptResponses(1_000_000)
  let count = 0
  let status = 200
  let now = nowMs
  const snapshot = snapshotOf(
    { '/pets/{id}': { GET: method, POST: method }, '/all/{id}': { ANY: method } },
    policy && { policy: JSON.stringify({ Version: '2012-10-17', Statement: policy }) },
  )
  const ask = async (path: string, more: CallOptions = {}) => {
    const reply = await call(snapshot, {
      path,
      cache,
      now,
      upstream: () => ({
        status,
        headers: ['Content-Type', 'text/plain'],
        body: Buffer.from(`answer ${++count}`),
      }),
      stage: {
        cacheClusterEnabled: true,
        ...(Object.keys(settings).length > 0 && { methodSettings: { '*/*': settings } }),
        ...stage,
      },
      ...more,
    })
    return { reply, text: textOf(reply), warning: headerOf(reply, 'Warning') }
  }
  return {
    ask,
    text: async (path: string, more?: CallOptions) => (await ask(path, more)).text,
    pass: (ms: number) => {
      now += ms
    },
    answerWith: (next: number) => {
      status = next
    },
  }
}

const anew: CallOptions = { headers: ['Cache-Control', 'max-age=0'] }

test('a response is kept for five minutes, whoever asks', async () => {
  const { text, pass } = cached(backend())
  assert.equal(await text('/pets/1'), 'answer 1')
  pass(299_999)
  assert.equal(await text('/pets/2', { query: 'q=3', sourceIp: '9.9.9.9' }), 'answer 1')
  pass(1)
  assert.equal(await text('/pets/1'), 'answer 2')
})

test('what is told apart is what the method says', async () => {
  const { text } = cached(
    backend([
      'method.request.path.id',
      'method.request.querystring.q',
      'method.request.header.X-Who',
    ]),
  )
  const asked = ['/pets/1', '/pets/2', '/pets/1']
  assert.deepEqual(
    [await text(asked[0]!), await text(asked[1]!), await text(asked[2]!)],
    ['answer 1', 'answer 2', 'answer 1'],
  )
  assert.equal(await text('/pets/1', { query: 'q=1' }), 'answer 3')
  assert.equal(await text('/pets/1', { query: 'q=1&other=2' }), 'answer 3')
  assert.equal(await text('/pets/1', { headers: ['x-who', 'me'] }), 'answer 4')
})

test('a parameter that the integration is given tells responses apart as well', async () => {
  const { text } = cached(
    backend(['integration.request.header.who'], {
      requestParameters: { 'integration.request.header.who': 'method.request.querystring.q' },
    }),
  )
  assert.equal(await text('/pets/1', { query: 'q=1' }), 'answer 1')
  assert.equal(await text('/pets/1', { query: 'q=2' }), 'answer 2')
  assert.equal(await text('/pets/9', { query: 'q=1' }), 'answer 1')
})

test('no parameter can pass for two', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (id, q) => {
      const { text } = cached(
        backend(['method.request.querystring.q', 'method.request.header.X-Who']),
      )
      const safe = (value: string) => encodeURIComponent(value.toWellFormed())
      const first = await text('/pets/1', { query: `q=${safe(`${id}","${q}`)}` })
      const second = await text('/pets/1', { query: `q=${safe(id)}`, headers: ['X-Who', safe(q)] })
      return first !== second
    }),
    { numRuns: 30 },
  )
})

test('methods of one namespace share their responses, each HTTP method its own', async () => {
  const { text } = cached(
    backend([], { cacheNamespace: 'shared' }),
    {},
    {
      methodSettings: { '~1pets~1{id}/POST': { cachingEnabled: true } },
    },
  )
  assert.equal(await text('/pets/1'), 'answer 1')
  assert.equal(await text('/all/1'), 'answer 1')
  assert.equal(await text('/pets/1', { method: 'POST' }), 'answer 2')
  assert.equal(await text('/pets/1', { method: 'POST' }), 'answer 2')
})

test('of what is set for all methods only GET is meant', async () => {
  const { text } = cached(backend(), { cachingEnabled: true })
  assert.equal(await text('/all/1', { method: 'PUT' }), 'answer 1')
  assert.equal(await text('/all/1', { method: 'PUT' }), 'answer 2')
  assert.equal(await text('/all/1'), 'answer 3')
  assert.equal(await text('/all/1'), 'answer 3')
})

test('methods by other names are one: they have what is set for ANY', async () => {
  const { text } = cached(
    backend(),
    {},
    {
      methodSettings: { '~1all~1{id}/ANY': { cachingEnabled: true } },
    },
  )
  const odd = (name: string): CallOptions => ({ headers: ['X-HTTP-Method-Override', name] })
  assert.equal(await text('/all/1', odd('PURGE')), 'answer 1')
  assert.equal(await text('/all/1', odd('PURGE')), 'answer 1')
  assert.equal(await text('/all/1', odd('CONJURE')), 'answer 2')
})

for (const [name, settings, stage] of [
  ['without a cluster', {}, { cacheClusterEnabled: false }],
  ['with no time to keep it', { cacheTtlInSeconds: 0 }, {}],
  ['where caching is off', { cachingEnabled: false }, {}],
] as const)
  test(`nothing is kept ${name}`, async () => {
    const { text } = cached(backend(), settings, stage)
    assert.deepEqual([await text('/pets/1'), await text('/pets/1')], ['answer 1', 'answer 2'])
  })

test('an error is not kept', async () => {
  const { text, answerWith } = cached(backend())
  answerWith(500)
  assert.equal(await text('/pets/1'), 'answer 1')
  answerWith(200)
  assert.deepEqual([await text('/pets/1'), await text('/pets/1')], ['answer 2', 'answer 2'])
})

test('what a backend compressed for one client is not kept for others', async () => {
  const { text } = cached(backend())
  const upstream = () => ({
    status: 200,
    headers: ['Content-Encoding', 'gzip'],
    body: Buffer.from('zipped'),
  })
  assert.equal(await text('/pets/1', { upstream }), 'zipped')
  assert.equal(await text('/pets/1'), 'answer 1')
})

test('a flush forgets the stage, and a canary keeps its own unless it is told to share', async () => {
  const cache = keptResponses(1_000_000)
  let count = 0
  const ask = async (stage: Partial<StageSettings>) =>
    textOf(
      await call(snapshotOf({ '/': { GET: backend() } }), {
        cache,
        stage: { cacheClusterEnabled: true, ...stage },
        upstream: () => ({ status: 200, headers: [], body: Buffer.from(String(++count)) }),
      }),
    )
  const canary = (useStageCache: boolean) => ({
    isCanary: true as const,
    canarySettings: { deploymentId: 'other', percentTraffic: 50, useStageCache },
  })
  assert.deepEqual(
    [await ask({}), await ask({}), await ask({ cacheFlushedAt: 1 })],
    ['1', '1', '2'],
  )
  assert.deepEqual([await ask(canary(true)), await ask(canary(false))], ['1', '3'])
})

test('what is made anew is old everywhere before it is asked for', async () => {
  const happened: string[] = []
  const cache = keptResponses(1_000_000, async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    happened.push('told')
  })
  const ask = (headers: readonly string[] = []) =>
    call(snapshotOf({ '/': { GET: backend() } }), {
      cache,
      headers,
      stage: {
        cacheClusterEnabled: true,
        methodSettings: { '*/*': { requireAuthorizationForCacheControl: false } },
      },
      upstream() {
        happened.push('asked')
        return { status: 200, headers: [], body: new Uint8Array() }
      },
    })
  await ask()
  await ask()
  await ask(['Cache-Control', 'max-age=0'])
  assert.deepEqual(happened, ['asked', 'told', 'asked'])
})

test('what another process has made anew is not answered with', async () => {
  const cache = keptResponses(1_000_000)
  cache.put('a', { status: 200, headers: [], body: 'old' }, nowMs + 1_000)
  cache.drop('a')
  cache.drop('none')
  assert.deepEqual([cache.get('a', nowMs), cache.sizeBytes()], [undefined, 0])
})

test('whoever may not have a response made anew is told, refused or left alone, as the stage says', async () => {
  const loud = cached(backend())
  await loud.ask('/pets/1')
  const warned = await loud.ask('/pets/1', anew)
  assert.equal(warned.text, 'answer 1')
  assert.match(warned.warning ?? '', /^199 .* unauthorized/)
  const silent = cached(backend(), {
    unauthorizedCacheControlHeaderStrategy: 'SUCCEED_WITHOUT_RESPONSE_HEADER',
  })
  await silent.ask('/pets/1')
  const ignored = await silent.ask('/pets/1', anew)
  assert.deepEqual([ignored.text, ignored.warning], ['answer 1', undefined])
  const strict = cached(backend(), { unauthorizedCacheControlHeaderStrategy: 'FAIL_WITH_403' })
  await strict.ask('/pets/1')
  const refused = await strict.ask('/pets/1', anew)
  assert.equal(refused.reply.status, 403)
  assert.match(refused.text, /not authorized to perform: execute-api:InvalidateCache on resource/)
  assert.equal(refused.reply.outcome.authorization?.request.action, 'execute-api:InvalidateCache')
})

test('a stage that asks nobody makes it anew for everybody, and keeps the new one', async () => {
  const { text } = cached(backend(), { requireAuthorizationForCacheControl: false })
  assert.equal(await text('/pets/1'), 'answer 1')
  assert.equal(await text('/pets/1', anew), 'answer 2')
  assert.equal(
    await text('/pets/1', { headers: ['cache-control', 'no-store, Max-Age=0'] }),
    'answer 3',
  )
  assert.equal(await text('/pets/1', { headers: ['Cache-Control', 'max-age=01'] }), 'answer 3')
  assert.equal(await text('/pets/1'), 'answer 3')
})

const allow = (Action: string, Principal: unknown = '*') => ({
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
})

test('execute-api:InvalidateCache is decided by the policies that decide the call', async () => {
  const invoking = cached(backend(), {}, {}, [allow('execute-api:Invoke')])
  await invoking.ask('/pets/1')
  assert.equal(await invoking.text('/pets/1', anew), 'answer 1')
  const open = cached(backend(), {}, {}, [allow('execute-api:*')])
  await open.ask('/pets/1')
  assert.equal(await open.text('/pets/1', anew), 'answer 2')
  const signed = cached({ ...backend(), authorizationType: 'AWS_IAM' })
  await signed.ask('/pets/1', { signedBy: owner })
  assert.equal(
    await signed.text('/pets/1', { ...anew, signedBy: owner }),
    'answer 2',
    'the root user',
  )
  const denied = cached({ ...backend(), authorizationType: 'AWS_IAM' }, {}, {}, [
    { ...allow('execute-api:InvalidateCache'), Effect: 'Deny' },
  ])
  await denied.ask('/pets/1', { signedBy: owner })
  assert.equal(await denied.text('/pets/1', { ...anew, signedBy: owner }), 'answer 1')
})

test('a cached response is for nobody who may not call', async () => {
  const { ask } = cached({ ...backend(), authorizationType: 'AWS_IAM' })
  await ask('/pets/1', { signedBy: owner })
  assert.equal((await ask('/pets/1')).reply.status, 403)
})

test('memory is bounded: what was asked for longest ago goes first', () => {
  const kept: KeptResponses = keptResponses(10_000)
  const response = { status: 200, headers: [], body: 'x'.repeat(1_000) }
  for (let count = 0; count < 10; count++) {
    kept.put(`key ${count}`, response, 10)
    assert.ok(kept.get('key 0', 1), 'asked for again and again')
    assert.ok(kept.sizeBytes() <= 10_000)
  }
  assert.equal(kept.get('key 1', 1), undefined)
  kept.put('huge', { ...response, body: 'x'.repeat(6_000) }, 10)
  assert.equal(kept.get('huge', 1), undefined)
  assert.equal(kept.get('key 0', 10), undefined, 'its time is over')
})

test('a cache key is a parameter that is declared or mapped', () => {
  const declared = { 'method.request.querystring.q': true }
  const mapped = { 'integration.request.header.who': "'me'" }
  for (const [name, expected] of [
    ['method.request.querystring.q', true],
    ['method.request.querystring.other', false],
    ['integration.request.header.who', true],
    ['integration.request.header.other', false],
    ['q', false],
    ['constructor', false],
  ] as const)
    assert.equal(isCacheKey(name, declared, mapped), expected, name)
})
