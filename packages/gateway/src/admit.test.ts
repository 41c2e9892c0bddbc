import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CallOptions,
  call,
  headerOf,
  mock,
  nowMs,
  snapshotOf,
  textOf,
} from './call.fixture.ts'
import type { Draw, KeyHolder, PlanLimits } from './ports.ts'
import type { StageSettings } from './snapshot.ts'

const value = 'a-key-of-more-than-20-characters'
const keyed = { ...mock, apiKeyRequired: true }
const snapshot = snapshotOf({ '/': { GET: keyed }, '/pets/{id}': { ANY: keyed, GET: mock } })
const plan = (more: Partial<PlanLimits> = {}): PlanLimits => ({
  id: 'plan01',
  methods: {},
  ...more,
})
const holder = (more?: Partial<PlanLimits>): KeyHolder => ({
  keyId: 'key0000001',
  plan: plan(more),
})
const withKey = (more: Partial<PlanLimits> = {}): CallOptions => ({
  headers: ['X-API-Key', value],
  findKey: (given) => (given === value ? holder(more) : undefined),
})

const forbidden = [403, 'ForbiddenException', '{"message":"Forbidden"}']
const answered = async (options: CallOptions, api = snapshot) => {
  const reply = await call(api, options)
  return [reply.status, headerOf(reply, 'x-amzn-errortype'), textOf(reply)]
}

for (const [what, headers] of [
  ['no key', []],
  ['another key', ['x-api-key', `${value}!`]],
  ['an empty key', ['x-api-key', '']],
  ['a key beyond all length', ['x-api-key', value.repeat(5)]],
  ['the key and another', ['x-api-key', value, 'X-Api-Key', value]],
] as const)
  test(`a method that requires a key is Forbidden with ${what}`, async () => {
    assert.deepEqual(await answered({ ...withKey(), headers }), forbidden)
  })

test('a key is looked for in the account, region and stage of the API', async () => {
  const asked: unknown[] = []
  await call(snapshot, {
    ...withKey(),
    findKey(given, { accountId, region, restApiId }, stageName) {
      asked.push(given, accountId, region, restApiId, stageName)
      return undefined
    },
  })
  assert.deepEqual(asked, [value, '000000001234', 'us-east-1', 'abcdefghij', 'prod'])
})

test('with the source AUTHORIZER the header is no key', async () => {
  const api = snapshotOf({ '/': { GET: keyed } }, { apiKeySource: 'AUTHORIZER' })
  assert.deepEqual(await answered(withKey(), api), forbidden)
})

test('a key that has to be looked up and counters elsewhere are waited for', async () => {
  const later = <T>(result: T) => Promise.resolve(result)
  const options = { ...withKey(), findKey: () => later(holder()), draw: () => later(-1) }
  assert.equal((await call(snapshot, options)).status, 200)
  assert.deepEqual(await answered({ ...options, findKey: () => later(undefined) }), forbidden)
})

test('counters that cannot be reached admit nobody', async () => {
  for (const draw of [
    () => Promise.reject(new Error('gone')),
    () => {
      throw new Error('gone')
    },
  ]) {
    const reply = await call(snapshot, { ...withKey(), draw })
    assert.equal(reply.status, 500)
    assert.equal(textOf(reply), '{"message": "Internal server error"}')
  }
})

const quota = { limit: 10, offset: 0, period: 'DAY' } as const
const usage = 'usage/000000001234/us-east-1/plan01/key0000001'
const planBucket = 'plan/000000001234/us-east-1/plan01/key0000001'
const today = '2026-01-02'
const counted: Draw = { count: `${usage}/used`, period: today }
const account: Draw = {
  bucket: 'account/000000001234/us-east-1',
  ratePerSecond: 10_000,
  burst: 5_000,
}
const accountThrottle = { rateLimit: 10_000, burstLimit: 5_000 }
const settings = (rate: number, burst?: number) => ({
  throttlingRateLimit: rate,
  ...(burst !== undefined && { throttlingBurstLimit: burst }),
})

interface Case {
  readonly path?: string
  readonly method?: string
  readonly plan?: Partial<PlanLimits>
  readonly stage?: StageSettings['methodSettings']
  readonly isOpen?: true
  readonly account?: true
  readonly draws: readonly Draw[]
}

const cases: Readonly<Record<string, Case>> = {
  'a plan without limits is counted all the same': { draws: [counted] },
  'rate, quota, stage and account in this order': {
    plan: { throttle: { rateLimit: 5, burstLimit: 2 }, quota },
    stage: { '*/*': settings(100, 50) },
    account: true,
    draws: [
      { bucket: planBucket, ratePerSecond: 5, burst: 2 },
      { count: `${usage}/quota`, period: 'DAY0:2026-01-02', limit: 10 },
      counted,
      { bucket: 'stage/abcdefghij/prod//GET', ratePerSecond: 100, burst: 50 },
      account,
    ],
  },
  "a method's throttle stands in the place of its plan's": {
    plan: {
      throttle: { rateLimit: 5, burstLimit: 2 },
      methods: { '//GET': { rateLimit: 1, burstLimit: 1 } },
    },
    draws: [{ bucket: `${planBucket}/abcdefghij/prod//GET`, ratePerSecond: 1, burst: 1 }, counted],
  },
  'another method of the plan has the limit of the plan': {
    path: '/pets/1',
    method: 'PUT',
    plan: {
      throttle: { rateLimit: 5, burstLimit: 2 },
      methods: { '//GET': { rateLimit: 1, burstLimit: 1 } },
    },
    draws: [{ bucket: planBucket, ratePerSecond: 5, burst: 2 }, counted],
  },
  'a method that takes all goes by the name ANY': {
    path: '/pets/1',
    method: 'PUT',
    plan: { methods: { '/pets/{id}/ANY': { rateLimit: 3, burstLimit: 4 } } },
    stage: { '~1pets~1{id}/ANY': settings(7, 8) },
    draws: [
      { bucket: `${planBucket}/abcdefghij/prod/pets/{id}/ANY`, ratePerSecond: 3, burst: 4 },
      counted,
      { bucket: 'stage/abcdefghij/prod/pets/{id}/ANY', ratePerSecond: 7, burst: 8 },
    ],
  },
  'a setting of one method goes before that of all, part by part': {
    isOpen: true,
    path: '/pets/1',
    stage: { '*/*': settings(100, 50), 'pets~1{id}/GET': settings(7) },
    draws: [{ bucket: 'stage/abcdefghij/prod/pets/{id}/GET', ratePerSecond: 7, burst: 50 }],
  },
  'a stage that says −1 does not throttle': {
    isOpen: true,
    path: '/pets/1',
    stage: { '*/*': settings(-1, -1) },
    account: true,
    draws: [account],
  },
  'what is not said is what the account has': {
    plan: { throttle: { rateLimit: 5 } },
    stage: { '*/*': { throttlingBurstLimit: 3 } },
    draws: [
      { bucket: planBucket, ratePerSecond: 5, burst: 5_000 },
      counted,
      { bucket: 'stage/abcdefghij/prod//GET', ratePerSecond: 10_000, burst: 3 },
    ],
  },
  'a key on a method that requires none is no key': {
    isOpen: true,
    path: '/pets/1',
    plan: { throttle: { rateLimit: 1, burstLimit: 1 }, quota },
    draws: [],
  },
}

for (const [claim, each] of Object.entries(cases))
  test(claim, async () => {
    const drawn: Draw[] = []
    const reply = await call(snapshot, {
      ...withKey(each.plan),
      ...(each.path && { path: each.path }),
      ...(each.method && { method: each.method }),
      ...(each.stage && { methodSettings: each.stage }),
      ...(each.account && { accountThrottle }),
      draw(draws, at) {
        assert.equal(at, nowMs)
        drawn.push(...draws)
        return -1
      },
    })
    assert.equal(reply.status, 200)
    assert.deepEqual(drawn, each.draws)
  })

test('each refusal has its own answer, to the byte', async () => {
  const options = {
    ...withKey({ throttle: { rateLimit: 5, burstLimit: 2 }, quota }),
    methodSettings: { '*/*': settings(1, 1) },
    accountThrottle,
  }
  const tooMany = [429, 'TooManyRequestsException', '{"message":"Too Many Requests"}']
  const exceeded = [429, 'LimitExceededException', '{"message":"Limit Exceeded"}']
  const expected = [tooMany, exceeded, exceeded, tooMany, tooMany]
  for (const [position, answer] of expected.entries())
    assert.deepEqual(await answered({ ...options, draw: () => position }), answer)
  const refused = await call(snapshot, { ...options, draw: () => 0 })
  assert.deepEqual(
    refused.headers.filter((_, at) => at % 2 === 0),
    ['x-amzn-ErrorType', 'Content-Type'],
  )
})

test('templates read the key and its id, where one was required', async () => {
  const echo = {
    ...keyed,
    methodIntegration: {
      type: 'MOCK' as const,
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
      integrationResponses: {
        '200': {
          statusCode: '200',
          responseTemplates: {
            'application/json': '$context.identity.apiKeyId $context.identity.apiKey',
          },
        },
      },
    },
  }
  const api = snapshotOf({
    '/': { GET: echo },
    '/open': { GET: { ...echo, apiKeyRequired: false } },
  })
  assert.equal(textOf(await call(api, withKey())), `key0000001 ${value}`)
  assert.equal(textOf(await call(api, { ...withKey(), path: '/open' })).includes(value), false)
})
