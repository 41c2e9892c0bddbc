import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, inflateSync } from 'node:zlib'
import { call, headerOf, mock, owner, type Paths, snapshotOf, textOf } from './call.fixture.ts'
import { UpstreamError, type UpstreamRequest } from './ports.ts'

const arn = `arn:aws:execute-api:us-east-1:${owner}:abcdefghij`
const everybody = { Principal: '*', Action: 'execute-api:Invoke', Resource: `${arn}/*/*/*` }
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const onlyOffice = policy(
  { Effect: 'Allow', ...everybody },
  {
    Effect: 'Deny',
    ...everybody,
    Condition: { NotIpAddress: { 'aws:SourceIp': ['11.22.33.44/32'] } },
  },
)
const root: Paths = { '/': { GET: mock } }
const signed: Paths = { '/': { GET: { ...mock, authorizationType: 'AWS_IAM' } } }
const denied = (path: string, caller = 'anonymous') =>
  `{"Message":"User: ${caller} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********1234:abcdefghij/prod/${path}"}`
const explicitly = (path: string) => denied(path).replace('"}', ' with an explicit deny"}')

test('without a policy everybody is served', async () => {
  const reply = await call(snapshotOf(root))
  assert.deepEqual(
    [reply.status, textOf(reply), headerOf(reply, 'content-type')],
    [200, '{"hello":"world"}', 'application/json'],
  )
})

test('only the listed address is served, any other gets the exact refusal', async () => {
  const snapshot = snapshotOf(root, { policy: onlyOffice })
  assert.equal((await call(snapshot)).status, 200)
  const reply = await call(snapshot, { sourceIp: '11.22.33.45' })
  assert.deepEqual(
    [reply.status, textOf(reply), headerOf(reply, 'x-amzn-errortype')],
    [403, explicitly('GET/'), 'AccessDeniedException'],
  )
  assert.equal(textOf(reply).length, 182 - 'ap-northeast-1'.length + 'us-east-1'.length)
  assert.equal((await call(snapshot, { sourceIp: '2001:db8::1' })).status, 403)
})

const implicit: readonly (readonly [string, string])[] = [
  [
    'denies only',
    policy({
      Effect: 'Deny',
      ...everybody,
      Condition: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } },
    }),
  ],
  [
    'allows another method only',
    policy({ Effect: 'Allow', ...everybody, Resource: `${arn}/prod/POST/*` }),
  ],
  [
    'names a principal',
    policy({ Effect: 'Allow', ...everybody, Principal: { AWS: `arn:aws:iam::${owner}:root` } }),
  ],
]
for (const [what, text] of implicit)
  test(`a policy that ${what} does not let an anonymous caller in`, async () => {
    const reply = await call(snapshotOf(root, { policy: text }))
    assert.deepEqual([reply.status, textOf(reply)], [403, denied('GET/')])
  })

test('a policy that cannot be read refuses everybody', async () => {
  for (const text of ['', '{', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'])
    assert.equal((await call(snapshotOf(root, { policy: text }))).status, 403)
})

test('an unknown path and a wrong method are missing an authentication token', async () => {
  for (const options of [
    { path: '/none' },
    { method: 'POST' },
    { path: '/%2e%2e/' },
    { path: '//' },
  ]) {
    const reply = await call(snapshotOf(root), options)
    assert.deepEqual(
      [reply.status, textOf(reply), headerOf(reply, 'x-amzn-errortype')],
      [403, '{"message":"Missing Authentication Token"}', 'MissingAuthenticationTokenException'],
    )
  }
})

test('AWS_IAM: unsigned is refused, the owner is served, another account needs both sides', async () => {
  const unsigned = await call(snapshotOf(signed))
  assert.deepEqual(
    [unsigned.status, textOf(unsigned)],
    [403, '{"message":"Missing Authentication Token"}'],
  )
  assert.equal((await call(snapshotOf(signed), { signedBy: owner })).status, 200)
  const foreign = await call(snapshotOf(signed), { signedBy: '999999995678' })
  assert.deepEqual(
    [foreign.status, textOf(foreign)],
    [403, denied('GET/', 'arn:aws:iam::********5678:root')],
  )
  const allowing = snapshotOf(signed, {
    policy: policy({ Effect: 'Allow', ...everybody, Principal: { AWS: '999999995678' } }),
  })
  assert.equal((await call(allowing, { signedBy: '999999995678' })).status, 200)
})

test('AWS_IAM: a deny of the resource policy holds for the owner too', async () => {
  const reply = await call(snapshotOf(signed, { policy: onlyOffice }), {
    signedBy: owner,
    sourceIp: '198.51.100.1',
  })
  assert.equal(
    textOf(reply),
    denied('GET/', 'arn:aws:iam::********1234:root').replace('"}', ' with an explicit deny"}'),
  )
})

test('AWS_IAM: a signature six minutes old is refused with the window of deployed APIs', async () => {
  const reply = await call(snapshotOf(signed), {
    signedBy: owner,
    at: Date.UTC(2026, 0, 2, 2, 58, 5),
  })
  assert.equal(headerOf(reply, 'x-amzn-errortype'), 'InvalidSignatureException')
  assert.match(
    textOf(reply),
    /^\{"message":"Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z \(20260102T030405Z - 5 min\.\)"\}$/,
  )
})

test('AWS_IAM: a header that is no signature is told so, hashed', async () => {
  const reply = await call(snapshotOf(signed), {
    headers: ['Authorization', 'Bearer secret-token'],
  })
  assert.equal(headerOf(reply, 'x-amzn-errortype'), 'IncompleteSignatureException')
  assert.ok(!textOf(reply).includes('secret-token'))
})

test('the body is part of the signature', async () => {
  const paths: Paths = { '/': { POST: { ...mock, authorizationType: 'AWS_IAM' } } }
  assert.equal(
    (await call(snapshotOf(paths), { method: 'POST', body: '{"a":1}', signedBy: owner })).status,
    200,
  )
})

test('authorization types that are not served refuse', async () => {
  for (const authorizationType of ['CUSTOM', 'COGNITO_USER_POOLS', 'ANYTHING', 'toString']) {
    const reply = await call(snapshotOf({ '/': { GET: { ...mock, authorizationType } } }), {
      signedBy: owner,
    })
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message":null}'])
  }
})

test('a method that requires a key is forbidden while there are no keys', async () => {
  const reply = await call(snapshotOf({ '/': { GET: { ...mock, apiKeyRequired: true } } }), {
    headers: ['x-api-key', 'anything'],
  })
  assert.deepEqual(
    [reply.status, textOf(reply), headerOf(reply, 'x-amzn-errortype')],
    [403, '{"message":"Forbidden"}', 'ForbiddenException'],
  )
})

/** Ways around a Deny on GET /admin that were tried; each must be refused or must not reach it. */
const admin = snapshotOf(
  { '/': { GET: mock }, '/admin': { GET: mock, POST: mock }, '/{proxy+}': { GET: mock } },
  {
    policy: policy(
      { Effect: 'Allow', ...everybody },
      {
        Effect: 'Deny',
        ...everybody,
        Resource: [
          `${arn}/prod/GET/admin*`,
          `${arn}/prod/GET//*`,
          `${arn}/prod/GET/%*`,
          `${arn}/prod/GET/*..*`,
        ],
      },
    ),
  },
)
const attempts: readonly (readonly [string, Parameters<typeof call>[1]])[] = [
  ['as it is', { path: '/admin' }],
  ['trailing slash', { path: '/admin/' }],
  ['doubled slash', { path: '//admin' }],
  ['encoded letter', { path: '/%61dmin' }],
  ['encoded slash', { path: '/%2fadmin' }],
  ['dot segments', { path: '/x/../admin' }],
  [
    'method override away from GET and back',
    { path: '/admin', method: 'POST', headers: ['X-HTTP-Method-Override', 'GET'] },
  ],
  [
    'two overrides',
    {
      path: '/admin',
      headers: ['X-HTTP-Method-Override', 'POST', 'x-http-method-override', 'GET'],
    },
  ],
  [
    'an override that is no method',
    { path: '/admin', headers: ['X-HTTP-Method-Override', 'GET /admin'] },
  ],
  ['a forged source', { path: '/admin', headers: ['X-Forwarded-For', '11.22.33.44'] }],
]
for (const [what, options] of attempts)
  test(`a Deny on /admin is not got round: ${what}`, async () => {
    assert.equal((await call(admin, options)).status, 403)
  })

test('an override changes route, ARN and log alike', async () => {
  const reply = await call(admin, { path: '/admin', headers: ['X-HTTP-Method-Override', 'post'] })
  assert.deepEqual(
    [reply.status, reply.outcome.httpMethod, reply.outcome.methodArn],
    [200, 'POST', `${arn}/prod/POST/admin`],
  )
})

test('with strict paths a Deny on the exact path holds for its tricks too', async () => {
  const text = policy(
    { Effect: 'Allow', ...everybody },
    { Effect: 'Deny', ...everybody, Resource: `${arn}/prod/GET/pets` },
  )
  const snapshot = snapshotOf(
    { '/pets': { GET: mock }, '/{proxy+}': { GET: mock } },
    { policy: text },
  )
  for (const path of ['/pets/', '//pets', '/%70ets', '/x/../pets']) {
    assert.equal((await call(snapshot, { path })).status, 200, `as on AWS: ${path}`)
    assert.equal((await call(snapshot, { path, strictPaths: true })).status, 403, path)
  }
})

const pets: Paths = {
  '/pets': { GET: mock },
  '/pets/{id}': { ANY: mock },
  '/pets/{id}/toys': { GET: mock },
  '/pets/mine': { POST: mock },
  '/{proxy+}': { GET: mock },
}
const routes: readonly (readonly [string, string, string | undefined])[] = [
  ['GET', '/pets', '/pets'],
  ['GET', '/pets/', '/pets'],
  ['GET', '/pets/7', '/pets/{id}'],
  ['POST', '/pets/mine', '/pets/mine'],
  ['GET', '/pets/mine', '/pets/{id}'],
  ['GET', '/pets/7/toys', '/pets/{id}/toys'],
  ['GET', '/pets/7/toys/1', '/{proxy+}'],
  ['POST', '/pets', undefined],
  ['GET', '/Pets', '/{proxy+}'],
]
for (const [method, path, resource] of routes)
  test(`${method} ${path} is served by ${resource ?? 'nothing'}`, async () => {
    const template = '$context.resourcePath'
    const echo = {
      ...mock,
      methodIntegration: {
        ...mock.methodIntegration,
        integrationResponses: {
          '200': { statusCode: '200', responseTemplates: { 'application/json': template } },
        },
      },
    }
    const paths = Object.fromEntries(
      Object.entries(pets).map(([at, methods]) => [
        at,
        Object.fromEntries(Object.keys(methods).map((name) => [name, echo])),
      ]),
    )
    const reply = await call(snapshotOf(paths), { method, path })
    assert.equal(reply.status === 200 ? textOf(reply) : undefined, resource)
  })

test('HTTP_PROXY passes the request on and renames what the backend says of itself', async () => {
  const seen: UpstreamRequest[] = []
  const proxy = {
    authorizationType: 'NONE',
    methodIntegration: {
      type: 'HTTP_PROXY' as const,
      httpMethod: 'ANY',
      uri: 'http://backend.test/${stageVariables.base}/{proxy}',
      requestParameters: {
        'integration.request.path.proxy': 'method.request.path.proxy',
        'integration.request.header.X-From': "'gateway'",
      },
    },
  }
  const reply = await call(snapshotOf({ '/{proxy+}': { ANY: proxy } }), {
    method: 'PUT',
    path: '/a%2Fb/c',
    query: 'q=1&q=2',
    headers: ['X-Own', 'kept', 'Connection', 'close', 'TE', 'trailers'],
    body: 'payload',
    variables: { base: 'v1' },
    upstream(request) {
      seen.push(request)
      return {
        status: 201,
        headers: [
          'Server',
          'backend',
          'Date',
          'then',
          'Content-Type',
          'text/plain',
          'X-Answer',
          '42',
        ],
        body: Buffer.from('done'),
      }
    },
  })
  const [request] = seen
  assert.equal(request?.method, 'PUT')
  assert.equal(request?.url, 'http://backend.test/v1/a%2Fb/c?q=1&q=2')
  assert.equal(Buffer.from(request!.body).toString(), 'payload')
  assert.ok(request!.headers.includes('kept') && request!.headers.includes('gateway'))
  assert.ok(!request!.headers.some((each) => ['close', 'trailers'].includes(each)))
  assert.deepEqual(
    [
      reply.status,
      textOf(reply),
      headerOf(reply, 'content-type'),
      headerOf(reply, 'x-amzn-Remapped-Server'),
      headerOf(reply, 'x-answer'),
    ],
    [201, 'done', 'text/plain', 'backend', '42'],
  )
})

for (const path of [
  '/..',
  '/%2e%2e/admin',
  '/a/../../admin',
  '/a/%2E/b',
  '/..%2fadmin',
  '/.%2e\\admin',
])
  test(`a path that climbs is not passed on: ${path}`, async () => {
    const proxy = {
      authorizationType: 'NONE',
      methodIntegration: {
        type: 'HTTP_PROXY' as const,
        httpMethod: 'GET',
        uri: 'http://backend.test/public/{proxy}',
        requestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy' },
      },
    }
    const reply = await call(snapshotOf({ '/{proxy+}': { GET: proxy } }), { path })
    assert.deepEqual([reply.status, textOf(reply)], [400, '{"message": "Invalid path parameter"}'])
  })

const failures = [
  ['TIMEOUT', 504, '{"message": "Endpoint request timed out"}'],
  ['UNREACHABLE', 504, '{"message": "Network error communicating with endpoint"}'],
] as const
for (const [code, status, body] of failures)
  test(`an upstream that is ${code} gives ${status}`, async () => {
    const http = {
      authorizationType: 'NONE',
      methodIntegration: {
        type: 'HTTP_PROXY' as const,
        httpMethod: 'GET',
        uri: 'http://backend.test/',
      },
    }
    const reply = await call(snapshotOf({ '/': { GET: http } }), {
      upstream() {
        throw new UpstreamError(code, 'no answer')
      },
    })
    assert.deepEqual(
      [reply.status, textOf(reply), headerOf(reply, 'x-amzn-errortype')],
      [status, body, 'InternalServerErrorException'],
    )
  })

test('HTTP chooses its response by status, maps headers and renders the template', async () => {
  const http = {
    authorizationType: 'NONE',
    methodResponses: {
      '200': { statusCode: '200', responseParameters: { 'method.response.header.X-Id': false } },
      '418': { statusCode: '418' },
    },
    methodIntegration: {
      type: 'HTTP' as const,
      httpMethod: 'POST',
      uri: 'http://backend.test/',
      requestTemplates: {
        'application/json':
          '{"ip":"$context.identity.sourceIp","q":"$input.params(\'q\')","id":$input.json(\'$.id\')}',
      },
      integrationResponses: {
        '200': {
          statusCode: '200',
          responseParameters: { 'method.response.header.X-Id': 'integration.response.body.id' },
          responseTemplates: {
            'application/json':
              "#set($root = $input.path('$'))#foreach($tag in $root.tags)$tag#if($foreach.hasNext),#end#end",
          },
        },
        '418': { statusCode: '418', selectionPattern: '4\\d\\d' },
      },
    },
  }
  const seen: string[] = []
  const ask = (status: number, body: string) =>
    call(snapshotOf({ '/': { POST: http } }), {
      method: 'POST',
      query: 'q=search',
      body: '{"id":7}',
      upstream(request) {
        seen.push(Buffer.from(request.body).toString())
        return { status, headers: [], body: Buffer.from(body) }
      },
    })
  const reply = await ask(200, '{"id":9,"tags":["a","b"]}')
  assert.deepEqual([reply.status, textOf(reply), headerOf(reply, 'x-id')], [200, 'a,b', '9'])
  assert.equal(seen[0], '{"ip":"11.22.33.44","q":"search","id":7}')
  assert.equal((await ask(404, 'raw')).status, 418)
})

const mockWith = (
  requestTemplates: Record<string, string> | undefined,
  passthroughBehavior: string,
) => ({
  ...mock,
  methodIntegration: {
    ...mock.methodIntegration,
    passthroughBehavior,
    ...(requestTemplates ? { requestTemplates } : { requestTemplates: {} }),
  },
})
const passthroughs: readonly (readonly [
  string,
  Record<string, string> | undefined,
  string,
  number,
])[] = [
  ['WHEN_NO_MATCH', { 'application/json': '{"statusCode": 200}' }, 'application/json', 200],
  ['WHEN_NO_MATCH', { 'text/other': '{}' }, 'application/json', 200],
  ['WHEN_NO_TEMPLATES', { 'text/other': '{}' }, 'application/json', 415],
  ['WHEN_NO_TEMPLATES', undefined, 'application/json', 200],
  ['NEVER', undefined, 'application/json', 415],
  ['NEVER', { 'text/other': '{}' }, 'application/json', 415],
]
for (const [behavior, templates, type, status] of passthroughs)
  test(`${behavior} with ${templates ? Object.keys(templates) : 'no template'}: ${type} gives ${status}`, async () => {
    const reply = await call(snapshotOf({ '/': { POST: mockWith(templates, behavior) } }), {
      method: 'POST',
      headers: ['Content-Type', type],
      body: '{"statusCode": 200}',
    })
    assert.equal(reply.status, status)
    if (status === 415) assert.equal(textOf(reply), '{"message": "Unsupported Media Type"}')
  })

const broken: readonly (readonly [string, string])[] = [
  ['does not parse', '#if('],
  ['never ends', '#foreach($a in [1..1000])#foreach($b in [1..1000])x#end#end'],
  ['explodes', '#set($x = "xxxxxxxxxx")#foreach($i in [1..30])#set($x = "$x$x")#end$x'],
  ['gives no status', '{"other": 1}'],
]
for (const [what, template] of broken)
  test(`a request template that ${what} gives an internal server error`, async () => {
    const reply = await call(
      snapshotOf({ '/': { GET: mockWith({ 'application/json': template }, 'WHEN_NO_MATCH') } }),
    )
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message": "Internal server error"}'])
  })

test('an integration that leads nowhere answers an internal server error and says why in the log', async () => {
  const aws = {
    authorizationType: 'NONE',
    methodIntegration: {
      type: 'AWS_PROXY' as const,
      httpMethod: 'POST',
      uri: 'arn:aws:apigateway:x',
    },
  }
  const reply = await call(snapshotOf({ '/': { GET: aws } }))
  assert.equal(reply.status, 500)
  assert.match(reply.outcome.detail ?? '', /is the address of no function/)
})

const encodings = [
  ['gzip', 'gzip'],
  ['br, deflate;q=0.5', 'deflate'],
  ['gzip;q=0', undefined],
  ['*', undefined],
  [undefined, undefined],
] as const
for (const [accepted, encoding] of encodings)
  test(`with compression on, Accept-Encoding ${accepted} is answered in ${encoding ?? 'plain'}`, async () => {
    const reply = await call(snapshotOf(root, { minimumCompressionSize: 5 }), {
      headers: accepted ? ['Accept-Encoding', accepted] : [],
    })
    assert.equal(headerOf(reply, 'content-encoding'), encoding)
    const bytes = Buffer.from(reply.body)
    const plain =
      encoding === 'gzip' ? gunzipSync(bytes) : encoding === 'deflate' ? inflateSync(bytes) : bytes
    assert.equal(plain.toString(), '{"hello":"world"}')
  })

test('an answer below the size stays plain', async () => {
  const reply = await call(snapshotOf(root, { minimumCompressionSize: 1_000 }), {
    headers: ['Accept-Encoding', 'gzip'],
  })
  assert.equal(headerOf(reply, 'content-encoding'), undefined)
})
