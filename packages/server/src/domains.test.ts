import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DomainRecord } from '@sekisho/services'
import { addressIn } from './domains.ts'
import { deploy, type Running, run } from './running.fixture.ts'

const mappings = {
  '': { restApiId: 'root', stage: 'prod' },
  v1: { restApiId: 'one', stage: 'prod' },
  any: { restApiId: 'any' },
}
const domain = { accountId: '0', region: 'r', mappings } as unknown as DomainRecord

const rows: readonly (readonly [path: string, api: string, stage: string, rest: string])[] = [
  ['/', 'root', 'prod', '/'],
  ['/pets/1', 'root', 'prod', '/pets/1'],
  ['//v1', 'root', 'prod', '//v1'],
  ['/v1', 'one', 'prod', ''],
  ['/v1/', 'one', 'prod', '/'],
  ['/v1/pets', 'one', 'prod', '/pets'],
  ['/v10', 'root', 'prod', '/v10'],
  ['/V1/pets', 'root', 'prod', '/V1/pets'],
  ['/any/beta/pets', 'any', 'beta', '/pets'],
  ['/any', 'any', '', ''],
]
for (const [path, apiId, stageName, rest] of rows)
  test(`${path} of a custom domain leads to ${apiId}, stage '${stageName}'`, () => {
    const found = addressIn(domain, 'h', path)
    assert.deepEqual([found.apiId, found.stageName, found.path], [apiId, stageName, rest])
  })

test('a path without a mapping leads to no API, whatever its name', () => {
  const bare = { ...domain, mappings: { v1: mappings.v1 } }
  for (const path of ['/', '/other', '/constructor', '/__proto__/x'])
    assert.equal(addressIn(bare, 'h', path).apiId, '')
})

async function named({ aws }: Running, apiId: string, name: string, mapping: object = {}) {
  const certificateArn = 'arn:aws:acm:us-east-1:000000000000:certificate/1'
  await aws('POST', '/domainnames', { domainName: name, certificateArn })
  const at = `/domainnames/${encodeURIComponent(name)}/basepathmappings`
  const { status } = await aws('POST', at, { restApiId: apiId, stage: 'prod', ...mapping })
  assert.equal(status, 201)
}

test('a call by a custom domain name reaches its API at once, and the log names the method', async () => {
  await using running = await run()
  const apiId = await deploy(running, { pathPart: 'pets' })
  const call = (host: string, path: string) => running.call(path, { host })
  assert.equal((await call('api.example.com', '/v1/pets')).status, 421)
  await named(running, apiId, 'api.example.com', { basePath: 'v1' })
  const { status, body } = await call('api.example.com:8443', '/v1/pets')
  assert.deepEqual([status, body], [200, '{"hello":"world"}'])
  for (const path of ['/', '/pets', '/v2/pets', '/_sekisho/health', '/restapis']) {
    const refused = await call('api.example.com', path)
    assert.deepEqual([refused.status, refused.body], [403, '{"message":"Forbidden"}'], path)
  }
  assert.equal((await call('other.example.com', '/v1/pets')).status, 421)
  await running.aws('DELETE', '/domainnames/api.example.com/basepathmappings/v1')
  assert.equal((await call('api.example.com', '/v1/pets')).status, 403)
  await running.aws('DELETE', '/domainnames/api.example.com')
  assert.equal((await call('api.example.com', '/v1/pets')).status, 421)
})

test('the name itself goes before the wildcard above it', async () => {
  await using running = await run()
  const [one, other] = [await deploy(running), await deploy(running, { pathPart: 'other' })]
  await named(running, one, '*.example.com')
  await named(running, other, 'b.example.com')
  const status = async (host: string, path: string) => (await running.call(path, { host })).status
  assert.equal(await status('a.example.com', '/'), 200)
  assert.equal(await status('b.example.com', '/other'), 200)
  assert.equal(await status('b.example.com', '/'), 403)
  assert.equal(await status('c.d.example.com', '/'), 421)
  assert.equal(await status('example.com', '/'), 421)
})

test('a closed execute-api endpoint leaves the custom domain open', async () => {
  await using running = await run()
  const apiId = await deploy(running)
  const patchOperations = [{ op: 'replace', path: '/disableExecuteApiEndpoint', value: 'true' }]
  await running.aws('PATCH', `/restapis/${apiId}`, { patchOperations })
  await running.aws('POST', `/restapis/${apiId}/deployments`, { stageName: 'prod' })
  await named(running, apiId, 'api.shop.localhost')
  assert.equal((await running.call(`/_aws/execute-api/${apiId}/prod/`)).status, 403)
  assert.equal((await running.call('/', { host: 'api.shop.localhost' })).status, 200)
})
