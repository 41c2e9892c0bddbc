import assert from 'node:assert/strict'
import '@aws-sdk/signature-v4a'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { CloudFrontKeyValueStore } from '@aws-sdk/client-cloudfront-keyvaluestore'
import { customOrigin, distributionConfig } from '../distribution.fixture.ts'
import { backend } from './backend.fixture.ts'
import { ask, hostOf } from './edge.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

test('functions are developed, published, and run on the way in', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  using origin = await backend((request, response) => response.end(`origin got ${request.url}`))
  const client = new CloudFront(settingsOf(server))
  const config = { Comment: '', Runtime: 'cloudfront-js-2.0' as const }
  const codeOf = (text: string) => ({ FunctionCode: Buffer.from(text), FunctionConfig: config })
  const made = await client.createFunction({
    Name: 'gate',
    ...codeOf(
      `function handler({ request }) {
        if (!request.headers['x-pass'])
          return { statusCode: 401, headers: { 'content-type': { value: 'text/plain' } }, body: 'no pass' }
        request.uri = '/inside' + request.uri
        return request
      }`,
    ),
  })
  const FunctionARN = made.FunctionSummary?.FunctionMetadata?.FunctionARN ?? ''
  const distributed = (CallerReference: string) =>
    client.createDistribution({
      DistributionConfig: distributionConfig(
        customOrigin(origin.port),
        {
          FunctionAssociations: {
            Quantity: 1,
            Items: [{ FunctionARN, EventType: 'viewer-request' }],
          },
        },
        { CallerReference },
      ),
    })
  const tried = await client.testFunction({
    Name: 'gate',
    IfMatch: made.ETag ?? '',
    EventObject: Buffer.from(
      JSON.stringify({ request: { uri: '/a', headers: { 'x-pass': { value: '1' } } } }),
    ),
  })
  assert.deepEqual(JSON.parse(tried.TestResult?.FunctionOutput ?? ''), {
    request: { uri: '/inside/a', headers: { 'x-pass': { value: '1' } } },
  })
  await assert.rejects(distributed('early'), { name: 'InvalidFunctionAssociation' })
  const statusOf = async () =>
    (await client.describeFunction({ Name: 'gate' })).FunctionSummary?.Status
  const before = await client.publishFunction({ Name: 'gate', IfMatch: made.ETag ?? '' })
  assert.equal(before.FunctionSummary?.Status, 'UNASSOCIATED')
  const { Distribution } = await distributed('late')
  assert.equal(await statusOf(), 'ASSOCIATED')
  const host = hostOf(Distribution?.Id ?? '')
  const refused = await ask(server, host, '/a')
  assert.deepEqual(
    [refused.status, refused.text, refused.headers['x-cache']],
    [401, 'no pass', 'FunctionGeneratedResponse from cloudfront'],
  )
  const served = await ask(server, host, '/a', { 'X-Pass': '1' })
  assert.deepEqual([served.status, served.text], [200, 'origin got /inside/a'])
  // What is developed further is not what runs.
  const next = await client.updateFunction({
    Name: 'gate',
    IfMatch: made.ETag ?? '',
    ...codeOf('function handler() { for (;;) {} }'),
  })
  assert.equal((await ask(server, host, '/a', { 'X-Pass': '1' })).status, 200)
  await client.publishFunction({ Name: 'gate', IfMatch: next.ETag ?? '' })
  const hung = await ask(server, host, '/a', { 'X-Pass': '1' })
  assert.deepEqual(
    [hung.status, hung.headers['x-cache']],
    [503, 'FunctionExecutionError from cloudfront'],
  )
  await assert.rejects(client.deleteFunction({ Name: 'gate', IfMatch: next.ETag ?? '' }), {
    name: 'FunctionInUse',
  })

  // It reads a store, whose client signs with SigV4a and puts the account before the host.
  const store = await client.createKeyValueStore({
    Name: 'targets',
    Tags: { Items: [{ Key: 'team', Value: 'edge' }] },
  })
  const KvsARN = store.KeyValueStore?.ARN ?? ''
  const { Tags } = await client.listTagsForResource({ Resource: KvsARN })
  assert.deepEqual(Tags?.Items, [{ Key: 'team', Value: 'edge' }])
  const httpAgent = new Agent({
    lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  const pairs = new CloudFrontKeyValueStore({
    ...settingsOf(server),
    endpoint: server.endpoint.replace('127.0.0.1', 'localhost'),
    requestHandler: { httpAgent },
  })
  const { ETag: IfMatch } = await pairs.describeKeyValueStore({ KvsARN })
  const put = await pairs.putKey({ KvsARN, IfMatch, Key: '/old', Value: '/new' })
  await assert.rejects(pairs.putKey({ KvsARN, IfMatch, Key: '/old', Value: '' }), {
    name: 'ConflictException',
  })
  const reader = await client.updateFunction({
    Name: 'gate',
    IfMatch: next.ETag ?? '',
    FunctionCode: Buffer.from(
      `import cf from 'cloudfront'
       const kvs = cf.kvs()
       async function handler({ request }) {
         if (await kvs.exists(request.uri)) request.uri = await kvs.get(request.uri)
         return request
       }`,
    ),
    FunctionConfig: {
      ...config,
      KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: KvsARN }] },
    },
  })
  await client.publishFunction({ Name: 'gate', IfMatch: reader.ETag ?? '' })
  assert.equal((await ask(server, host, '/old')).text, 'origin got /new')
  await pairs.updateKeys({ KvsARN, IfMatch: put.ETag, Puts: [{ Key: '/old', Value: '/newer' }] })
  assert.equal((await ask(server, host, '/old')).text, 'origin got /newer')
  await assert.rejects(client.deleteKeyValueStore({ Name: 'targets', IfMatch: store.ETag ?? '' }), {
    name: 'CannotDeleteEntityWhileInUse',
  })
})
