import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetExportCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  NotFoundException,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  paginateGetRestApis,
  UpdateRestApiCommand,
} from '@aws-sdk/client-api-gateway'
import { needs } from '../debian-packages.ts'
import {
  type Serving,
  sekisho,
  serve,
  settingsOf,
  temporaryFolder,
  variablesOf,
} from './server.fixture.ts'

const onlyFrom = (address: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*',
        Condition: { IpAddress: { 'aws:SourceIp': address } },
      },
    ],
  })

const clientOf = (server: Serving) => new APIGatewayClient(settingsOf(server))

async function call(url: string, localAddress: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } =
    Promise.withResolvers<readonly [number | undefined, string]>()
  request(url, { localAddress, headers, agent: false })
    .on('response', (response) =>
      text(response).then((body) => resolve([response.statusCode, body]), reject),
    )
    .on('error', reject)
    .end()
  return promise
}

test('boto3 creates, deploys and reads back an API', needs('python3-boto3'), async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const script = join(import.meta.dirname, 'boto3.fixture.py')
  const { stdout } = await promisify(execFile)(
    '/usr/bin/python3',
    [script, server.endpoint, onlyFrom('127.0.0.11')],
    { env: { PATH: '/usr/bin:/bin', ...variablesOf(server) } },
  )
  const { api, ...seen } = JSON.parse(stdout)
  assert.deepEqual(seen, {
    tags: { team: 'gate' },
    names: ['from-boto3'],
    missing: ['NotFoundException', 404],
    paths: ['/pets'],
  })
  const url = `${server.endpoint}/_aws/execute-api/${api}/v1/pets`
  assert.deepEqual(await call(url, '127.0.0.11'), [200, '["cat"]'])
  assert.equal((await call(url, '127.0.0.12'))[0], 403)
})

test('SDK v3 creates, deploys and reads back; a policy is in force with its deployment, not before', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const client = clientOf(server)
  const { id: restApiId } = await client.send(
    new CreateRestApiCommand({ name: 'from-sdk', policy: onlyFrom('127.0.0.11') }),
  )
  const { items = [] } = await client.send(new GetResourcesCommand({ restApiId }))
  const method = { restApiId, resourceId: items[0]!.id, httpMethod: 'GET' }
  await client.send(new PutMethodCommand({ ...method, authorizationType: 'NONE' }))
  await client.send(
    new PutIntegrationCommand({
      ...method,
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
    }),
  )
  await client.send(new PutMethodResponseCommand({ ...method, statusCode: '200' }))
  await client.send(
    new PutIntegrationResponseCommand({
      ...method,
      statusCode: '200',
      responseTemplates: { 'application/json': 'here' },
    }),
  )
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: 'prod' }))

  const { policy } = await client.send(new GetRestApiCommand({ restApiId }))
  assert.match(policy!, /execute-api/)
  const { body } = await client.send(
    new GetExportCommand({ restApiId, stageName: 'prod', exportType: 'oas30' }),
  )
  assert.deepEqual(Object.keys(JSON.parse(Buffer.from(body!).toString()).paths), ['/'])
  await assert.rejects(
    client.send(new GetRestApiCommand({ restApiId: 'absent0000' })),
    NotFoundException,
  )

  const forms = addressForms(server.endpoint, restApiId!)
  const statuses = async (address: string) =>
    Promise.all(forms.map(async ([url, host]) => (await call(url, address, host))[0]))
  const all = (status: number) => forms.map(() => status)
  assert.deepEqual(await statuses('127.0.0.11'), all(200))
  assert.deepEqual(await statuses('127.0.0.12'), all(403))

  await client.send(
    new UpdateRestApiCommand({
      restApiId,
      patchOperations: [{ op: 'replace', path: '/policy', value: onlyFrom('127.0.0.12') }],
    }),
  )
  assert.deepEqual(await statuses('127.0.0.12'), all(403))
  const { stderr } = sekisho(['log', '--data', folder.path])
  assert.match(stderr, new RegExp(`the policy of API ${restApiId} changed after`))
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: 'prod' }))
  assert.deepEqual(await statuses('127.0.0.12'), all(200))
  assert.deepEqual(await statuses('127.0.0.11'), all(403))
})

/** Every address that a deployed API has, with the Host that leads there. */
function addressForms(endpoint: string, api: string) {
  const { host, port } = new URL(endpoint)
  return [
    [`${endpoint}/_aws/execute-api/${api}/prod/`, { host }],
    [`${endpoint}/prod/`, { host: `${api}.execute-api.us-east-1.localhost:${port}` }],
    [`${endpoint}/restapis/${api}/prod/_user_request_/`, { host }],
    [`${endpoint}/prod/`, { host: `${api}.execute-api.localhost.localstack.cloud:${port}` }],
  ] as const
}

test('a kill -9 in a stream of acknowledged changes loses none of them', async () => {
  using folder = temporaryFolder()
  const acknowledged = new Set<string>()
  {
    await using server = await serve(folder.path)
    const client = clientOf(server)
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    const stream = async (number: number) => {
      for (let count = 0; ; count++) {
        const { id } = await client.send(new CreateRestApiCommand({ name: `${number}-${count}` }))
        acknowledged.add(id!)
        if (acknowledged.size >= 60) resolve()
      }
    }
    const streams = Array.from({ length: 8 }, (_, number) => stream(number).catch(() => {}))
    await enough
    await server.stop('SIGKILL')
    client.destroy()
    await Promise.all(streams)
  }
  await using server = await serve(folder.path)
  const found = new Set<string>()
  for await (const { items = [] } of paginateGetRestApis(
    { client: clientOf(server), pageSize: 50 },
    {},
  ))
    for (const { id } of items) found.add(id!)
  assert.ok(acknowledged.size >= 60)
  assert.deepEqual(
    [...acknowledged].filter((id) => !found.has(id)),
    [],
  )
})
