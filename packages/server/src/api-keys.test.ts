import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { reset } from './reset.ts'
import { type Answer, type Running, run } from './running.fixture.ts'

interface Guarded {
  readonly running: Running
  readonly apiId: string
  readonly planId: string
  readonly keyId: string
  readonly value: string
  readonly made: (method: string, path: string, body?: unknown) => Promise<Record<string, string>>
  readonly call: (key?: string, path?: string) => Promise<Answer>
}

/** An API whose GET / requires a key, with a plan and a key of it. */
async function guard(running: Running, plan: object = {}): Promise<Guarded> {
  const made = async (method: string, path: string, body?: unknown) => {
    const answer = await running.aws(method, path, body)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.body}`)
    return (answer.body === '' ? {} : JSON.parse(answer.body)) as Record<string, string>
  }
  const api = await made('POST', '/restapis', { name: 'keyed' })
  const base = `/restapis/${api['id']}`
  const method = `${base}/resources/${api['rootResourceId']}/methods/GET`
  await made('PUT', method, { authorizationType: 'NONE', apiKeyRequired: true })
  await made('PUT', `${method}/responses/200`, {})
  await made('PUT', `${method}/integration`, {
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  await made('PUT', `${method}/integration/responses/200`, {})
  await made('POST', `${base}/deployments`, { stageName: 'prod' })
  const apiId = api['id']!
  const { id: planId = '' } = await made('POST', '/usageplans', {
    name: 'plan',
    apiStages: [{ apiId, stage: 'prod' }],
    ...plan,
  })
  const { id: keyId = '', value = '' } = await made('POST', '/apikeys', { enabled: true })
  await made('POST', `/usageplans/${planId}/keys`, { keyId, keyType: 'API_KEY' })
  const call = (key?: string, path = '/') =>
    running.call(`/_aws/execute-api/${apiId}/prod${path}`, {
      ...(key !== undefined && { headers: ['x-api-key', key] }),
    })
  return { running, apiId, planId, keyId, value, made, call }
}

const patch = (path: string, value: string) => ({
  patchOperations: [{ op: 'replace', path, value }],
})

test('every change to keys and plans counts for the next call', async () => {
  await using running = await run()
  const { made, call, value, keyId, planId, apiId } = await guard(running)
  const statuses = async () => [(await call()).status, (await call(value)).status]
  assert.deepEqual(await statuses(), [403, 200])
  await made('PATCH', `/apikeys/${keyId}`, patch('/enabled', 'false'))
  assert.deepEqual(await statuses(), [403, 403])
  await made('PATCH', `/apikeys/${keyId}`, patch('/enabled', 'true'))
  assert.deepEqual(await statuses(), [403, 200])
  const stage = (op: string) => ({
    patchOperations: [{ op, path: '/apiStages', value: `${apiId}:prod` }],
  })
  await made('PATCH', `/usageplans/${planId}`, stage('remove'))
  assert.deepEqual(await statuses(), [403, 403])
  await made('PATCH', `/usageplans/${planId}`, stage('add'))
  assert.deepEqual(await statuses(), [403, 200])
  await made('DELETE', `/usageplans/${planId}/keys/${keyId}`)
  assert.deepEqual(await statuses(), [403, 403])
  await made('POST', `/usageplans/${planId}/keys`, { keyId, keyType: 'API_KEY' })
  assert.deepEqual(await statuses(), [403, 200])
  await made('PATCH', `/usageplans/${planId}`, patch('/throttle/rateLimit', '0'))
  assert.equal((await call(value)).status, 429)
  await made('DELETE', `/apikeys/${keyId}`)
  assert.deepEqual(await statuses(), [403, 403])
})

test('a key of another account is no key', async () => {
  await using running = await run()
  const { call } = await guard(running)
  const created = await running.operate('POST', 'accounts', { name: 'other' })
  const key = JSON.parse(created.body) as { accessKeyId: string; secretAccessKey: string }
  const { body } = await running.signed('/apikeys', {
    service: 'apigateway',
    key,
    method: 'POST',
    headers: ['Content-Type', 'application/json'],
    body: JSON.stringify({ enabled: true }),
  })
  assert.equal((await call((JSON.parse(body) as { value: string }).value)).status, 403)
})

test('a quota ends with its day, is seen in usage, and survives a restart', async () => {
  await using running = await run(['--test-clock'])
  const quota = { quota: { limit: 3, period: 'DAY' } }
  const { made, call, value, keyId, planId, apiId } = await guard(running, quota)
  await running.operate('POST', 'clock', { time: '2030-06-01T23:59:00Z' })
  const statuses = async (times: number) => {
    const found: number[] = []
    for (let n = 0; n < times; n++) found.push((await call(value)).status)
    return found
  }
  assert.deepEqual(await statuses(4), [200, 200, 200, 429])
  const exceeded = await call(value)
  assert.deepEqual(
    [exceeded.body, exceeded.headers['x-amzn-errortype'], exceeded.headers['retry-after']],
    ['{"message":"Limit Exceeded"}', 'LimitExceededException', undefined],
  )
  await running.operate('POST', 'clock', { advanceMs: 60_000 })
  assert.deepEqual(await statuses(1), [200])
  const usage = `/usageplans/${planId}/usage?keyId=${keyId}&startDate=2030-06-01&endDate=2030-06-02`
  const { values } = (await made('GET', usage)) as unknown as { values: object }
  assert.deepEqual(values, {
    [keyId]: [
      [3, 0],
      [1, 2],
    ],
  })
  await running.server.close()
  await using again = await run(['--test-clock'], { data: running.data })
  const late = async () =>
    (await again.call(`/_aws/execute-api/${apiId}/prod/`, { headers: ['x-api-key', value] })).status
  assert.deepEqual([await late(), await late(), await late()], [200, 200, 429])
})

test('each refused call leaves a word in the decision log, and no key', async () => {
  await using running = await run()
  const { call, value } = await guard(running, { throttle: { rateLimit: 0, burstLimit: 0 } })
  await call('no-such-key-at-all-in-here')
  await call(value)
  const log = await running.operate('GET', 'log?limit=2')
  const outcomes = log.body
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { outcome: string }).outcome)
  assert.deepEqual(outcomes, ['INVALID_API_KEY', 'THROTTLED'])
  assert.equal(log.body.includes(value), false)
})

test('an account may be throttled as a whole, and says so', async () => {
  await using running = await run(['--account-throttle', '0.001/2'])
  const { call, value, made } = await guard(running)
  const statuses = [await call(value), await call(value), await call(value)]
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [200, 200, 429],
  )
  const { throttleSettings } = (await made('GET', '/account')) as unknown as {
    throttleSettings: object
  }
  assert.deepEqual(throttleSettings, { rateLimit: 0.001, burstLimit: 2 })
})

test('a reset forgets what was counted', async () => {
  await using store = await openStore('memory:')
  const draws = [
    { bucket: 'b', ratePerSecond: 0.001, burst: 1 },
    { count: 'c', period: 'p' },
  ]
  assert.equal(await store.counters.draw(draws, 0), -1)
  await reset(store, '')
  assert.deepEqual(await store.counters.read('c'), [])
  assert.equal(await store.counters.draw(draws, 0), -1)
})
