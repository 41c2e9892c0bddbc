import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readModel, type Values } from '@sekisho/protocols'
import { openStore } from '@sekisho/store'
import { accountId, harness, region } from '../harness.fixture.ts'
import { services } from '../index.ts'
import type { Call } from '../service.ts'
import { madeApi } from './made-api.fixture.ts'

const allow = (resource: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 'execute-api:Invoke', Resource: resource },
    ],
  })

test('every operation stands behind a gate: its verb on its path', async () => {
  const service = services.find(({ name }) => name === 'apigateway')!
  const model = readModel(await service.sdk())
  await using store = await openStore('memory:')
  const { documents } = store
  const call = { accountId, region, now: new Date(0), documents } as unknown as Call
  const labels = ['restApiId', 'resourceId', 'httpMethod', 'statusCode', 'stageName', 'exportType']
  const more = {
    deploymentId: 'x',
    domainName: 'x',
    resourceArn: 'x',
    tagKeys: [],
    body: new Uint8Array(),
  }
  const input: Values = { ...Object.fromEntries(labels.map((name) => [name, 'x'])), ...more }
  assert.ok(service.operations.size >= 38)
  for (const [name, operation] of service.operations) {
    const described = model.operations.get(name)!
    const [first] = await operation.needs(described, input, call)
    assert.equal(first?.action, `apigateway:${described.http?.method}`, name)
    assert.match(
      first?.resource ?? '',
      /^arn:aws:apigateway:us-east-1::\/(restapis|account|tags|apikeys|usageplans|domainnames|vpclinks|clientcertificates|sdktypes)/,
    )
    assert.doesNotMatch(first?.resource ?? '', /[{}]|undefined/, name)
  }
})

test('ids of a request cannot reach past their place in the gate', async () => {
  await using api = await harness('apigateway')
  await api.ask('GET', '/restapis/a%2Fresources%2Fb')
  assert.deepEqual(api.needs(), [
    {
      action: 'apigateway:GET',
      resource: `arn:aws:apigateway:${region}::/restapis/a%2Fresources%2Fb`,
    },
  ])
})

test('an API shows by which TLS it is spoken to, and keeps to what it is told', async () => {
  await using api = await harness('apigateway')
  const policyOf = async (body: object) => {
    const { json } = await api.ask('POST', '/restapis', { name: 'x', ...body })
    return [json.securityPolicy, json.apiStatus]
  }
  const at = (type: string) => ({ endpointConfiguration: { types: [type] } })
  assert.deepEqual(await policyOf({}), ['TLS_1_0', 'AVAILABLE'])
  assert.deepEqual(await policyOf({ securityPolicy: 'TLS_1_2' }), ['TLS_1_2', 'AVAILABLE'])
  assert.deepEqual(await policyOf(at('PRIVATE')), ['TLS_1_2', 'AVAILABLE'])
  const { json } = await api.ask('POST', '/restapis', { name: 'x', ...at('REGIONAL') })
  const patch = (path: string, value: string) =>
    api.ask('PATCH', `/restapis/${json.id}`, { patchOperations: [{ op: 'replace', path, value }] })
  assert.equal((await patch('/securityPolicy', 'TLS_1_2')).json.securityPolicy, 'TLS_1_2')
  const moved = await patch('/endpointConfiguration/types/REGIONAL', 'EDGE')
  assert.equal(moved.json.securityPolicy, 'TLS_1_0')
})

test('what a request sets goes to the gate as condition keys', async () => {
  await using made = await madeApi()
  await made.ask('POST', '/restapis', {
    name: 'x',
    endpointConfiguration: { types: ['REGIONAL'] },
    tags: { team: 'a' },
  })
  assert.deepEqual(made.api.needs()[0]?.keys, {
    'apigateway:Request/ApiName': 'x',
    'apigateway:Request/EndpointType': ['REGIONAL'],
    'apigateway:Request/SecurityPolicy': 'TLS_1_0',
    'apigateway:Request/DisableExecuteApiEndpoint': 'false',
    'aws:TagKeys': ['team'],
    'aws:RequestTag/team': 'a',
  })
  await made.patch('/restapis/{api}', {
    op: 'replace',
    path: '/endpointConfiguration/types/EDGE',
    value: 'PRIVATE',
  })
  const { 'apigateway:Request/EndpointType': type } = made.api.needs()[0]?.keys ?? {}
  assert.deepEqual(type, ['PRIVATE'])
})

const document = (policy?: unknown) => ({
  swagger: '2.0',
  info: { title: 'imported', version: '1' },
  paths: {},
  ...(policy !== undefined && { 'x-amazon-apigateway-policy': policy }),
})
for (const [what, body, isAsked] of [
  ['a policy', document(JSON.parse(allow('execute-api:/*'))), true],
  ['an empty policy', document(''), true],
  ['no policy', document(), false],
] as const)
  test(`a document with ${what} ${isAsked ? 'needs' : 'does not need'} the right to set one`, async () => {
    await using made = await madeApi()
    for (const [method, path] of [
      ['POST', '/restapis?mode=import'],
      ['PUT', '/restapis/{api}?mode=overwrite'],
    ] as const) {
      await made.ask(method, path, body)
      const actions = made.api.needs().map(({ action }) => action)
      assert.equal(actions.includes('apigateway:UpdateRestApiPolicy'), isAsked)
    }
  })

test('a copy has what its source has, its policy too, about itself', async () => {
  await using made = await madeApi()
  const value = allow('execute-api:/*/GET/')
  await made.patch('/restapis/{api}', { op: 'replace', path: '/policy', value })
  const { json: copy } = await made.ask('POST', '/restapis', { name: 'copy', cloneFrom: made.id })
  assert.deepEqual(
    made.api.needs().map(({ action, resource }) => [action, resource]),
    [
      ['apigateway:POST', `arn:aws:apigateway:${region}::/restapis`],
      ['apigateway:GET', `arn:aws:apigateway:${region}::/restapis/${made.id}`],
    ],
  )
  const arn = `arn:aws:execute-api:${region}:${accountId}:${copy.id}/*/GET/`
  assert.equal(JSON.parse(copy.policy.replaceAll('\\"', '"')).Statement[0].Resource, arn)
  const { json } = await made.ask('GET', `/restapis/${copy.id}/resources?embed=methods`)
  assert.equal(json.item[0].id, copy.rootResourceId)
  assert.equal(json.item[0].resourceMethods.GET.methodIntegration.type, 'MOCK')
})

test('a policy is cleared by an empty value, and by nothing else', async () => {
  await using made = await madeApi()
  const value = allow('execute-api:/*')
  await made.patch('/restapis/{api}', { op: 'replace', path: '/policy', value })
  await made.patch('/restapis/{api}', { op: 'replace', path: '/name', value: 'other' })
  assert.notEqual((await made.ask('GET', '/restapis/{api}')).json.policy, undefined)
  await made.patch('/restapis/{api}', { op: 'replace', path: '/policy', value: '' })
  assert.equal((await made.ask('GET', '/restapis/{api}')).json.policy, undefined)
})

test('an API that becomes private has both address types, and needs a policy to be deployed', async () => {
  await using made = await madeApi()
  const change = { op: 'replace', path: '/endpointConfiguration/types/EDGE', value: 'PRIVATE' }
  assert.deepEqual((await made.patch('/restapis/{api}', change)).json.endpointConfiguration, {
    types: ['PRIVATE'],
    ipAddressType: 'dualstack',
  })
  assert.equal(
    (await made.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })).json.message,
    "Private REST API doesn't have a resource policy attached to it",
  )
})

test('a media type that is replaced goes to the end', async () => {
  await using made = await madeApi()
  const { json } = await made.patch(
    '/restapis/{api}',
    { op: 'add', path: '/binaryMediaTypes/image~1png' },
    { op: 'add', path: '/binaryMediaTypes/image~1jpeg' },
    { op: 'replace', path: '/binaryMediaTypes/image~1png', value: 'image/gif' },
  )
  assert.deepEqual(json.binaryMediaTypes, ['image/jpeg', 'image/gif'])
})

test('times are whole seconds', async () => {
  await using made = await madeApi()
  await made.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  for (const path of ['', '/deployments', '/stages']) {
    const { json } = await made.ask('GET', `/restapis/{api}${path}`)
    assert.ok(Number.isInteger((json.item?.[0] ?? json).createdDate), path)
  }
})

test('ids are case-sensitive', async () => {
  await using made = await madeApi()
  const upper = made.id.toUpperCase()
  assert.equal(
    (await made.ask('GET', `/restapis/${upper}`)).json.message,
    `Invalid API identifier specified ${accountId}:${upper}`,
  )
})

test('lists and creations leave out tags where there are none', async () => {
  await using made = await madeApi()
  assert.equal('tags' in (await made.ask('GET', '/restapis')).json.item[0], false)
  const tagged = await made.ask('POST', '/restapis', { name: 'x', tags: { a: '1' } })
  assert.deepEqual(tagged.json.tags, { a: '1' })
})

test('a VPC endpoint has an id of its form, and an API so many of them', async () => {
  await using api = await harness('apigateway')
  const made = async (vpcEndpointIds: readonly string[]) => {
    const endpointConfiguration = { types: ['PRIVATE'], vpcEndpointIds }
    return (await api.ask('POST', '/restapis', { name: 'x', endpointConfiguration })).status
  }
  assert.equal(await made(['vpce-0a1b2c3d']), 201)
  assert.equal(await made(['vpce-0a1b2c3d', 'x'.repeat(1_000)]), 400)
  assert.equal(await made(Array.from({ length: 101 }, (_, at) => `vpce-${at}`)), 400)
})
