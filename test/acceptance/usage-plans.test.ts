import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as sdk from '@aws-sdk/client-api-gateway'
import { needs, programOf } from '../debian-packages.ts'
import {
  type Serving,
  sekisho,
  serve,
  settingsOf,
  temporaryFolder,
  variablesOf,
} from './server.fixture.ts'

const run = promisify(execFile)

const clientOf = (server: Serving) => new sdk.APIGatewayClient(settingsOf(server))

interface Keyed {
  readonly path: string
  readonly usagePlanId: string
  readonly keyId: string
  readonly value: string
}

/** An API whose GET / requires a key, and a key of a plan with its stage. */
async function keyed(
  client: sdk.APIGatewayClient,
  plan: Partial<sdk.CreateUsagePlanCommandInput>,
): Promise<Keyed> {
  const { id: restApiId, rootResourceId: resourceId } = await client.send(
    new sdk.CreateRestApiCommand({ name: 'keyed' }),
  )
  const method = { restApiId, resourceId, httpMethod: 'GET' }
  await client.send(
    new sdk.PutMethodCommand({ ...method, authorizationType: 'NONE', apiKeyRequired: true }),
  )
  await client.send(new sdk.PutMethodResponseCommand({ ...method, statusCode: '200' }))
  await client.send(
    new sdk.PutIntegrationCommand({
      ...method,
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
    }),
  )
  await client.send(new sdk.PutIntegrationResponseCommand({ ...method, statusCode: '200' }))
  await client.send(new sdk.CreateDeploymentCommand({ restApiId, stageName: 'prod' }))
  const { id: usagePlanId = '' } = await client.send(
    new sdk.CreateUsagePlanCommand({
      name: 'plan',
      apiStages: [{ apiId: restApiId!, stage: 'prod' }],
      ...plan,
    }),
  )
  const { id: keyId = '', value = '' } = await client.send(
    new sdk.CreateApiKeyCommand({ name: 'key', enabled: true }),
  )
  await client.send(new sdk.CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' }))
  return { path: `/_aws/execute-api/${restApiId}/prod/`, usagePlanId, keyId, value }
}

/** Each on a connection of its own, so that every process gets its share. */
function calls(server: Serving, { path, value }: Keyed, count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, () =>
      fetch(`${server.endpoint}${path}`, {
        headers: { 'x-api-key': value, Connection: 'close' },
      }).then(({ status }) => status),
    ),
  )
}

async function served(server: Serving, keyed: Keyed, count: number): Promise<number> {
  const answers = await calls(server, keyed, count)
  assert.deepEqual(
    answers.filter((status) => status !== 200 && status !== 429),
    [],
  )
  return answers.filter((status) => status === 200).length
}

/** Far from any midnight. */
const noon = '2030-06-01T12:00:00Z'
const setClock = (server: Serving, time: string) => moveClock(server, 'set', time)

function moveClock(server: Serving, ...args: readonly string[]): void {
  const { status, stderr } = sekisho(['clock', ...args, '--data', server.data])
  assert.equal(status, 0, stderr)
}

const daily = (limit: number) => ({ quota: { limit, period: 'DAY' as const } })

test('refusals are API Gateway’s, header by header', needs('curl'), async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const client = clientOf(server)
  const limited = await keyed(client, { throttle: { rateLimit: 0.001, burstLimit: 1 } })
  const spent = await keyed(client, daily(0))
  const ask = async ({ path }: Keyed, ...args: readonly string[]) => {
    const { stdout } = await run('curl', ['-s', '-i', ...args, `${server.endpoint}${path}`])
    const [head = '', body] = stdout.split('\r\n\r\n')
    const [status, ...headers] = head.split('\r\n')
    const named = headers.filter((line) => !/^(date|connection|keep-alive):/i.test(line))
    return [status, ...named.map((line) => line.replace(/^(x-am.*-?id): .+/i, '$1: …')), body]
  }
  const refusal = (status: string, errorType: string, body: string) => [
    `HTTP/1.1 ${status}`,
    `x-amzn-ErrorType: ${errorType}`,
    'Content-Type: application/json',
    'x-amzn-RequestId: …',
    'x-amz-apigw-id: …',
    `Content-Length: ${body.length}`,
    body,
  ]
  const forbidden = refusal('403 Forbidden', 'ForbiddenException', '{"message":"Forbidden"}')
  assert.deepEqual(await ask(limited), forbidden)
  assert.deepEqual(await ask(limited, '-H', `x-api-key: ${spent.value}`), forbidden)
  const own = ['-H', `X-Api-Key: ${limited.value}`]
  assert.equal((await ask(limited, ...own))[0], 'HTTP/1.1 200 OK')
  assert.deepEqual(
    await ask(limited, ...own),
    refusal('429 Too Many Requests', 'TooManyRequestsException', '{"message":"Too Many Requests"}'),
  )
  assert.deepEqual(
    await ask(spent, '-H', `x-api-key: ${spent.value}`),
    refusal('429 Too Many Requests', 'LimitExceededException', '{"message":"Limit Exceeded"}'),
  )
})

test('keys and plans are kept by the SDK, page by page', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const client = clientOf(server)
  const { usagePlanId, keyId } = await keyed(client, daily(10))
  const file = Array.from({ length: 30 }, (_, n) => `n${n},value-of-key-number-${n},${usagePlanId}`)
  const { ids, warnings } = await client.send(
    new sdk.ImportApiKeysCommand({
      body: Buffer.from(['Name,Key,UsagePlanIds', ...file].join('\n')),
      format: 'csv',
    }),
  )
  assert.deepEqual([ids?.length, warnings], [30, []])
  const keys = await Array.fromAsync(
    sdk.paginateGetApiKeys({ client }, { limit: 7, includeValues: true }),
  )
  const values = keys.flatMap(({ items = [] }) => items.map(({ value }) => value))
  assert.deepEqual([keys.length, values.length, new Set(values).size], [5, 31, 31])
  const inPlan = await Array.fromAsync(
    sdk.paginateGetUsagePlanKeys({ client }, { usagePlanId, limit: 10 }),
  )
  assert.equal(inPlan.flatMap(({ items = [] }) => items).length, 31)
  const { items } = await client.send(
    new sdk.UpdateUsageCommand({
      usagePlanId,
      keyId,
      patchOperations: [{ op: 'replace', path: '/remaining', value: '4' }],
    }),
  )
  assert.deepEqual(items, { [keyId]: [[0, 4]] })
  await assert.rejects(
    client.send(new sdk.CreateApiKeyCommand({ value: values[0]! })),
    sdk.ConflictException,
  )
  await client.send(new sdk.DeleteApiKeyCommand({ apiKey: keyId }))
  await assert.rejects(
    client.send(new sdk.GetApiKeyCommand({ apiKey: keyId })),
    sdk.NotFoundException,
  )
})

test('the AWS CLI reads usage and lists keys', needs('awscli'), async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--test-clock')
  setClock(server, noon)
  const { usagePlanId, keyId } = await keyed(clientOf(server), daily(10))
  const env = variablesOf(server)
  const aws = async (...args: readonly string[]) => {
    const { stdout } = await run(
      programOf('awscli'),
      ['--endpoint-url', server.endpoint, 'apigateway', ...args, '--output', 'json'],
      { env: { ...process.env, ...env, AWS_PAGER: '' } },
    )
    return JSON.parse(stdout)
  }
  const today = noon.slice(0, 10)
  const usage = ['--usage-plan-id', usagePlanId, '--start-date', today, '--end-date', today]
  assert.deepEqual((await aws('get-usage', ...usage)).items, { [keyId]: [[0, 10]] })
  const { items } = await aws('get-api-keys', '--name-query', 'ke', '--include-values')
  assert.equal(items[0].id, keyId)
})

test('counts survive kill -9: the last second may be missing, never more', async () => {
  using folder = temporaryFolder()
  let before: Keyed
  {
    await using server = await serve(folder.path, '--test-clock')
    setClock(server, noon)
    before = await keyed(clientOf(server), daily(50))
    assert.equal(await served(server, before, 30), 30)
    await wait(1_000)
    assert.equal(await served(server, before, 5), 5)
    server.process.kill('SIGKILL')
  }
  await using server = await serve(folder.path, '--test-clock')
  const left = await served(server, before, 30)
  assert.ok(left >= 15 && left <= 20, `${left} were left`)
})

const skip = process.platform !== 'linux' && 'sharing a port between processes needs Linux here'

test('several processes have one quota, one rate and one clock', { skip }, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '3', '--test-clock')
  const client = clientOf(server)
  setClock(server, noon)
  const metered = await keyed(client, daily(20))
  assert.equal(await served(server, metered, 60), 20)
  moveClock(server, 'advance', '12h')
  assert.equal(await served(server, metered, 60), 20)
  const { items } = await client.send(
    new sdk.GetUsageCommand({
      usagePlanId: metered.usagePlanId,
      startDate: '2030-06-01',
      endDate: '2030-06-02',
    }),
  )
  assert.deepEqual(items, {
    [metered.keyId]: [
      [20, 0],
      [20, 0],
    ],
  })
  const throttled = await keyed(client, { throttle: { rateLimit: 0.001, burstLimit: 7 } })
  assert.equal(await served(server, throttled, 40), 7)
  await client.send(
    new sdk.UpdateApiKeyCommand({
      apiKey: metered.keyId,
      patchOperations: [{ op: 'replace', path: '/enabled', value: 'false' }],
    }),
  )
  assert.deepEqual(new Set(await calls(server, metered, 24)), new Set([403]))
})
