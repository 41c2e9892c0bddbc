import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, region } from '../harness.fixture.ts'
import { madeApi } from './made-api.fixture.ts'

const uri =
  'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:f/invocations'
const method = '/restapis/{api}/resources/{root}/methods/GET'
const document = {
  swagger: '2.0',
  info: { title: 'petshop', version: '1' },
  'x-amazon-apigateway-endpoint-configuration': { types: ['REGIONAL'] },
  securityDefinitions: {
    keeper: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      'x-amazon-apigateway-authtype': 'custom',
      'x-amazon-apigateway-authorizer': { type: 'token', authorizerUri: uri },
    },
    key: { type: 'apiKey', name: 'x-api-key', in: 'header' },
  },
  paths: {
    '/': { get: { responses: {} }, post: { security: [{ keeper: [] }, { key: [] }] } },
  },
}
const brought = {
  'apigateway:Request/ApiName': 'petshop',
  'apigateway:Request/EndpointType': ['REGIONAL'],
  'apigateway:Request/RouteAuthorizationType': ['NONE', 'CUSTOM'],
  'apigateway:Request/ApiKeyRequired': ['false', 'true'],
  'apigateway:Request/AuthorizerType': ['TOKEN'],
  'apigateway:Request/AuthorizerUri': [uri],
}
const ofApi = {
  'apigateway:Resource/ApiName': 'demo',
  'apigateway:Resource/EndpointType': ['EDGE'],
  'apigateway:Resource/SecurityPolicy': 'TLS_1_0',
  'apigateway:Resource/DisableExecuteApiEndpoint': 'false',
}
const ofMethod = {
  'apigateway:Resource/RouteAuthorizationType': ['NONE'],
  'apigateway:Resource/ApiKeyRequired': ['false'],
}
const replaces = (path: string, value: string) => ({ op: 'replace', path, value })

const rows: readonly (readonly [verb: string, path: string, body: unknown, keys: unknown])[] = [
  ['GET', '/restapis/{api}', undefined, undefined],
  ['DELETE', '/restapis/none', undefined, undefined],
  ['DELETE', method, undefined, ofMethod],
  [
    'PATCH',
    method,
    { patchOperations: [replaces('/authorizationType', 'NONE'), replaces('/apiKeyRequired', 'x')] },
    {
      ...ofMethod,
      'apigateway:Request/RouteAuthorizationType': 'NONE',
      'apigateway:Request/ApiKeyRequired': 'x',
    },
  ],
  [
    'PATCH',
    '/restapis/{api}',
    { patchOperations: [replaces('/name', 'allowed'), replaces('/name', 'another')] },
    { ...ofApi, 'apigateway:Request/ApiName': 'another' },
  ],
  ['POST', '/restapis?mode=import', document, brought],
  ['PUT', '/restapis/{api}', document, { ...ofApi, ...ofMethod, ...brought }],
]
for (const [verb, path, body, keys] of rows)
  test(`${verb} ${path} tells policies ${Object.keys(keys ?? {}).length} keys of what it is about`, async () => {
    await using made = await madeApi()
    await made.ask(verb, path, body)
    assert.deepEqual(made.api.needs()[0]?.keys, keys)
  })

test('an authorizer and a stage are told as they are before they change', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('POST', '/restapis/{api}/authorizers', {
    name: 'keeper',
    type: 'TOKEN',
    authorizerUri: uri,
    identitySource: 'method.request.header.Authorization',
  })
  await made.ask('DELETE', `/restapis/{api}/authorizers/${json.id}`)
  assert.deepEqual(made.api.needs()[0]?.keys, {
    'apigateway:Resource/AuthorizerType': ['TOKEN'],
    'apigateway:Resource/AuthorizerUri': [uri],
  })
  await made.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  const format = '$context.requestId'
  await made.patch('/restapis/{api}/stages/prod', replaces('/accessLogSettings/format', format))
  await made.ask('DELETE', '/restapis/{api}/stages/prod')
  assert.deepEqual(made.api.needs()[0]?.keys, {
    'apigateway:Resource/AccessLoggingFormat': format,
  })
})

const inherited: readonly (readonly [verb: string, path: string, tags: object])[] = [
  ['GET', '/restapis/{api}/resources', { 'aws:ResourceTag/env': 'prod' }],
  ['DELETE', method, { 'aws:ResourceTag/env': 'prod', ...ofMethod }],
  ['POST', '/restapis/{api}/deployments', { 'aws:ResourceTag/env': 'prod' }],
  [
    'GET',
    '/restapis/{api}/stages/blue',
    { 'aws:ResourceTag/env': 'test', 'aws:ResourceTag/own': 'x' },
  ],
  [
    'DELETE',
    '/restapis/{api}/stages/blue/cache/data',
    { 'aws:ResourceTag/env': 'test', 'aws:ResourceTag/own': 'x' },
  ],
  [
    'GET',
    '/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F{api}',
    { 'aws:ResourceTag/env': 'prod' },
  ],
]
for (const [verb, path, keys] of inherited)
  test(`${verb} ${path} is told apart by the tags of what it stands in`, async () => {
    await using made = await madeApi()
    const arn = `arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F${made.id}`
    await made.ask('PUT', `/tags/${arn}`, { tags: { env: 'prod' } })
    const { json } = await made.ask('POST', '/restapis/{api}/deployments', {})
    await made.ask('POST', '/restapis/{api}/stages', {
      stageName: 'blue',
      deploymentId: json.id,
      tags: { env: 'test', own: 'x' },
    })
    await made.ask(verb, path)
    assert.deepEqual(made.api.needs()[0]?.keys, keys)
  })

test('a right of its own is asked for with the tags of what it is about', async () => {
  await using made = await madeApi()
  const arn = `arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F${made.id}`
  await made.ask('PUT', `/tags/${arn}`, { tags: { env: 'prod' } })
  await made.patch('/restapis/{api}', replaces('/policy', ''))
  const told = made.api.needs().map(({ action, keys }) => [action, keys?.['aws:ResourceTag/env']])
  assert.deepEqual(told, [
    ['apigateway:PATCH', 'prod'],
    ['apigateway:UpdateRestApiPolicy', 'prod'],
  ])
})

const tagged: readonly (readonly [path: string, body: object, of: string])[] = [
  ['/restapis', { name: 'x' }, 'restapis%2F*'],
  ['/apikeys', {}, 'apikeys%2F*'],
  ['/usageplans', { name: 'x' }, 'usageplans%2F*'],
  ['/clientcertificates', {}, 'clientcertificates%2F*'],
  ['/restapis/abc/stages', { stageName: 'x', deploymentId: 'd' }, 'restapis%2Fabc%2Fstages%2Fx'],
]
for (const [path, body, of] of tagged)
  test(`POST ${path} with tags is setting tags, too; without, it is not`, async () => {
    await using made = await madeApi()
    const rights = async (tags: object) => {
      await made.ask('POST', path, { ...body, tags })
      return made.api.needs().map(({ action, resource }) => `${action} ${resource}`)
    }
    const tags = `arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2F${of}`
    assert.ok((await rights({ a: 'b' })).includes(`apigateway:PUT ${tags}`))
    assert.equal((await rights({})).length, 1)
  })

test('who copies an API hands its roles over once more', async () => {
  await using made = await madeApi()
  const credentials = 'arn:aws:iam::111111111111:role/reader'
  await made.ask('PUT', `${method}/integration`, {
    type: 'AWS',
    httpMethod: 'POST',
    uri: 'arn:aws:apigateway:us-east-1:s3:path/bucket',
    credentials,
  })
  await made.ask('POST', '/restapis', { name: 'copy', cloneFrom: made.id })
  const asked = made.api.needs().map(({ action, resource }) => [action, resource])
  assert.deepEqual(asked.slice(1), [
    ['apigateway:GET', `arn:aws:apigateway:us-east-1::/restapis/${made.id}`],
    ['iam:PassRole', credentials],
  ])
})

test('a domain whose callers are vouched for is not deleted by whoever may not take that away', async () => {
  await using made = await madeApi()
  const name = 'api.example.com'
  const record = {
    ...{ name, accountId, region, endpointType: 'REGIONAL', ipAddressType: 'ipv4' },
    ...{ securityPolicy: 'TLS_1_2', tags: {}, createdAt: 0, mappings: {} },
    mutualTls: { truststoreUri: 's3://b/k', certificates: '', warnings: [] },
  }
  await made.api.store.documents.transact(async (transaction) =>
    transaction.put('apigateway/domain-names', `${accountId}/${region}/${name}`, record),
  )
  await made.ask('DELETE', `/domainnames/${name}`)
  assert.deepEqual(
    made.api.needs().map(({ action }) => action),
    ['apigateway:DELETE', 'apigateway:RemoveCertificateFromDomain'],
  )
})
