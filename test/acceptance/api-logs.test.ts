/** Access and execution logs of deployed APIs, as their owners read them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as iam from '@aws-sdk/client-iam'
import { needs } from '../debian-packages.ts'
import { type Serving, serve, settingsOf, temporaryFolder, variablesOf } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let environment: Record<string, string>
let api: gateway.APIGateway
let reader: logs.CloudWatchLogs
let apiId: string
const roleArn = 'arn:aws:iam::000000000000:role/apigateway-logs'
const group = 'arn:aws:logs:us-east-1:000000000000:log-group:access'

before(async () => {
  server = await serve(folder.path)
  environment = variablesOf(server)
  const settings = settingsOf(server)
  api = new gateway.APIGateway(settings)
  reader = new logs.CloudWatchLogs(settings)
  const body = {
    openapi: '3.0.1',
    info: { title: 'logged' },
    paths: {
      '/pets/{id}': {
        get: {
          responses: { 200: { description: 'a pet' } },
          'x-amazon-apigateway-integration': {
            type: 'mock',
            requestTemplates: { 'application/json': '{"statusCode": 200}' },
            responses: {
              default: {
                statusCode: '200',
                responseTemplates: { 'application/json': '{"id":"$input.params(\'id\')"}' },
              },
            },
          },
        },
      },
    },
  }
  apiId = (await api.importRestApi({ body: Buffer.from(JSON.stringify(body)) })).id!
  await api.createDeployment({ restApiId: apiId, stageName: 'prod' })
  const access = new iam.IAM(settings)
  await access.createRole({
    RoleName: 'apigateway-logs',
    AssumeRolePolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
  })
  await access.attachRolePolicy({
    RoleName: 'apigateway-logs',
    PolicyArn: 'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
  })
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

const set = (patches: Readonly<Record<string, string>>) =>
  api.updateStage({
    restApiId: apiId,
    stageName: 'prod',
    patchOperations: Object.entries(patches).map(([path, value]) => ({
      op: 'replace',
      path,
      value,
    })),
  })
const get = (id: string) =>
  fetch(`${server.endpoint}/_aws/execute-api/${apiId}/prod/pets/${id}`, {
    headers: { 'x-api-key': 'abcdefghijklmnopqrstuvwxyz' },
  })

/** As soon as there are so many. */
async function lines(logGroupName: string, count: number): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const { events = [] } = await reader
      .filterLogEvents({ logGroupName })
      .catch(() => ({ events: [] }))
    if (events.length >= count || tries > 600) return events.map(({ message = '' }) => message)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('logging needs a role of the account', async () => {
  await assert.rejects(
    set({ '/*/*/logging/loglevel': 'INFO' }),
    /CloudWatch Logs role ARN must be set in account settings to enable logging/,
  )
  await api.updateAccount({
    patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: roleArn }],
  })
  const stage = await set({
    '/accessLogSettings/destinationArn': `${group}:*`,
    '/accessLogSettings/format':
      '{"id":"$context.requestId","path":"$context.path","status":"$context.status","user":"$context.identity.user"}',
    '/*/*/logging/loglevel': 'INFO',
    '/*/*/logging/dataTrace': 'true',
  })
  assert.equal(stage.accessLogSettings?.destinationArn, group)
  assert.deepEqual(
    [stage.methodSettings?.['*/*']?.loggingLevel, stage.methodSettings?.['*/*']?.dataTraceEnabled],
    ['INFO', true],
  )
})

test('every call is a line of the access log, and its steps are in the execution log', async () => {
  const answer = await get('7')
  assert.deepEqual([answer.status, await answer.json()], [200, { id: '7' }])
  const requestId = answer.headers.get('x-amzn-requestid')
  const [line = '{}'] = await lines('access', 1)
  assert.deepEqual(JSON.parse(line), {
    id: requestId,
    path: '/prod/pets/7',
    status: '200',
    user: '-',
  })
  const executed = await lines(`API-Gateway-Execution-Logs_${apiId}/prod`, 12)
  assert.ok(executed.every((each) => each.startsWith(`(${requestId}) `)))
  assert.ok(
    executed.includes(`(${requestId}) Method response body after transformations: {"id":"7"}`),
  )
  assert.equal(executed.at(-1), `(${requestId}) Method completed with status: 200`)
  assert.doesNotMatch(executed.join('\n'), /abcdefghij/, 'no key is in a log')
})

test('the CLI finds lines by what is in them', needs('awscli'), () => {
  const found = (pattern: string) =>
    spawnSync(
      'aws',
      [
        ...['logs', 'filter-log-events', '--log-group-name', 'access', '--filter-pattern', pattern],
        ...['--query', 'length(events)', '--endpoint-url', server.endpoint],
      ],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, ...environment } },
    ).stdout.trim()
  assert.equal(found('{ $.status = "200" && $.path = "*/pets/7" }'), '1')
  assert.equal(found('{ $.status = "500" }'), '0')
})

test('when the role may no more, or the stage logs no more, nothing is written', async () => {
  await set({ '/*/*/logging/loglevel': 'OFF' })
  const before = (await lines(`API-Gateway-Execution-Logs_${apiId}/prod`, 12)).length
  await get('8')
  assert.equal((await lines('access', 2)).length, 2)
  assert.equal((await lines(`API-Gateway-Execution-Logs_${apiId}/prod`, 12)).length, before)
  await api.updateStage({
    restApiId: apiId,
    stageName: 'prod',
    patchOperations: [{ op: 'remove', path: '/accessLogSettings' }],
  })
  await get('9')
  await set({
    '/accessLogSettings/destinationArn': group,
    '/accessLogSettings/format': '$context.requestId',
  })
  await get('10')
  assert.equal((await lines('access', 3)).length, 3)
})
