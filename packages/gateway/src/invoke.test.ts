import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, headerOf, mock, owner, type Paths, snapshotOf, textOf } from './call.fixture.ts'
import type { SnapshotAuthorizer } from './snapshot.ts'

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
const functionUri =
  'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/keeper/invocations'
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

const refusing: readonly (readonly [string, Partial<SnapshotAuthorizer>, number])[] = [
  ['a function that fails', { type: 'TOKEN', authorizerUri: functionUri }, 500],
  ['a user pool that nobody has', { type: 'COGNITO_USER_POOLS', providerARNs: ['x'] }, 500],
]
for (const [what, authorizer, status] of refusing)
  test(`whoever is refused by ${what} is told so though the body never comes`, async () => {
    const authorizationType = authorizer.type === 'TOKEN' ? 'CUSTOM' : authorizer.type!
    const paths = { '/': { POST: { ...mock, authorizationType, authorizerId: 'a' } } }
    const authorizers = { a: { id: 'a', name: 'a', ...authorizer } as SnapshotAuthorizer }
    const reply = await call(snapshotOf(paths, { authorizers }), {
      method: 'POST',
      headers: ['Authorization', 'secret'],
      received: { hasBody: true, readBody: () => new Promise(() => {}) },
      invokeFunction: async () => ({ payload: Buffer.from('{}'), functionError: 'Unhandled' }),
    })
    assert.equal(reply.status, status)
  })

test('a constant answer says nothing of the connection either', async () => {
  const answer = (responseParameters: Record<string, string>) => ({
    ...mock,
    methodIntegration: {
      ...mock.methodIntegration,
      integrationResponses: { '200': { statusCode: '200', responseParameters } },
    },
  })
  const mapped = {
    'method.response.header.Content-Length': "'5'",
    'method.response.header.Transfer-Encoding': "'chunked'",
  }
  const reply = await call(snapshotOf({ '/': { GET: answer(mapped) } }))
  assert.deepEqual(reply.headers, [
    ...['x-amzn-Remapped-Content-Length', '5'],
    ...['Content-Type', 'application/json'],
  ])
  const broken = { 'method.response.header.a': "'b\r\nc: d'" }
  assert.equal((await call(snapshotOf({ '/': { GET: answer(broken) } }))).status, 500)
})
