import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import * as sdk from '@aws-sdk/client-api-gateway'
import { IAM } from '@aws-sdk/client-iam'
import { Lambda } from '@aws-sdk/client-lambda'
import { isolated, needs, programOf } from '../debian-packages.ts'
import { makeRole, nodeFunction } from './roles.fixture.ts'
import { type Serving, sekisho, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const skip = process.platform !== 'linux' && 'sharing a port between processes needs Linux here'

const clientOf = (server: Serving) => new sdk.APIGatewayClient(settingsOf(server))

const policyFor = (address: string) =>
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

async function deployProxy(
  client: sdk.APIGatewayClient,
  policy: string,
  integration: Partial<sdk.PutIntegrationCommandInput>,
): Promise<string> {
  const { id: restApiId, rootResourceId: resourceId } = await client.send(
    new sdk.CreateRestApiCommand({ name: 'workers', policy }),
  )
  const method = { restApiId, resourceId, httpMethod: 'GET' }
  await client.send(new sdk.PutMethodCommand({ ...method, authorizationType: 'NONE' }))
  await client.send(new sdk.PutMethodResponseCommand({ ...method, statusCode: '200' }))
  await client.send(
    new sdk.PutIntegrationCommand({
      ...method,
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
      ...integration,
    }),
  )
  if (integration.type === undefined)
    await client.send(new sdk.PutIntegrationResponseCommand({ ...method, statusCode: '200' }))
  await client.send(new sdk.CreateDeploymentCommand({ restApiId, stageName: 'prod' }))
  return restApiId!
}

/** Each on a connection of its own, so that every process gets its share. */
async function statuses(server: Serving, apiId: string, count = 24): Promise<Set<number>> {
  const url = `${server.endpoint}/_aws/execute-api/${apiId}/prod/`
  const answers = Array.from({ length: count }, () =>
    fetch(url, { headers: { Connection: 'close' } }).then(({ status }) => status),
  )
  return new Set(await Promise.all(answers))
}

/** Each answer has the id of the request that it was made for. */
async function keepAnswers(client: sdk.APIGatewayClient, restApiId: string): Promise<void> {
  const { items = [] } = await client.send(new sdk.GetResourcesCommand({ restApiId }))
  const method = { restApiId, resourceId: items[0]?.id, httpMethod: 'GET', statusCode: '200' }
  const responseTemplates = { 'application/json': '$context.requestId' }
  await client.send(new sdk.PutIntegrationResponseCommand({ ...method, responseTemplates }))
  await client.send(new sdk.CreateDeploymentCommand({ restApiId, stageName: 'prod' }))
  const patchOperations = Object.entries({
    '/cacheClusterEnabled': 'true',
    '/cacheClusterSize': '0.5',
    '/*/*/caching/enabled': 'true',
    '/*/*/caching/requireAuthorizationForCacheControl': 'false',
  }).map(([path, value]) => ({ op: 'replace', path, value }) as const)
  await client.send(new sdk.UpdateStageCommand({ restApiId, stageName: 'prod', patchOperations }))
}

/** As above, what they say. */
function bodies(
  server: Serving,
  apiId: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const url = `${server.endpoint}/_aws/execute-api/${apiId}/prod/`
  return Promise.all(
    Array.from({ length: count }, () =>
      fetch(url, { headers: { Connection: 'close', ...headers } }).then((each) => each.text()),
    ),
  )
}

const childrenOf = (pid: number) =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map(Number)

test('several processes are one server', { skip: skip || needs('curl').skip }, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '3', '--allow-reset')
  assert.equal(childrenOf(server.process.pid!).length, 2)
  const client = clientOf(server)
  const apiId = await deployProxy(client, policyFor('127.0.0.1'), {})
  assert.deepEqual(await statuses(server, apiId), new Set([200]))

  // Another policy, once its deployment is acknowledged, is in force in all of them.
  const deployPolicy = async (address: string) => {
    const operation = { op: 'replace', path: '/policy', value: policyFor(address) } as const
    await client.send(
      new sdk.UpdateRestApiCommand({ restApiId: apiId, patchOperations: [operation] }),
    )
    await client.send(new sdk.CreateDeploymentCommand({ restApiId: apiId, stageName: 'prod' }))
  }
  for (let round = 0; round < 5; round++) {
    await deployPolicy('127.0.0.1')
    assert.deepEqual(await statuses(server, apiId), new Set([200]))
    await deployPolicy('11.22.33.44')
    assert.deepEqual(await statuses(server, apiId), new Set([403]))
  }

  // One log and one count, whoever decided and whoever is asked.
  const log = sekisho(['log', '--data', folder.path, '--json', '--limit', '999', '--api', apiId])
  const records = log.stdout.split('\n').filter(Boolean)
  assert.equal(records.length, 11 * 24)
  for (const record of records.slice(-6)) {
    const { requestId } = JSON.parse(record)
    assert.equal(sekisho(['explain', requestId, '--data', folder.path]).status, 0)
  }
  for (let round = 0; round < 6; round++) {
    const metrics = await fetch(`${server.endpoint}/_sekisho/metrics`, {
      headers: { Connection: 'close' },
    })
    assert.match(await metrics.text(), /\{road="execute-api",outcome="implicit-deny"\} 120\n/)
  }

  // An integration that calls back is ours, whichever process it reaches.
  const guarded = await deployProxy(client, policyFor('127.0.0.1'), {})
  const uri = `${server.endpoint}/_aws/execute-api/${guarded}/prod/`
  const anyone = policyFor('0.0.0.0/0')
  const loop = await deployProxy(client, anyone, {
    type: 'HTTP_PROXY',
    integrationHttpMethod: 'GET',
    uri,
  })
  assert.deepEqual(await statuses(server, loop), new Set([403]))

  // What one caller has made anew is old in all of them.
  const kept = await deployProxy(client, anyone, {})
  await keepAnswers(client, kept)
  const old = new Set(await bodies(server, kept, 48))
  assert.ok(old.size <= 3, `${old.size} answers of three processes`)
  await bodies(server, kept, 1, { 'Cache-Control': 'max-age=0' })
  assert.deepEqual(
    (await bodies(server, kept, 48)).filter((body) => old.has(body)),
    [],
  )

  assert.equal(sekisho(['reset', '--data', folder.path]).status, 0)
  assert.deepEqual(await statuses(server, guarded), new Set([403]))
  client.destroy()
  assert.equal(await server.stop(), 0)
})

test('a function that is permitted no more is asked by none of them', {
  skip: skip || isolated.skip,
}, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '3')
  const settings = settingsOf(server)
  await makeRole(new IAM(settings), 'function', ['lambda.amazonaws.com'])
  const functions = new Lambda(settings)
  const handler = 'exports.handler = async () => ({ statusCode: 200 })'
  const { FunctionArn } = await functions.createFunction(nodeFunction('asked', handler, 'function'))
  const apiId = await deployProxy(clientOf(server), policyFor('127.0.0.1'), {
    type: 'AWS_PROXY',
    integrationHttpMethod: 'POST',
    uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
  })
  for (let round = 0; round < 5; round++) {
    await functions.addPermission({
      FunctionName: 'asked',
      StatementId: 'api',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    // Twice: what was decided once is kept.
    assert.deepEqual(await statuses(server, apiId), new Set([200]))
    assert.deepEqual(await statuses(server, apiId), new Set([200]))
    await functions.removePermission({ FunctionName: 'asked', StatementId: 'api' })
    assert.deepEqual(await statuses(server, apiId), new Set([500]))
  }
})

test('the log is followed through all processes', {
  skip: skip || needs('curl').skip,
}, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '3')
  const log = spawn(programOf('curl'), [
    ...['--silent', '--no-buffer', '--unix-socket', join(server.data, 'operator.sock')],
    'http://localhost/_sekisho/log?follow=1',
  ])
  const seen = new Set<string>()
  const whole = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  createInterface({ input: log.stdout }).on('line', (line) => {
    begun.resolve()
    if (line === '') return
    seen.add(JSON.parse(line).requestId)
    if (seen.size === 24) whole.resolve()
  })
  await begun.promise
  await wait(50)
  await statuses(server, 'nosuchapi1')
  await whole.promise
  log.kill()
  assert.equal(await server.stop(), 0)
})

test('a worker that is killed is replaced', { skip }, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '2')
  const [worker] = childrenOf(server.process.pid!)
  process.kill(worker!, 'SIGKILL')
  for (let round = 0; childrenOf(server.process.pid!)[0] === worker && round < 50; round++)
    await wait(20)
  assert.deepEqual(await statuses(server, 'nosuchapi1'), new Set([403]))
  for (let round = 0; childrenOf(server.process.pid!).length === 0 && round < 100; round++)
    await wait(50)
  assert.equal(childrenOf(server.process.pid!).length, 1)
  assert.equal(await server.stop(), 0)
})

test('workers end with the first process, however it ends', { skip }, async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--workers', '3')
  const workers = childrenOf(server.process.pid!)
  await server.stop('SIGKILL')
  const isThere = (pid: number) => spawnSync('kill', ['-0', String(pid)]).status === 0
  for (let round = 0; workers.some(isThere) && round < 100; round++) await wait(20)
  assert.deepEqual(workers.filter(isThere), [])
  await using again = await serve(folder.path, '--workers', '2')
  assert.equal((await fetch(`${again.endpoint}/_sekisho/ready`)).status, 200)
  assert.equal(await again.stop(), 0)
})
