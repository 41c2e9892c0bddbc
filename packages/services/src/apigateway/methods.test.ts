import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeApi } from './made-api.fixture.ts'

const get = '/restapis/{api}/resources/{root}/methods/GET'
const post = '/restapis/{api}/resources/{root}/methods/POST'

/** Answers of AWS by its own words: 201 where something is put, 204 where a part of a method is deleted. */
const statuses = [
  ['PUT', post, { authorizationType: 'NONE' }, 201],
  ['PATCH', post, { patchOperations: [] }, 200],
  ['PUT', `${post}/responses/200`, {}, 201],
  ['PATCH', `${post}/responses/200`, { patchOperations: [] }, 201],
  ['PUT', `${post}/integration`, { type: 'MOCK' }, 201],
  ['PATCH', `${post}/integration`, { patchOperations: [] }, 200],
  ['PUT', `${post}/integration/responses/200`, {}, 201],
  ['PATCH', `${post}/integration/responses/200`, { patchOperations: [] }, 200],
  ['DELETE', `${post}/integration/responses/200`, undefined, 204],
  ['DELETE', `${post}/integration`, undefined, 204],
  ['DELETE', `${post}/responses/200`, undefined, 204],
  ['DELETE', post, undefined, 204],
  ['POST', '/restapis/{api}/resources/{root}', { pathPart: 'x' }, 201],
  ['POST', '/restapis/{api}/deployments', { stageName: 'prod' }, 201],
  ['DELETE', '/restapis/{api}/stages/prod', undefined, 202],
  ['DELETE', '/restapis/{api}', undefined, 202],
] as const

test('every answer has the status that AWS gives', async () => {
  await using made = await madeApi()
  for (const [method, path, body, status] of statuses)
    assert.equal((await made.ask(method, path, body)).status, status, `${method} ${path}`)
})

test('a method shows what it was given and nothing more', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('PUT', post, { authorizationType: 'AWS_IAM' })
  assert.deepEqual(json, {
    httpMethod: 'POST',
    authorizationType: 'AWS_IAM',
    apiKeyRequired: false,
  })
})

test('an integration has the defaults that AWS fills in', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('PUT', `${get}/integration`, { type: 'MOCK' })
  assert.deepEqual(json, {
    type: 'MOCK',
    passthroughBehavior: 'WHEN_NO_MATCH',
    timeoutInMillis: 29000,
    cacheNamespace: made.root,
    cacheKeyParameters: [],
  })
})

test('a proxy waits for the whole answer where nobody says otherwise', async () => {
  await using made = await madeApi()
  const proxy = { type: 'HTTP_PROXY', httpMethod: 'GET', uri: 'http://127.0.0.1/' }
  const { json } = await made.ask('PUT', `${get}/integration`, proxy)
  assert.equal(json.responseTransferMode, 'BUFFERED')
  const embedded = (await made.ask('GET', get)).json.methodIntegration
  assert.equal(embedded.responseTransferMode, 'BUFFERED')
})

test('maps are added to, replaced in, and gone when they are empty', async () => {
  await using made = await madeApi()
  const model = '/requestModels/application~1json'
  const parameter = '/requestParameters/method.request.querystring.q'
  const added = await made.patch(
    get,
    { op: 'add', path: model, value: 'Empty' },
    { op: 'add', path: parameter, value: 'true' },
  )
  assert.deepEqual(
    [added.json.requestModels, added.json.requestParameters],
    [{ 'application/json': 'Empty' }, { 'method.request.querystring.q': true }],
  )
  const removed = await made.patch(
    get,
    { op: 'remove', path: model },
    { op: 'remove', path: parameter },
  )
  assert.equal('requestModels' in removed.json, false)
  assert.equal('requestParameters' in removed.json, false)
})

test('the last integration response takes the member along', async () => {
  await using made = await madeApi()
  await made.ask('DELETE', `${get}/integration/responses/200`)
  const { json } = await made.ask('GET', `${get}/integration`)
  assert.equal('integrationResponses' in json, false)
})

test('a resource with methods below it shows them when asked, and their names otherwise', async () => {
  await using made = await madeApi()
  const plain = (await made.ask('GET', '/restapis/{api}/resources')).json.item[0]
  assert.deepEqual(plain.resourceMethods, { GET: {} })
  const full = (await made.ask('GET', '/restapis/{api}/resources?embed=methods')).json.item[0]
  assert.deepEqual(full.resourceMethods.GET, (await made.ask('GET', get)).json)
})

test('a resource is deleted with all below it', async () => {
  await using made = await madeApi()
  const { json: a } = await made.ask('POST', '/restapis/{api}/resources/{root}', { pathPart: 'a' })
  const { json: b } = await made.ask('POST', `/restapis/{api}/resources/${a.id}`, { pathPart: 'b' })
  const greedy = { op: 'replace', path: '/pathPart', value: '{all+}' }
  assert.equal(
    (await made.patch(`/restapis/{api}/resources/${a.id}`, greedy)).json.message,
    'Cannot create a child of a resource with a greedy path variable: {all+}',
  )
  assert.equal((await made.ask('DELETE', `/restapis/{api}/resources/${a.id}`)).status, 202)
  assert.equal((await made.ask('GET', `/restapis/{api}/resources/${b.id}`)).status, 404)
  assert.equal((await made.ask('GET', '/restapis/{api}/resources')).json.item.length, 1)
})

test('writers of one API lose nothing, whatever part of it they write', async () => {
  await using made = await madeApi()
  const names = Array.from({ length: 12 }, (_, at) => `v${at}`)
  await Promise.all(
    names.flatMap((name) => [
      made.ask('POST', '/restapis/{api}/resources/{root}', { pathPart: name }),
      made.patch(get, {
        op: 'add',
        path: `/requestParameters/method.request.header.${name}`,
        value: 'false',
      }),
      made.patch('/restapis/{api}', { op: 'add', path: `/binaryMediaTypes/x~1${name}` }),
    ]),
  )
  const { json: resources } = await made.ask('GET', '/restapis/{api}/resources?limit=500')
  assert.equal(resources.item.length, 1 + names.length)
  const { json: method } = await made.ask('GET', get)
  assert.equal(Object.keys(method.requestParameters).length, names.length)
  assert.equal(
    (await made.ask('GET', '/restapis/{api}')).json.binaryMediaTypes.length,
    names.length,
  )
})
