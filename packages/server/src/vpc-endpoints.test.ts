import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { createFrontDoor } from './front-door.ts'
import { type CallOptions, deploy, type Running, run, send } from './running.fixture.ts'
import { addressByEndpoint, vpcListenerOf } from './vpc-endpoints.ts'

const endpoint = { id: 'vpce-1a2b' }
const door = createFrontDoor([])
const id = 'abc123'

/** Host, header, path, and what is reached: `api/stage/path`; nothing where that is no API. */
const rows: readonly (readonly [string, string | undefined, string, string])[] = [
  [`${id}.execute-api.us-east-1.amazonaws.com`, undefined, '/prod/a', `${id}/prod/a`],
  [`${id}.execute-api.us-east-1.localhost:5001`, undefined, '/prod', `${id}/prod`],
  [`${id}-vpce-1a2b.execute-api.us-east-1.amazonaws.com`, undefined, '/prod/', `${id}/prod/`],
  [`${id}-vpce-9999.execute-api.us-east-1.amazonaws.com`, undefined, '/prod/', ''],
  ['vpce-1a2b-x.execute-api.us-east-1.vpce.amazonaws.com', id, '/prod/a', `${id}/prod/a`],
  ['127.0.0.1:5001', id, '/prod/a', `${id}/prod/a`],
  ['127.0.0.1:5001', undefined, `/_aws/execute-api/${id}/prod/a`, `${id}/prod/a`],
  ['127.0.0.1:5001', undefined, '/', ''],
  ['127.0.0.1:5001', undefined, '/_sekisho/health', ''],
  ['evil.example', undefined, '/prod/a', ''],
  ['console.localhost', undefined, '/prod/a', ''],
]
for (const [host, header, rawPath, expected] of rows)
  test(`by a VPC endpoint ${host}${rawPath}${header ? ` for ${header}` : ''} leads to ${expected || 'no API'}`, () => {
    const headers = header === undefined ? [] : ['X-Apigw-Api-Id', header]
    const found = addressByEndpoint(
      { host, rawPath, headers, localAddress: '127.0.0.1' },
      endpoint,
      door,
    )
    const { apiId, stageName, path } = found
    assert.equal(apiId === '' ? '' : `${apiId}/${stageName}${path}`, expected)
  })

test('two headers that name an API name none', () => {
  const headers = ['x-apigw-api-id', 'one', 'X-Apigw-Api-Id', 'two']
  const request = { host: 'h', rawPath: '/', headers, localAddress: '' }
  assert.equal(addressByEndpoint(request, endpoint, door).apiId, '')
})

test('a listener is written with its address and port, its VPC where that is known', () => {
  assert.deepEqual(vpcListenerOf('vpce-1@vpc-2=[::1]:80'), {
    id: 'vpce-1',
    vpcId: 'vpc-2',
    host: '::1',
    port: 80,
  })
  for (const wrong of [
    'vpce-1',
    'vpce-1=127.0.0.1',
    'vpce-1=:80',
    'x=1:2',
    'vpce-1=h:0',
    'vpce-1=h:70000',
  ])
    assert.equal(vpcListenerOf(wrong), undefined, wrong)
})

let running: Running
let port: number
before(async () => {
  port = await freePort()
  running = await run(['--vpc-endpoint', `vpce-1a2b@vpc-3c4d=127.0.0.1:${port}`])
})
after(() => running[Symbol.asyncDispose]())

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

async function privately(apiId: string, options: CallOptions = {}) {
  const headers = ['x-apigw-api-id', apiId, ...(options.headers ?? [])]
  const { status, body } = await send({ host: '127.0.0.1', port }, '/prod/', {
    ...options,
    headers,
  })
  return [status, body] as const
}

const allowing = (Condition: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*',
        Condition,
      },
    ],
  })

/** An API that is private when it is deployed. */
async function deployPrivate(condition: object, vpcEndpointIds: readonly string[] = []) {
  const apiId = await deploy(running, { policy: allowing(condition) })
  const change = (path: string, value: string, op = 'replace') => ({ op, path, value })
  const patchOperations = [
    change('/endpointConfiguration/types/EDGE', 'PRIVATE'),
    ...vpcEndpointIds.map((each) => change('/endpointConfiguration/vpcEndpointIds', each, 'add')),
  ]
  const { status } = await running.aws('PATCH', `/restapis/${apiId}`, { patchOperations })
  assert.equal(status, 200)
  await running.aws('POST', `/restapis/${apiId}/deployments`, { stageName: 'prod' })
  return apiId
}

const forbidden = [403, '{"message":"Forbidden"}']
const hello = [200, '{"hello":"world"}']

test('a private API is reached by a VPC endpoint alone, and what is public by none', async () => {
  const apiId = await deployPrivate({ StringEquals: { 'aws:SourceVpce': 'vpce-1a2b' } })
  assert.deepEqual(await privately(apiId), hello)
  const { status, body } = await running.call(`/_aws/execute-api/${apiId}/prod/`)
  assert.deepEqual([status, body], forbidden)
  assert.deepEqual(await privately(await deploy(running)), forbidden)
  assert.deepEqual(await privately('nothing'), forbidden)
})

const conditions: readonly (readonly [string, object, boolean])[] = [
  ['its VPC endpoint', { StringEquals: { 'aws:SourceVpce': 'vpce-1a2b' } }, true],
  ['another VPC endpoint', { StringEquals: { 'aws:SourceVpce': 'vpce-other' } }, false],
  ['its VPC', { StringEquals: { 'aws:SourceVpc': 'vpc-3c4d' } }, true],
  ['its address within', { IpAddress: { 'aws:VpcSourceIp': '127.0.0.1' } }, true],
  ['no public address', { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } }, false],
]
for (const [what, condition, isAllowed] of conditions)
  test(`a policy of a private API sees ${what}`, async () => {
    const [status] = await privately(await deployPrivate(condition))
    assert.equal(status, isAllowed ? 200 : 403)
  })

test('the host of an API at an endpoint is there where the two belong together', async () => {
  const condition = { Null: { 'aws:SourceVpce': 'false' } }
  const [apart, together] = [
    await deployPrivate(condition),
    await deployPrivate(condition, ['vpce-1a2b']),
  ]
  const status = async (apiId: string) => {
    const host = `${apiId}-vpce-1a2b.execute-api.us-east-1.amazonaws.com`
    return (await send({ host: '127.0.0.1', port }, '/prod/', { host })).status
  }
  assert.deepEqual([await status(apart), await status(together)], [403, 200])
})

test('a VPC endpoint for APIs answers nothing else', async () => {
  for (const path of ['/', '/restapis', '/_sekisho/health'])
    assert.equal((await send({ host: '127.0.0.1', port }, path, { host: 'localhost' })).status, 403)
})
