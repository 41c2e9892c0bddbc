import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness } from '../harness.fixture.ts'

const pool = 'arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_a'
const integration = {
  type: 'mock',
  requestTemplates: { 'application/json': '{"statusCode": 200}' },
  responses: { default: { statusCode: '200' } },
}
const document = {
  swagger: '2.0',
  info: { title: 'pets', version: '1' },
  paths: {
    '/pets': {
      post: {
        consumes: ['application/json'],
        parameters: [{ in: 'body', name: 'Pet', schema: { $ref: '#/definitions/Pet' } }],
        security: [{ users: ['pets/write'] }],
        'x-amazon-apigateway-request-validator': 'body',
        responses: { 200: { description: 'ok' } },
        'x-amazon-apigateway-integration': integration,
      },
    },
  },
  definitions: {
    Pet: {
      type: 'object',
      properties: { owner: { $ref: '#/definitions/Owner' }, example: { type: 'string' } },
      example: { a: 1 },
    },
    Owner: { type: 'object', required: ['name'], 'x-note': 'dropped' },
  },
  securityDefinitions: {
    users: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      'x-amazon-apigateway-authtype': 'cognito_user_pools',
      'x-amazon-apigateway-authorizer': { type: 'cognito_user_pools', providerARNs: [pool] },
    },
  },
  'x-amazon-apigateway-request-validators': {
    body: { validateRequestBody: true, validateRequestParameters: false },
  },
  'x-amazon-apigateway-gateway-responses': {
    DEFAULT_4XX: { responseParameters: { 'gatewayresponse.header.x': "'y'" } },
  },
}

const put = (api: Awaited<ReturnType<typeof harness>>, id: string, mode: string, body: unknown) =>
  api.ask('PUT', `/restapis/${id}?mode=${mode}`, body)

test('a document brings its authorizers, validators, models and gateway responses', async () => {
  await using api = await harness('apigateway')
  const { status, json } = await api.ask('POST', '/restapis?mode=import', document)
  assert.equal(status, 201, JSON.stringify(json))
  assert.deepEqual(json.warnings, [
    "Ignoring unsupported keyword(s) in model 'Pet': example",
    "Ignoring unsupported keyword(s) in model 'Owner': x-note",
  ])
  const at = `/restapis/${json.id}`
  const { item } = (await api.ask('GET', `${at}/resources?embed=methods`)).json
  const { POST } = item.find(({ path }: { path: string }) => path === '/pets').resourceMethods
  const [authorizer] = (await api.ask('GET', `${at}/authorizers`)).json.item
  const [validator] = (await api.ask('GET', `${at}/requestvalidators`)).json.item
  assert.deepEqual(
    [POST.authorizationType, POST.authorizerId, POST.authorizationScopes, POST.requestValidatorId],
    ['COGNITO_USER_POOLS', authorizer.id, ['pets/write'], validator.id],
  )
  const pet = (await api.ask('GET', `${at}/models/Pet`)).json
  assert.deepEqual(JSON.parse(pet.schema), {
    type: 'object',
    properties: {
      owner: { $ref: `https://apigateway.amazonaws.com/restapis/${json.id}/models/Owner` },
      example: { type: 'string' },
    },
  })
  const response = (await api.ask('GET', `${at}/gatewayresponses/DEFAULT_4XX`)).json
  assert.equal(response.defaultResponse, false)
})

test('what is exported whole and imported again is the same', async () => {
  await using api = await harness('apigateway')
  const { id } = (await api.ask('POST', '/restapis?mode=import', document)).json
  await api.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
  const whole = (of: string) =>
    api.ask('GET', `/restapis/${of}/stages/prod/exports/swagger?extensions=apigateway`)
  const first = (await whole(id)).json
  assert.equal((await put(api, id, 'overwrite', first)).status, 200)
  await api.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
  assert.deepEqual((await whole(id)).json, first)
  const plain = (await api.ask('GET', `/restapis/${id}/stages/prod/exports/swagger`)).json
  assert.equal('x-amazon-apigateway-authorizer' in plain.securityDefinitions.users, false)
})

test('merged, what is there keeps its ids; overwritten, nothing is left', async () => {
  await using api = await harness('apigateway')
  const { id } = (await api.ask('POST', '/restapis?mode=import', document)).json
  const list = async (what: string) => (await api.ask('GET', `/restapis/${id}/${what}`)).json.item
  const before = [await list('authorizers'), await list('requestvalidators')]
  assert.equal((await put(api, id, 'merge', document)).status, 200)
  assert.deepEqual([await list('authorizers'), await list('requestvalidators')], before)
  const empty = { swagger: '2.0', info: { title: 'pets', version: '1' }, paths: {} }
  assert.equal((await put(api, id, 'overwrite', empty)).status, 200)
  assert.deepEqual([await list('authorizers'), await list('requestvalidators')], [[], []])
})

const wrong: readonly (readonly [what: string, change: object])[] = [
  ['names a validator that it does not describe', { 'x-amazon-apigateway-request-validators': {} }],
  [
    'names an authorizer without saying which',
    {
      securityDefinitions: { users: { type: 'apiKey', 'x-amazon-apigateway-authtype': 'custom' } },
    },
  ],
  [
    'refers to what is elsewhere',
    {
      definitions: {
        ...document.definitions,
        Owner: { properties: { a: { $ref: 'https://example.com/a.json' } } },
      },
    },
  ],
  [
    'has a gateway response that there is not',
    { 'x-amazon-apigateway-gateway-responses': { NONE: {} } },
  ],
  [
    'has an authorizer without a user pool',
    {
      securityDefinitions: {
        users: { 'x-amazon-apigateway-authorizer': { type: 'cognito_user_pools' } },
      },
    },
  ],
]
for (const [what, change] of wrong)
  test(`a document that ${what} is refused whole`, async () => {
    await using api = await harness('apigateway')
    const { status, json } = await api.ask('POST', '/restapis?mode=import', {
      ...document,
      ...change,
    })
    assert.equal(status, 400, JSON.stringify(json))
    assert.deepEqual((await api.ask('GET', '/restapis')).json.item, [])
  })
