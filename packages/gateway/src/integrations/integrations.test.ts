import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, headerOf, snapshotOf, textOf } from '../call.fixture.ts'
import { type FunctionCall, type ServiceRequest, UpstreamError } from '../ports.ts'
import type { DeploymentSnapshot, SnapshotMethod } from '../snapshot.ts'
import { MalformedAnswerError, readProxyAnswer } from './proxy-answer.ts'
import { functionOf, parseServiceAddress } from './service-address.ts'

const functionArn = 'arn:aws:lambda:us-east-1:000000001234:function:greeter'
const functionUri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`

type Integration = NonNullable<SnapshotMethod['methodIntegration']>

function apiWith(
  integration: Integration,
  more: Partial<SnapshotMethod> = {},
  api: Partial<DeploymentSnapshot> = {},
  path = '/pets/{id}',
): DeploymentSnapshot {
  const method: SnapshotMethod = {
    authorizationType: 'NONE',
    methodResponses: { '200': { statusCode: '200' }, '404': { statusCode: '404' } },
    methodIntegration: integration,
    ...more,
  }
  return snapshotOf({ [path]: { ANY: method } }, api)
}

const proxy: Integration = { type: 'AWS_PROXY', httpMethod: 'POST', uri: functionUri }
const bytes = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const answering = (value: unknown, asked: FunctionCall[] = []) => ({
  invokeFunction: async (given: FunctionCall) => {
    asked.push(given)
    return { payload: bytes(value) }
  },
})

test('a proxied function is given the event of payload format 1.0', async () => {
  const asked: FunctionCall[] = []
  const reply = await call(apiWith(proxy), {
    method: 'POST',
    path: '/pets/a%20b/',
    query: 'q=1&q=2&x=%2B+y',
    headers: ['content-type', 'text/plain', 'X-Odd', 'one', 'x-odd', 'two', 'user-agent', 'curl'],
    body: 'hello',
    variables: { color: 'red' },
    ...answering({ statusCode: 200, body: 'ok' }, asked),
  })
  assert.equal(reply.status, 200)
  const [{ functionName, payload, isEvent, onBehalf, timeoutMs }] = asked as [FunctionCall]
  assert.deepEqual([functionName, isEvent, timeoutMs], [functionArn, false, 29_000])
  assert.deepEqual(onBehalf, {
    accountId: '000000001234',
    region: 'us-east-1',
    sourceArn: 'arn:aws:execute-api:us-east-1:000000001234:abcdefghij/prod/POST/pets/{id}',
    causedBy: '3d2b9f4e-0000-4000-8000-000000000000',
  })
  const headers = {
    Host: 'abcdefghij.execute-api.us-east-1.localhost',
    'content-type': 'text/plain',
    'X-Odd': 'two',
    'User-Agent': 'curl',
    'X-Amzn-Trace-Id': 'Root=1-695735a5-3d2b9f4e0000400080000000',
    'X-Forwarded-For': '11.22.33.44',
    'X-Forwarded-Port': '80',
    'X-Forwarded-Proto': 'http',
  }
  assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), {
    resource: '/pets/{id}',
    path: '/pets/a%20b/',
    httpMethod: 'POST',
    headers,
    multiValueHeaders: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      'X-Odd': ['one', 'two'],
    },
    queryStringParameters: { q: '2', x: '+ y' },
    multiValueQueryStringParameters: { q: ['1', '2'], x: ['+ y'] },
    pathParameters: { id: 'a%20b' },
    stageVariables: { color: 'red' },
    requestContext: {
      accountId: '000000001234',
      apiId: 'abcdefghij',
      deploymentId: 'dep123',
      domainName: 'abcdefghij.execute-api.us-east-1.localhost',
      domainPrefix: 'abcdefghij',
      extendedRequestId: 'AbCdEfGhIjKlMnO=',
      httpMethod: 'POST',
      path: '/prod/pets/a%20b/',
      protocol: 'HTTP/1.1',
      requestId: '3d2b9f4e-0000-4000-8000-000000000000',
      requestTime: '02/Jan/2026:03:04:05 +0000',
      requestTimeEpoch: 1767323045000,
      resourceId: 'res0',
      resourcePath: '/pets/{id}',
      stage: 'prod',
      identity: {
        accessKey: null,
        accountId: null,
        caller: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '11.22.33.44',
        user: null,
        userAgent: 'curl',
        userArn: null,
      },
    },
    body: 'hello',
    isBase64Encoded: false,
  })
})

test('of a request without anything, the maps and the body are null', async () => {
  const asked: FunctionCall[] = []
  await call(apiWith(proxy, {}, {}, '/'), answering({}, asked))
  const event = JSON.parse(Buffer.from(asked[0]!.payload).toString())
  for (const name of [
    'queryStringParameters',
    'multiValueQueryStringParameters',
    'pathParameters',
    'stageVariables',
    'body',
  ])
    assert.equal(event[name], null, name)
  assert.equal(event.path, '/')
})

test('leading slashes are one to the function, and all of them to whoever asks for the path', async () => {
  const asked: FunctionCall[] = []
  await call(apiWith(proxy, {}, {}, '/{proxy+}'), { path: '//a/', ...answering({}, asked) })
  const event = JSON.parse(Buffer.from(asked[0]!.payload).toString())
  assert.deepEqual([event.path, event.requestContext.path], ['/a/', '/prod//a/'])
})

test('a binary body reaches the function as base64', async () => {
  const asked: FunctionCall[] = []
  await call(apiWith(proxy, {}, { binaryMediaTypes: ['image/*'] }), {
    method: 'POST',
    path: '/pets/1',
    headers: ['Content-Type', 'image/png'],
    body: 'png',
    ...answering({}, asked),
  })
  const { body, isBase64Encoded } = JSON.parse(Buffer.from(asked[0]!.payload).toString())
  assert.deepEqual([body, isBase64Encoded], ['cG5n', true])
})

const answers: readonly [unknown, ReturnType<typeof readProxyAnswer>][] = [
  [{}, { status: 200, headers: [], body: '', isBase64Encoded: false }],
  [{ statusCode: '201' }, { status: 201, headers: [], body: '', isBase64Encoded: false }],
  [
    { headers: null, body: null },
    { status: 200, headers: [], body: '', isBase64Encoded: false },
  ],
  [
    { headers: { a: true, b: 1 }, body: 'x', isBase64Encoded: true },
    { status: 200, headers: ['a', 'true', 'b', '1'], body: 'x', isBase64Encoded: true },
  ],
  [
    { headers: { 'x-a': 'one', b: 'two' }, multiValueHeaders: { 'X-A': ['three', 4] } },
    {
      status: 200,
      headers: ['X-A', 'three', 'X-A', '4', 'b', 'two'],
      body: '',
      isBase64Encoded: false,
    },
  ],
]

for (const [answer, read] of answers)
  test(`a function's ${JSON.stringify(answer)} is an answer`, () => {
    assert.deepEqual(readProxyAnswer(bytes(answer)), read)
  })

const malformed: readonly unknown[] = [
  '"text"',
  '[]',
  'null',
  'no json',
  { statusCode: 'two hundred' },
  { statusCode: '' },
  { statusCode: 99 },
  { statusCode: 200.5 },
  { body: { a: 1 } },
  { body: 1 },
  { extra: 1 },
  { headers: [] },
  { headers: { a: {} } },
  { multiValueHeaders: { a: 'b' } },
  { isBase64Encoded: 'maybe' },
  { headers: { 'a b': 'c' } },
  { headers: { a: 'b\r\nSet-Cookie: c' } },
]

for (const answer of malformed)
  test(`a function's ${JSON.stringify(answer)} is a 502`, async () => {
    const reply = await call(apiWith(proxy), { path: '/pets/1', ...answering(answer) })
    assert.deepEqual([reply.status, textOf(reply)], [502, '{"message": "Internal server error"}'])
    assert.equal(headerOf(reply, 'x-amzn-ErrorType'), 'InternalServerErrorException')
    assert.equal(reply.outcome.isFault, undefined, 'it is the function that is wrong')
  })

test('what is no JSON is named as such', () => {
  assert.throws(() => readProxyAnswer(new Uint8Array([255])), MalformedAnswerError)
})

test('base64 is decoded where the client or the answer is binary, and there alone', async () => {
  const rows: readonly [readonly string[], string, string][] = [
    [['*/*'], '', 'png'],
    [['image/png'], 'image/png,text/html', 'png'],
    [['image/png'], 'text/html', 'png'],
    [[], 'image/png', 'cG5n'],
  ]
  for (const [binaryMediaTypes, accept, body] of rows) {
    const answer = { headers: { 'Content-Type': 'image/png' }, body: 'cG5n', isBase64Encoded: true }
    const reply = await call(apiWith(proxy, {}, { binaryMediaTypes }), {
      path: '/pets/1',
      headers: accept === '' ? [] : ['Accept', accept],
      ...answering(answer),
    })
    assert.equal(textOf(reply), body, accept)
  }
})

const failures: readonly [UpstreamError['code'], number, string, string][] = [
  ['NOT_PERMITTED', 500, 'Internal server error', 'API_CONFIGURATION_ERROR'],
  ['REFUSED', 500, 'Internal server error', 'API_CONFIGURATION_ERROR'],
  ['THROTTLED', 500, 'Internal server error', 'INTEGRATION_FAILURE'],
  ['TIMEOUT', 504, 'Endpoint request timed out', 'INTEGRATION_TIMEOUT'],
]

for (const [code, status, message, type] of failures)
  for (const integration of [proxy, { ...proxy, type: 'AWS' as const }])
    test(`${integration.type}: a function that answers ${code} is a ${status}`, async () => {
      const reply = await call(apiWith(integration), {
        path: '/pets/1',
        invokeFunction: async () => {
          throw new UpstreamError(code, 'why')
        },
      })
      assert.deepEqual([reply.status, textOf(reply)], [status, `{"message": "${message}"}`])
      assert.equal(reply.outcome.refusal, type)
    })

test('a proxy integration with another method than POST fails when it is called', async () => {
  const reply = await call(apiWith({ ...proxy, httpMethod: 'GET' }), {
    path: '/pets/1',
    ...answering({}),
  })
  assert.deepEqual([reply.status, reply.outcome.refusal], [500, 'API_CONFIGURATION_ERROR'])
})

const mapped: Integration = {
  type: 'AWS',
  httpMethod: 'POST',
  uri: functionUri,
  requestTemplates: { 'application/json': '{"ip":"$input.params(\'SourceIp\')"}' },
  integrationResponses: {
    '200': { statusCode: '200' },
    '404': { statusCode: '404', selectionPattern: '.*not found.*' },
  },
}

test('a mapped function gets what the template makes, and its words choose the response', async () => {
  const asked: FunctionCall[] = []
  const reply = await call(apiWith(mapped), {
    path: '/pets/1',
    query: 'SourceIp=1.2.3.4',
    ...answering('{"done":"not found, and yet well"}', asked),
  })
  assert.equal(Buffer.from(asked[0]!.payload).toString(), '{"ip":"1.2.3.4"}')
  assert.deepEqual([reply.status, textOf(reply)], [200, '{"done":"not found, and yet well"}'])

  const failing = (errorMessage: unknown) => ({
    path: '/pets/1',
    invokeFunction: async () => ({
      payload: bytes({ errorMessage, errorType: 'Error' }),
      functionError: 'Unhandled',
    }),
  })
  assert.equal((await call(apiWith(mapped), failing('it was not found here'))).status, 404)
  assert.equal((await call(apiWith(mapped), failing('other'))).status, 200)
  assert.equal((await call(apiWith(mapped), failing(undefined))).status, 200)
})

test('a header asks for an invocation that nobody waits for', async () => {
  const asked: FunctionCall[] = []
  const requestParameters = { 'integration.request.header.X-Amz-Invocation-Type': "'Event'" }
  await call(apiWith({ ...mapped, requestParameters }), {
    path: '/pets/1',
    ...answering('', asked),
  })
  assert.equal(asked[0]!.isEvent, true)
})

test('a service is asked by path, with what was mapped, and its status chooses the response', async () => {
  const asked: ServiceRequest[] = []
  const integration: Integration = {
    type: 'AWS',
    httpMethod: 'GET',
    uri: 'arn:aws:apigateway:us-east-1:s3:path/bucket/{key}?versions',
    credentials: 'arn:aws:iam::000000001234:role/reader',
    requestParameters: {
      'integration.request.path.key': 'method.request.path.id',
      'integration.request.querystring.max-keys': "'3'",
      'integration.request.header.X-Amz-Meta': "'a'",
    },
    integrationResponses: {
      '200': { statusCode: '200', selectionPattern: '2\\d\\d' },
      '404': { statusCode: '404', selectionPattern: '4\\d\\d' },
    },
  }
  const reply = await call(apiWith(integration), {
    path: '/pets/a%2Fb c',
    askService: async (request) => {
      asked.push(request)
      return { status: 403, headers: ['Content-Type', 'application/xml'], body: bytes('<Error/>') }
    },
  })
  assert.deepEqual([reply.status, textOf(reply)], [404, '<Error/>'])
  const [{ onBehalf, body, ...request }] = asked as [ServiceRequest]
  assert.deepEqual(request, {
    service: 's3',
    subdomain: undefined,
    region: 'us-east-1',
    method: 'GET',
    target: { rawPath: '/bucket/a%2Fb%20c' },
    rawQuery: 'versions&max-keys=3',
    headers: ['Accept', 'application/json', 'Content-Type', 'application/json', 'X-Amz-Meta', 'a'],
    timeoutMs: 29_000,
  })
  assert.equal(onBehalf.roleArn, 'arn:aws:iam::000000001234:role/reader')
  assert.equal(body.length, 0)
})

test("a caller's own credentials are used where the integration says so, and only if there are any", async () => {
  const integration: Integration = { ...mapped, credentials: 'arn:aws:iam::*:user/*' }
  const asked: FunctionCall[] = []
  const options = { path: '/pets/1', ...answering('{}', asked) }
  const signed = apiWith(integration, { authorizationType: 'AWS_IAM' })
  assert.equal((await call(signed, { ...options, signedBy: '000000001234' })).status, 200)
  assert.equal(asked[0]!.onBehalf.identity?.accountId, '000000001234')
  assert.equal((await call(apiWith(integration), options)).status, 500)
  assert.equal(asked.length, 1)
})

test('addresses of services are read as API Gateway writes them', () => {
  const at = (rest: string) => parseServiceAddress(`arn:aws:apigateway:eu-west-1:${rest}`)
  assert.deepEqual(at('bucket.s3:path/key?x=1'), {
    region: 'eu-west-1',
    service: 's3',
    subdomain: 'bucket',
    target: { kind: 'path', rawPath: '/key', rawQuery: 'x=1' },
  })
  assert.deepEqual(at('sts:action/GetCallerIdentity'), {
    region: 'eu-west-1',
    service: 'sts',
    subdomain: undefined,
    target: { kind: 'action', action: 'GetCallerIdentity', rawQuery: '' },
  })
  assert.deepEqual(at('iam:action/GetUser&UserName=a')?.target, {
    kind: 'action',
    action: 'GetUser',
    rawQuery: 'UserName=a',
  })
  for (const wrong of ['s3:other/x', 'action/', ':path/x', 'sts:action/'])
    assert.equal(at(wrong), undefined, wrong)
  assert.equal(functionOf(parseServiceAddress(functionUri)!), functionArn)
  assert.equal(functionOf(at('lambda:path/2015-03-31/functions')!), undefined)
})
