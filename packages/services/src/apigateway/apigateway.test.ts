import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, harness, region } from '../harness.fixture.ts'
import { undeployedPolicies } from '../index.ts'
import { madeApi, refusal } from './made-api.fixture.ts'

test('a new API has the defaults that AWS fills in', async () => {
  await using api = await harness('apigateway')
  const made = await api.ask('POST', '/restapis', { name: 'demo' })
  assert.equal(made.status, 201)
  const { id, rootResourceId, createdDate, ...rest } = made.json
  assert.match(id, /^[a-z0-9]{10}$/)
  assert.match(rootResourceId, /^[a-z0-9]{6}$/)
  assert.equal(typeof createdDate, 'number')
  assert.deepEqual(rest, {
    name: 'demo',
    apiKeySource: 'HEADER',
    endpointConfiguration: { types: ['EDGE'], ipAddressType: 'ipv4' },
    disableExecuteApiEndpoint: false,
    securityPolicy: 'TLS_1_0',
    apiStatus: 'AVAILABLE',
  })
  assert.deepEqual((await api.ask('GET', `/restapis/${id}`)).json.tags, {})
})

test('the gate is the verb on the path, and a policy asks for a right of its own', async () => {
  await using made = await madeApi()
  await made.api.ask('PATCH', `/restapis/${made.id}`, {
    patchOperations: [{ op: 'replace', path: '/policy', value: '' }],
  })
  const resource = `arn:aws:apigateway:${region}::/restapis/${made.id}`
  assert.deepEqual(
    made.api.needs().map((need) => [need.action, need.resource]),
    [
      ['apigateway:PATCH', resource],
      ['apigateway:UpdateRestApiPolicy', resource],
    ],
  )
})

const statement = {
  Effect: 'Allow',
  Principal: { AWS: '222222222222' },
  Action: 'execute-api:Invoke',
  Resource: 'execute-api:/*/GET/',
}

test('a policy is stored with full ARNs and shown with its quotes escaped', async () => {
  await using made = await madeApi()
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const { json } = await made.api.ask('PATCH', `/restapis/${made.id}`, {
    patchOperations: [{ op: 'replace', path: '/policy', value: policy }],
  })
  const shown = JSON.parse(json.policy.replaceAll('\\"', '"'))
  assert.deepEqual(shown.Statement[0], {
    ...statement,
    Principal: { AWS: 'arn:aws:iam::222222222222:root' },
    Resource: `arn:aws:execute-api:${region}:${accountId}:${made.id}/*/GET/`,
  })
})

const badPolicies: readonly (readonly [string, RegExp])[] = [
  ['{', /line 1, column 2/],
  [
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"IpAdress":{"aws:SourceIp":"1.2.3.4"}}}]}',
    /`IpAdress` is no condition operator/,
  ],
  [
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"1.2.3.4/33"}}}]}',
    /1\.2\.3\.4\/33/,
  ],
  [
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ ...statement, Sid: 'x'.repeat(8_200) }],
    }),
    /8192/,
  ],
]
for (const [policy, reason] of badPolicies)
  test(`a policy that is none is refused with its place: ${reason}`, async () => {
    await using made = await madeApi()
    const answer = await made.api.ask('PATCH', `/restapis/${made.id}`, {
      patchOperations: [{ op: 'replace', path: '/policy', value: policy }],
    })
    assert.equal(answer.headers['x-amzn-errortype'], 'BadRequestException')
    assert.match(
      answer.json.message,
      /^Invalid policy document\. Please check the policy syntax and ensure that Principals are valid\. \(/,
    )
    assert.match(answer.json.message, reason)
  })

test('several patches are applied together or not at all', async () => {
  await using made = await madeApi()
  const patchOperations = [
    { op: 'replace', path: '/name', value: 'other' },
    { op: 'replace', path: '/disableExecuteApiEndpoint', value: 'yes' },
  ]
  assert.equal(
    (await made.api.ask('PATCH', `/restapis/${made.id}`, { patchOperations })).status,
    400,
  )
  assert.equal((await made.api.ask('GET', `/restapis/${made.id}`)).json.name, 'demo')
})

test('what chalice patches passes: compression off, a type replaced by itself', async () => {
  await using made = await madeApi()
  const patchOperations = [
    { op: 'replace', path: '/minimumCompressionSize', value: '' },
    { op: 'replace', path: '/endpointConfiguration/types/EDGE', value: 'EDGE' },
  ]
  assert.equal(
    (await made.api.ask('PATCH', `/restapis/${made.id}`, { patchOperations })).status,
    200,
  )
})

test('siblings share no variable part, and nothing stands below a greedy one', async () => {
  await using made = await madeApi()
  const add = (parent: string, pathPart: string) =>
    made.api.ask('POST', `/restapis/${made.id}/resources/${parent}`, { pathPart })
  const { json: proxy } = await add(made.root, '{proxy+}')
  assert.equal(
    (await add(made.root, '{id}')).json.message,
    'A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed',
  )
  assert.equal(
    (await add(proxy.id, 'x')).json.message,
    'Cannot create a child of a resource with a greedy path variable: {proxy+}',
  )
  const { json: pets } = await add(made.root, 'pets')
  assert.deepEqual(refusal(await add(made.root, 'pets')), [
    409,
    'Another resource with the same parent already has this name: pets',
  ])
  const { json: dogs } = await add(pets.id, 'dogs')
  const move = { patchOperations: [{ op: 'replace', path: '/parentId', value: dogs.id }] }
  assert.equal(
    (await made.api.ask('PATCH', `/restapis/${made.id}/resources/${pets.id}`, move)).json.message,
    'Resources cannot be cyclical.',
  )
  const rename = { patchOperations: [{ op: 'replace', path: '/pathPart', value: 'animals' }] }
  await made.api.ask('PATCH', `/restapis/${made.id}/resources/${pets.id}`, rename)
  assert.equal(
    (await made.api.ask('GET', `/restapis/${made.id}/resources/${dogs.id}`)).json.path,
    '/animals/dogs',
  )
})

test('a deployment is what the API was, whatever it becomes', async () => {
  await using made = await madeApi()
  const { id, api } = made
  assert.equal(
    (await api.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })).status,
    201,
  )
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ ...statement, Principal: '*' }],
  })
  await api.ask('PATCH', `/restapis/${id}`, {
    patchOperations: [{ op: 'replace', path: '/policy', value: policy }],
  })
  const [late] = await undeployedPolicies(api.store.documents)
  assert.deepEqual([late?.apiId, late?.stageName], [id, 'prod'])
  await api.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
  assert.deepEqual(await undeployedPolicies(api.store.documents), [])
  const { json } = await api.ask('GET', `/restapis/${id}/deployments`)
  assert.equal(json.item.length, 2)
  const current = (await api.ask('GET', `/restapis/${id}/stages/prod`)).json.deploymentId
  assert.equal(
    (await api.ask('DELETE', `/restapis/${id}/deployments/${current}`)).json.message,
    'Active stages pointing to this deployment must be moved or deleted',
  )
})

test('an API without methods, or with nothing behind one, is not deployed', async () => {
  await using api = await harness('apigateway')
  const { json } = await api.ask('POST', '/restapis', { name: 'x' })
  const deploy = () => api.ask('POST', `/restapis/${json.id}/deployments`, { stageName: 'prod' })
  assert.equal((await deploy()).json.message, "The REST API doesn't contain any methods")
  await api.ask('PUT', `/restapis/${json.id}/resources/${json.rootResourceId}/methods/GET`, {
    authorizationType: 'NONE',
  })
  assert.equal((await deploy()).json.message, 'No integration defined for method')
})

test('lists come in pages that leave nothing out', async () => {
  await using api = await harness('apigateway')
  const names = Array.from({ length: 7 }, (_, at) => `api ${at}`)
  for (const name of names) await api.ask('POST', '/restapis', { name })
  const seen: string[] = []
  let position: string | undefined
  do {
    const { json } = await api.ask(
      'GET',
      `/restapis?limit=3${position ? `&position=${position}` : ''}`,
    )
    seen.push(...json.item.map(({ name }: { name: string }) => name))
    position = json.position
  } while (position)
  assert.deepEqual(seen.sort(), names)
})

test('another account, or another region, sees nothing', async () => {
  await using made = await madeApi()
  for (const more of [{ accountId: '222222222222' }, { region: 'eu-west-1' }])
    assert.equal((await made.api.ask('GET', `/restapis/${made.id}`, undefined, more)).status, 404)
})

test('two writers of one API lose nothing', async () => {
  await using made = await madeApi()
  const parts = Array.from({ length: 20 }, (_, at) => `part${at}`)
  await Promise.all(
    parts.map((pathPart) =>
      made.api.ask('POST', `/restapis/${made.id}/resources/${made.root}`, { pathPart }),
    ),
  )
  const { json } = await made.api.ask('GET', `/restapis/${made.id}/resources?limit=500`)
  assert.deepEqual(
    json.item.flatMap(({ pathPart }: { pathPart?: string }) => pathPart ?? []).sort(),
    [...parts].sort(),
  )
})

test('deleting an API takes everything below it along', async () => {
  await using made = await madeApi()
  await made.api.ask('POST', `/restapis/${made.id}/deployments`, { stageName: 'prod' })
  assert.equal((await made.api.ask('DELETE', `/restapis/${made.id}`)).status, 202)
  for (const collection of [
    'apigateway/apis',
    'apigateway/stages',
    'apigateway/deployments',
    'apigateway/owners',
  ])
    assert.deepEqual(await made.api.store.documents.list(collection), [])
})

test('tags are put on and taken off', async () => {
  await using made = await madeApi()
  const arn = encodeURIComponent(`arn:aws:apigateway:${region}::/restapis/${made.id}`)
  await made.api.ask('PUT', `/tags/${arn}`, { tags: { a: '1', b: '2' } })
  await made.api.ask('DELETE', `/tags/${arn}?tagKeys=a`)
  assert.deepEqual((await made.api.ask('GET', `/tags/${arn}`)).json.tags, { b: '2' })
})

test('an exported API, imported, is the same API', async () => {
  await using made = await madeApi()
  await made.api.ask('POST', `/restapis/${made.id}/deployments`, { stageName: 'prod' })
  for (const type of ['swagger', 'oas30']) {
    const exported = await made.api.ask(
      'GET',
      `/restapis/${made.id}/stages/prod/exports/${type}?extensions=apigateway`,
    )
    assert.match(exported.headers['content-disposition'] ?? '', /^attachment; filename="/)
    const again = await made.api.ask('POST', '/restapis?mode=import', exported.text)
    assert.equal(again.status, 201)
    const { json } = await made.api.ask('GET', `/restapis/${again.json.id}/resources?embed=methods`)
    const { cacheNamespace: _, ...integration } = json.item[0].resourceMethods.GET.methodIntegration
    const { json: before } = await made.api.ask(
      'GET',
      `/restapis/${made.id}/resources/${made.root}/methods/GET/integration`,
    )
    const { cacheNamespace: __, ...expected } = before
    assert.deepEqual(integration, expected)
  }
})

test('overwriting keeps the id and a policy that the document does not speak of', async () => {
  await using made = await madeApi()
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ ...statement, Principal: '*' }],
  })
  await made.api.ask('PATCH', `/restapis/${made.id}`, {
    patchOperations: [{ op: 'replace', path: '/policy', value: policy }],
  })
  const document = {
    swagger: '2.0',
    info: { title: 'new', version: '1' },
    paths: { '/a/b': { get: { 'x-amazon-apigateway-integration': { type: 'mock' } } } },
  }
  const { json } = await made.api.ask('PUT', `/restapis/${made.id}?mode=overwrite`, document)
  assert.deepEqual([json.id, json.name, json.policy !== undefined], [made.id, 'new', true])
  const { json: resources } = await made.api.ask(
    'GET',
    `/restapis/${made.id}/resources?embed=methods`,
  )
  assert.deepEqual(resources.item.map(({ path }: { path: string }) => path).sort(), [
    '/',
    '/a',
    '/a/b',
  ])
  assert.equal(
    resources.item.find(({ path }: { path: string }) => path === '/').resourceMethods,
    undefined,
  )
})
