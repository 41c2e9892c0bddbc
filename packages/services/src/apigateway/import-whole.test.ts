import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MadeApi, madeApi } from './made-api.fixture.ts'

const uri =
  'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations'

const mock = {
  type: 'mock',
  requestTemplates: { 'application/json': '{"statusCode": 200}' },
  responses: { default: { statusCode: '200' } },
}

/** Everything that names something else of the API by its name. */
const document = {
  openapi: '3.0.1',
  info: { title: 'shop', version: '1' },
  paths: {
    '/pets': {
      post: {
        security: [{ guard: [] }, { api_key: [] }],
        'x-amazon-apigateway-request-validator': 'body',
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } },
        },
        responses: { 200: { description: 'fine' } },
        'x-amazon-apigateway-integration': mock,
      },
      get: {
        security: [{ pool: ['pets/read'] }],
        responses: { 200: { description: 'fine' } },
        'x-amazon-apigateway-integration': mock,
      },
      put: { responses: {}, 'x-amazon-apigateway-integration': mock },
    },
  },
  components: {
    schemas: {
      Name: { type: 'string', example: 'Tom' },
      Pet: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { $ref: '#/components/schemas/Name' },
          example: { type: 'string', nullable: true },
        },
      },
    },
    securitySchemes: {
      api_key: { type: 'apiKey', name: 'x-api-key', in: 'header' },
      guard: {
        type: 'apiKey',
        name: 'X-Token',
        in: 'header',
        'x-amazon-apigateway-authtype': 'custom',
        'x-amazon-apigateway-authorizer': {
          type: 'token',
          authorizerUri: uri,
          identityValidationExpression: '^Bearer .+$',
          authorizerResultTtlInSeconds: 60,
        },
      },
      asked: {
        type: 'apiKey',
        name: 'Unused',
        in: 'header',
        'x-amazon-apigateway-authtype': 'custom',
        'x-amazon-apigateway-authorizer': {
          type: 'request',
          authorizerUri: uri,
          identitySource: 'method.request.header.A, method.request.querystring.b',
        },
      },
      pool: {
        type: 'apiKey',
        name: 'Authorization',
        in: 'header',
        'x-amazon-apigateway-authtype': 'cognito_user_pools',
        'x-amazon-apigateway-authorizer': {
          type: 'cognito_user_pools',
          providerARNs: ['arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a'],
        },
      },
    },
  },
  'x-amazon-apigateway-request-validator': 'none',
  'x-amazon-apigateway-request-validators': {
    body: { validateRequestBody: true, validateRequestParameters: false },
    none: { validateRequestBody: false, validateRequestParameters: false },
  },
}

const imported = async ({ ask }: MadeApi, text: unknown) => {
  const { status, json } = await ask('POST', '/restapis?mode=import', text)
  assert.equal(status, 201, JSON.stringify(json))
  return json.id as string
}

async function methodsOf({ ask }: MadeApi, id: string) {
  const { json } = await ask('GET', `/restapis/${id}/resources?embed=methods`)
  return json.item.find((each: never) => each['path'] === '/pets').resourceMethods
}

test('authorizers, validators and models of a document are kept, and methods refer to them', async () => {
  await using made = await madeApi()
  const id = await imported(made, document)
  const list = async (what: string) => (await made.ask('GET', `/restapis/${id}/${what}`)).json.item
  const authorizers = Object.fromEntries(
    (await list('authorizers')).map((each: never) => [each['name'], each]),
  )
  const { id: guardId, ...guard } = authorizers.guard
  assert.deepEqual(guard, {
    name: 'guard',
    type: 'TOKEN',
    authType: 'custom',
    authorizerUri: uri,
    identitySource: 'method.request.header.X-Token',
    identityValidationExpression: '^Bearer .+$',
    authorizerResultTtlInSeconds: 60,
  })
  assert.deepEqual(Object.keys(authorizers).sort(), ['asked', 'guard', 'pool'])
  const validators = Object.fromEntries(
    (await list('requestvalidators')).map((each: never) => [each['name'], each['id']]),
  )
  const { POST, GET, PUT } = await methodsOf(made, id)
  assert.deepEqual(
    [POST.authorizationType, POST.authorizerId, POST.apiKeyRequired, POST.requestValidatorId],
    ['CUSTOM', guardId, true, validators.body],
  )
  assert.deepEqual(
    [GET.authorizationType, GET.authorizerId, GET.authorizationScopes, GET.requestValidatorId],
    ['COGNITO_USER_POOLS', authorizers.pool.id, ['pets/read'], validators.none],
  )
  assert.equal(PUT.authorizationType, 'NONE')
  const pet = (await made.ask('GET', `/restapis/${id}/models/Pet`)).json
  assert.deepEqual(JSON.parse(pet.schema).properties, {
    name: { $ref: `https://apigateway.amazonaws.com/restapis/${id}/models/Name` },
    // The name of a property is no word of OpenAPI's.
    example: { type: 'string' },
  })
})

for (const type of ['oas30', 'swagger'])
  test(`what is exported (${type}) and imported again is exported the same`, async () => {
    await using made = await madeApi()
    const exported = async (id: string) => {
      await made.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
      const { status, json } = await made.ask(
        'GET',
        `/restapis/${id}/stages/prod/exports/${type}?extensions=apigateway`,
      )
      assert.equal(status, 200, JSON.stringify(json))
      return json
    }
    const one = await exported(await imported(made, document))
    const other = await exported(await imported(made, one))
    const { host: _, servers: __, info: ___, ...same } = one
    const { host: _h, servers: _s, info: _i, ...copy } = other
    assert.deepEqual(copy, same)
    assert.match(JSON.stringify(one), /"x-amazon-apigateway-request-validator":"body"/)
    assert.match(JSON.stringify(one), /"type":"cognito_user_pools"/)
  })

test('a document in place of another takes what the other had named; merged, it changes it', async () => {
  await using made = await madeApi()
  const id = await imported(made, document)
  const before = (await methodsOf(made, id)).POST.authorizerId
  await made.ask('PUT', `/restapis/${id}?mode=merge`, document)
  assert.equal((await methodsOf(made, id)).POST.authorizerId, before)
  const bare = {
    ...document,
    paths: {},
    components: {},
    'x-amazon-apigateway-request-validators': {},
  }
  assert.equal((await made.ask('PUT', `/restapis/${id}?mode=overwrite`, bare)).status, 200)
  for (const what of ['authorizers', 'requestvalidators'])
    assert.deepEqual((await made.ask('GET', `/restapis/${id}/${what}`)).json, { item: [] })
})

const broken: readonly (readonly [string, object, RegExp])[] = [
  [
    'a scheme that is not there',
    { security: [{ missing: [] }] },
    /there is no security scheme 'missing'/,
  ],
  ['two authorizers', { security: [{ guard: [], pool: [] }] }, /one operation has one authorizer/],
  [
    'a validator that is not there',
    { 'x-amazon-apigateway-request-validator': 'missing' },
    /Invalid request validator name specified: missing/,
  ],
  [
    'scopes of a function',
    { security: [{ guard: ['a'] }] },
    /Authorization scopes can only be set/,
  ],
]
for (const [what, operation, message] of broken)
  test(`a method is not imported open that asks for ${what}`, async () => {
    await using made = await madeApi()
    const { responses } = document.paths['/pets'].get
    const paths = {
      '/': { get: { responses, 'x-amazon-apigateway-integration': mock, ...operation } },
    }
    const { status, json } = await made.ask('POST', '/restapis?mode=import', { ...document, paths })
    assert.equal(status, 400)
    assert.match(json.message, message)
  })

test('an authorizer that could never be asked refuses the document', async () => {
  await using made = await madeApi()
  const { guard } = document.components.securitySchemes
  const authorizer = { ...guard['x-amazon-apigateway-authorizer'], authorizerUri: 'nowhere' }
  const scheme = { ...guard, 'x-amazon-apigateway-authorizer': authorizer }
  const components = {
    ...document.components,
    securitySchemes: { ...document.components.securitySchemes, guard: scheme },
  }
  const { status, json } = await made.ask('POST', '/restapis?mode=import', {
    ...document,
    components,
  })
  assert.equal(status, 400)
  assert.match(json.message, /Unable to create authorizer 'guard': Invalid Authorizer URI/)
})

test('an extension that is not known is told, and refused where warnings are', async () => {
  await using made = await madeApi()
  const misspelt = { ...document, 'x-amazon-apigateway-polcy': {} }
  const { json } = await made.ask('POST', '/restapis?mode=import', misspelt)
  assert.ok(json.warnings.includes("Extension 'x-amazon-apigateway-polcy' is not known, ignoring."))
  const strictly = await made.ask('POST', '/restapis?mode=import&failonwarnings=true', misspelt)
  assert.equal(strictly.status, 400)
})

test('the address type of an endpoint comes and goes with its document', async () => {
  await using made = await madeApi()
  const endpoint = { types: ['REGIONAL'], ipAddressType: 'dualstack' }
  const id = await imported(made, {
    ...document,
    'x-amazon-apigateway-endpoint-configuration': endpoint,
  })
  const { json } = await made.ask('GET', `/restapis/${id}`)
  assert.deepEqual(json.endpointConfiguration, endpoint)
})

for (const path of ['pets', '/pets//food', ''])
  test(`no method is lost below the path '${path}'`, async () => {
    await using made = await madeApi()
    const { components: _, ...head } = document
    const paths = { [path]: { get: { responses: {}, 'x-amazon-apigateway-integration': mock } } }
    const { status, json } = await made.ask('POST', '/restapis?mode=import', { ...head, paths })
    assert.equal(status, 400)
    assert.match(json.message, /Unable to create resource at path '[^']*': Invalid path/)
  })

const many = (count: number, entry: (at: number) => readonly [string, unknown]) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => entry(at)))

/** What is refused as a whole, however much there is of it. */
const floods: readonly (readonly [what: string, members: object, message: RegExp])[] = [
  [
    'more resources than an API may have',
    { paths: many(20_000, (at) => [`/p${at}`, { get: { responses: {} } }]) },
    /Maximum number of resources/,
  ],
  [
    'more authorizers',
    {
      components: {
        securitySchemes: many(11, (at) => [
          `guard${at}`,
          { ...document.components.securitySchemes.guard },
        ]),
      },
    },
    /Maximum number of Authorizers/,
  ],
  [
    'more request validators than methods',
    { 'x-amazon-apigateway-request-validators': many(5_000, (at) => [`v${at}`, {}]) },
    /Maximum number of request validators/,
  ],
  [
    'a chain of models that ends nowhere',
    {
      components: {
        schemas: many(5_000, (at) => [
          `M${at}`,
          { properties: { next: { $ref: `#/components/schemas/M${at + 1}` } } },
        ]),
      },
    },
    /there is no model `M5000`/,
  ],
]
for (const [what, members, message] of floods)
  test(`a document is refused in time with ${what}`, async () => {
    await using made = await madeApi()
    const begun = performance.now()
    const { paths: _, components: __, ...head } = document
    const flood = { ...head, paths: {}, ...members }
    const { status, json } = await made.ask('POST', '/restapis?mode=import', flood)
    assert.equal(status, 400, json.message?.slice(0, 200))
    assert.match(json.message, message)
    assert.ok(json.message.length < 20_000)
    assert.ok(performance.now() - begun < 5_000)
  })

test('YAML that is exported is read alike by older readers', async () => {
  await using made = await madeApi()
  const id = await imported(made, document)
  await made.ask('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
  const { text } = await made.api.ask(
    'GET',
    `/restapis/${id}/stages/prod/exports/oas30?extensions=apigateway`,
    undefined,
    {},
    ['accept', 'application/yaml'],
  )
  assert.match(text, /^openapi: "3\.0\.1"$/m)
  assert.match(text, /^x-amazon-apigateway-security-policy: "TLS_1_0"$/m)
})
