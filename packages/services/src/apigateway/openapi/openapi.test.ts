import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelUrl, type SnapshotMethod, type SnapshotResource } from '@sekisho/gateway'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { type ExportedApi, exportDocument } from './export.ts'
import { importDocument } from './import.ts'
import { type Node, type OpenApiVersion, parseOpenApi } from './parse.ts'
import { modelSchema } from './schemas.ts'

const read = (document: unknown) =>
  parseOpenApi(
    new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document)),
  )
const imported = (document: unknown, basePath: 'ignore' | 'prepend' | 'split' = 'ignore') =>
  importDocument(read(document), { basePath })

const minimal = { swagger: '2.0', info: { title: 'demo', version: '1' }, paths: {} }
const withGet = (operation: object, root: object = {}) => ({
  ...minimal,
  ...root,
  paths: { '/': { get: operation } },
})

test('a document as chalice sends it gives its method, integration and policy', () => {
  const uri =
    'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations'
  const api = imported(
    withGet(
      {
        consumes: ['application/json'],
        produces: ['application/json'],
        responses: {
          200: { description: '200 response', schema: { $ref: '#/definitions/Empty' } },
        },
        'x-amazon-apigateway-integration': {
          responses: { default: { statusCode: '200' } },
          uri,
          passthroughBehavior: 'when_no_match',
          httpMethod: 'POST',
          contentHandling: 'CONVERT_TO_TEXT',
          type: 'aws_proxy',
        },
      },
      {
        definitions: { Empty: { type: 'object', title: 'Empty Schema' } },
        'x-amazon-apigateway-binary-media-types': ['image/png'],
        'x-amazon-apigateway-policy': { Version: '2012-10-17', Statement: [] },
      },
    ),
  )
  assert.deepEqual(api.errors, [])
  assert.equal(api.name, 'demo')
  assert.equal(api.description, undefined)
  assert.equal(api.policy, '{"Version":"2012-10-17","Statement":[]}')
  assert.deepEqual(api.binaryMediaTypes, ['image/png'])
  assert.deepEqual(api.paths.get('/')?.['GET'], {
    httpMethod: 'GET',
    authorizationType: 'NONE',
    apiKeyRequired: false,
    methodResponses: {
      200: { statusCode: '200', responseModels: { 'application/json': 'Empty' } },
    },
    methodIntegration: {
      type: 'AWS_PROXY',
      httpMethod: 'POST',
      uri,
      passthroughBehavior: 'WHEN_NO_MATCH',
      contentHandling: 'CONVERT_TO_TEXT',
      integrationResponses: { 200: { statusCode: '200' } },
    },
  })
})

test('AWS_IAM comes from a sigv4 scheme or from x-amazon-apigateway-auth', () => {
  const scheme = {
    sigv4: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    },
  }
  const byScheme = imported(withGet({ security: [{ sigv4: [] }] }, { securityDefinitions: scheme }))
  const byExtension = imported(withGet({ 'x-amazon-apigateway-auth': { type: 'aws_iam' } }))
  assert.equal(byScheme.paths.get('/')?.['GET']?.authorizationType, 'AWS_IAM')
  assert.equal(byExtension.paths.get('/')?.['GET']?.authorizationType, 'AWS_IAM')
})

test('security at the root does not protect an operation, as in API Gateway', () => {
  const scheme = { sigv4: { 'x-amazon-apigateway-authtype': 'awsSigv4' } }
  const api = imported(withGet({}, { security: [{ sigv4: [] }], securityDefinitions: scheme }))
  assert.equal(api.paths.get('/')?.['GET']?.authorizationType, 'NONE')
})

test('an authorizer that is not served is refused, never dropped', () => {
  const scheme = {
    jwt: {
      type: 'apiKey',
      'x-amazon-apigateway-authtype': 'cognito_user_pools',
      'x-amazon-apigateway-authorizer': {},
    },
  }
  const api = imported(withGet({ security: [{ jwt: [] }] }, { securityDefinitions: scheme }))
  assert.match(
    api.errors.join(),
    /Unable to put method on 'GET' for resource at path '\/'.*'jwt' is not supported/,
  )
})

const basePaths = [
  ['ignore', ['/e']],
  ['prepend', ['/a/b/c/e']],
  ['split', ['/b/c/e']],
] as const
for (const [mode, expected] of basePaths)
  test(`base path /a/b/c in mode ${mode} gives ${expected}`, () => {
    const swagger = { ...minimal, basePath: '/a/b/c', paths: { '/e': {} } }
    const oas30 = {
      openapi: '3.0.1',
      info: {},
      servers: [{ url: 'https://host/a/b/c' }],
      paths: { '/e': {} },
    }
    const variable = {
      ...oas30,
      servers: [{ url: 'https://host/{basePath}', variables: { basePath: { default: 'a/b/c' } } }],
    }
    for (const document of [swagger, oas30, variable])
      assert.deepEqual([...imported(document, mode).paths.keys()], expected)
  })

test('path items, operations and references share parameters; an operation overrides', () => {
  const document = {
    ...minimal,
    parameters: { trace: { name: 'X-Trace', in: 'header', required: true, type: 'string' } },
    paths: {
      '/pets/{id}': {
        parameters: [
          { name: 'id', in: 'path', required: true, type: 'string' },
          { name: 'q', in: 'query', type: 'string' },
        ],
        get: {
          parameters: [
            { $ref: '#/parameters/trace' },
            { name: 'q', in: 'query', required: true, type: 'string' },
          ],
        },
      },
    },
  }
  assert.deepEqual(imported(document).paths.get('/pets/{id}')?.['GET']?.requestParameters, {
    'method.request.path.id': true,
    'method.request.querystring.q': true,
    'method.request.header.X-Trace': true,
  })
})

const hostile: readonly (readonly [string, unknown, RegExp])[] = [
  ['neither JSON nor YAML', '{', /not JSON/],
  ['a list', '[]', /not an object/],
  ['no version', { info: {} }, /neither/],
  [
    'a remote reference',
    { ...minimal, paths: { '/': { $ref: 'http://198.51.100.1/x.json#/y' } } },
    /leaves the document/,
  ],
  [
    'a file reference',
    { ...minimal, paths: { '/': { $ref: '../secret.json' } } },
    /leaves the document/,
  ],
  ['a circle', { ...minimal, a: { $ref: '#/a' }, paths: { '/': { $ref: '#/a' } } }, /circle/],
  ['a dangling reference', { ...minimal, paths: { '/': { $ref: '#/none' } } }, /leads nowhere/],
  [
    'a reference into a prototype',
    { ...minimal, paths: { '/': { $ref: '#/constructor' } } },
    /leads nowhere/,
  ],
  ['deep nesting', `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`, /nested deeper/],
  [
    'exploding aliases',
    `swagger: "2.0"\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[at]}`).join(',')}]`).join('\n')}`,
    /aliases/,
  ],
]
for (const [what, document, message] of hostile)
  test(`${what} is refused`, () => {
    assert.throws(() => imported(document), { name: 'OpenApiError', message })
  })

test('YAML and JSON read the same', () => {
  const document = withGet({
    operationId: 'x',
    'x-amazon-apigateway-integration': { type: 'mock' },
  })
  assert.deepEqual(imported(stringify(document)), imported(document))
})

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/)
const integration = fc.record(
  {
    type: fc.constantFrom('MOCK', 'HTTP', 'HTTP_PROXY', 'AWS_PROXY'),
    httpMethod: fc.constantFrom('GET', 'POST'),
    uri: word.map((name) => `http://example.test/${name}`),
    passthroughBehavior: fc.constantFrom('WHEN_NO_MATCH', 'NEVER', 'WHEN_NO_TEMPLATES'),
    contentHandling: fc.constantFrom('CONVERT_TO_TEXT', 'CONVERT_TO_BINARY'),
    timeoutInMillis: fc.integer({ min: 50, max: 29_000 }),
    responseTransferMode: fc.constantFrom('BUFFERED', 'STREAM'),
    requestTemplates: fc.constant({ 'application/json': '{"statusCode": 200}' }),
    integrationResponses: fc.constant({
      '200': { statusCode: '200', responseTemplates: { 'application/json': 'x' } },
      '404': { statusCode: '404', selectionPattern: '4\\d\\d' },
    }),
  },
  { requiredKeys: ['type'] },
)
/** What an export writes beside methods. */
const parts = {
  authorizers: {
    a: {
      id: 'a',
      name: 'users',
      type: 'COGNITO_USER_POOLS',
      authType: 'cognito_user_pools',
      identitySource: 'method.request.header.X-Token',
      providerARNs: ['arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_a'],
    },
    b: {
      id: 'b',
      name: 'asked',
      type: 'REQUEST',
      authType: 'custom',
      authorizerUri: 'arn:aws:apigateway:us-east-1:lambda:path/x',
      identitySource: 'method.request.header.A, context.accountId',
      authorizerResultTtlInSeconds: 0,
    },
  },
  requestValidators: {
    v: { id: 'v', name: 'all', validateRequestBody: true, validateRequestParameters: false },
  },
  gatewayResponses: {
    DEFAULT_4XX: {
      responseType: 'DEFAULT_4XX',
      statusCode: '418',
      responseParameters: { 'gatewayresponse.header.x': "'y'" },
      responseTemplates: { 'application/json': '{}' },
    },
  },
} satisfies Partial<ExportedApi>
const method = (httpMethod: string) =>
  fc.record(
    {
      httpMethod: fc.constant(httpMethod),
      authorizationType: fc.constantFrom('NONE', 'AWS_IAM'),
      apiKeyRequired: fc.boolean(),
      operationName: word,
      requestParameters: fc.dictionary(
        fc
          .tuple(fc.constantFrom('header', 'querystring'), word)
          .map(([place, name]) => `method.request.${place}.${name}`),
        fc.boolean(),
        { minKeys: 1, maxKeys: 3 },
      ),
      requestModels: fc.constant({ 'application/json': 'Empty' }),
      methodResponses: fc.constant({
        '200': {
          statusCode: '200',
          responseParameters: { 'method.response.header.X-One': false },
          responseModels: { 'application/json': 'Empty' },
        },
      }),
      methodIntegration: integration,
    },
    { requiredKeys: ['httpMethod', 'authorizationType', 'apiKeyRequired'] },
  ) as unknown as fc.Arbitrary<SnapshotMethod>
const resources = fc
  .uniqueArray(fc.tuple(word, fc.constantFrom('GET', 'POST', 'ANY')), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  })
  .chain((entries) =>
    fc.tuple(
      ...entries.map(([name, httpMethod]) =>
        method(httpMethod).map(
          (made): SnapshotResource => ({
            id: name,
            path: `/${name}`,
            methods: { [httpMethod]: made },
          }),
        ),
      ),
    ),
  )

for (const version of ['swagger', 'oas30'] as const satisfies readonly OpenApiVersion[])
  test(`an import of a ${version} export gives the same API back`, () => {
    fc.assert(
      fc.property(resources, fc.boolean(), (made, asYaml) => {
        const api: ExportedApi = {
          restApiId: 'abcdefghij',
          region: 'us-east-1',
          stageName: 'prod',
          name: 'round trip',
          version: '7',
          createdAt: new Date(0),
          policy: '{"Version":"2012-10-17","Statement":[]}',
          binaryMediaTypes: ['image/png'],
          minimumCompressionSize: 10,
          apiKeySource: 'HEADER',
          endpointTypes: ['REGIONAL'],
          vpcEndpointIds: [],
          disableExecuteApiEndpoint: true,
          securityPolicy: 'TLS_1_2',
          resources: made,
          models: new Map<string, Node>([
            ['Empty', { type: 'object' }],
            ['Pet', { properties: { owner: { $ref: modelUrl('abcdefghij', 'Owner') } } }],
          ]),
          ...parts,
        }
        const document = exportDocument(api, {
          version,
          integrations: true,
          authorizers: true,
          apiGateway: true,
        })
        const back = imported(asYaml ? stringify(document) : document)
        assert.deepEqual(back.errors, [])
        assert.deepEqual(back.warnings, [])
        assert.deepEqual(
          new Map(back.paths),
          new Map(structuredClone(made).map(({ path, methods }) => [path, methods])),
        )
        const models = [...back.models].map(
          ([name, schema]) => [name, modelSchema(schema, 'abcdefghij').schema] as const,
        )
        assert.deepEqual(new Map(models), api.models)
        assert.deepEqual(
          [...back.authorizers.values()],
          Object.values(parts.authorizers).map(({ id: _, ...authorizer }) => authorizer),
        )
        assert.deepEqual(Object.fromEntries(back.requestValidators), {
          all: { validateRequestBody: true, validateRequestParameters: false },
        })
        assert.deepEqual(Object.fromEntries(back.gatewayResponses), parts.gatewayResponses)
        const {
          name,
          version: number,
          policy,
          binaryMediaTypes,
          minimumCompressionSize,
          endpointTypes,
          disableExecuteApiEndpoint,
        } = api
        assert.deepEqual(
          {
            name: back.name,
            number: back.version,
            policy: back.policy,
            types: back.binaryMediaTypes,
            size: back.minimumCompressionSize,
            at: back.endpointTypes,
            off: back.disableExecuteApiEndpoint,
            tls: back.securityPolicy,
          },
          {
            name,
            number,
            policy,
            types: binaryMediaTypes,
            size: minimumCompressionSize,
            at: endpointTypes,
            off: disableExecuteApiEndpoint,
            tls: api.securityPolicy,
          },
        )
      }),
      { numRuns: 200 },
    )
  })

test('a method whose security says nothing to API Gateway is open, and that is said', () => {
  const { warnings, paths } = imported(
    withGet(
      { responses: {}, security: [{ login: ['read'] }] },
      { securityDefinitions: { login: { type: 'oauth2' } } },
    ),
  )
  assert.equal(paths.get('/')?.['GET']?.authorizationType, 'NONE')
  assert.deepEqual(warnings, [
    "Security scheme 'login' on 'GET' for resource at path '/' is no authorizer, ignoring.",
  ])
})
