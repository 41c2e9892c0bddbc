import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, headerOf, nowMs, snapshotOf, textOf } from '../call.fixture.ts'
import { compileDeployment } from '../deployment.ts'
import { type FunctionCall, UpstreamError } from '../ports.ts'
import type { DeploymentSnapshot, SnapshotAuthorizer, SnapshotMethod } from '../snapshot.ts'
import { AnswerCache } from './answer-cache.ts'
import type { AuthorizerAnswer } from './authorizer-answer.ts'

const functionArn = 'arn:aws:lambda:us-east-1:000000001234:function:doorkeeper'
const authorizerUri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`
const prefix = 'arn:aws:execute-api:us-east-1:000000001234:abcdefghij'

const mock: SnapshotMethod = {
  authorizationType: 'CUSTOM',
  authorizerId: 'auth01',
  methodResponses: { '200': { statusCode: '200' } },
  methodIntegration: {
    type: 'MOCK',
    requestTemplates: {
      'application/json':
        '{"statusCode": 200} #set($context.responseOverride.header.who = "$context.authorizer.principalId $context.authorizer.level")',
    },
    integrationResponses: { '200': { statusCode: '200' } },
  },
}

function apiWith(
  authorizer: Partial<SnapshotAuthorizer> = {},
  more: Partial<DeploymentSnapshot> = {},
): DeploymentSnapshot {
  return snapshotOf(
    { '/': { GET: mock }, '/pets/{id}': { ANY: mock } },
    {
      authorizers: {
        auth01: { id: 'auth01', name: 'doorkeeper', type: 'TOKEN', authorizerUri, ...authorizer },
      },
      ...more,
    },
  )
}

const policyOf = (Effect: 'Allow' | 'Deny', Resource: string | string[] = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect, Action: 'execute-api:Invoke', Resource }],
})

/** A function that answers the same to all, and remembers what it was asked. */
function doorkeeper(answer: unknown, functionError?: string) {
  const asked: FunctionCall[] = []
  return {
    asked,
    invokeFunction: async (given: FunctionCall) => {
      asked.push(given)
      return { payload: Buffer.from(JSON.stringify(answer)), functionError }
    },
  }
}

const allowing = { principalId: 'alice', policyDocument: policyOf('Allow'), context: { level: 7 } }
const withToken = ['Authorization', 'secret']

test('a token is shown to the function, and its answer opens the door', async () => {
  const { asked, invokeFunction } = doorkeeper(allowing)
  const reply = await call(apiWith(), { headers: withToken, invokeFunction })
  assert.deepEqual([reply.status, headerOf(reply, 'who')], [200, 'alice 7'])
  const [{ payload, onBehalf, functionName }] = asked as [FunctionCall]
  assert.equal(functionName, functionArn)
  assert.equal(onBehalf.sourceArn, `${prefix}/authorizers/auth01`)
  assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), {
    type: 'TOKEN',
    methodArn: `${prefix}/prod/GET/`,
    authorizationToken: 'secret',
  })
})

test('a request authorizer is shown the request without its body', async () => {
  const { asked, invokeFunction } = doorkeeper(allowing)
  const api = apiWith({ type: 'REQUEST', identitySource: 'method.request.querystring.key' })
  await call(api, { method: 'POST', path: '/pets/7', query: 'key=k', body: 'b', invokeFunction })
  const event = JSON.parse(Buffer.from(asked[0]!.payload).toString())
  assert.deepEqual(Object.keys(event).sort(), [
    'headers',
    'httpMethod',
    'methodArn',
    'multiValueHeaders',
    'multiValueQueryStringParameters',
    'path',
    'pathParameters',
    'queryStringParameters',
    'requestContext',
    'resource',
    'stageVariables',
    'type',
  ])
  assert.deepEqual(
    [event.type, event.methodArn, event.pathParameters, event.queryStringParameters],
    ['REQUEST', `${prefix}/prod/POST/pets/7`, { id: '7' }, { key: 'k' }],
  )
})

const classic = (suffix: string) =>
  `{"Message":"User is not authorized to access this resource${suffix}"}`
const denial = ' with an explicit deny'
const resourceDenial = `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********1234:abcdefghij/prod/GET/${denial}"}`
const resourcePolicy = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
const all = { Principal: '*', Action: 'execute-api:Invoke', Resource: `${prefix}/*` }

/** The function's word, the resource policy's, and what becomes of the two. @see API Gateway Developer Guide, table A */
const table: readonly [unknown, string | undefined, number, string][] = [
  [policyOf('Allow'), undefined, 200, ''],
  [policyOf('Allow', `${prefix}/prod/GET/pets/*`), undefined, 403, classic('')],
  [policyOf('Deny'), undefined, 403, classic(denial)],
  [policyOf('Allow'), resourcePolicy({ Effect: 'Allow', ...all }), 200, ''],
  [
    policyOf('Allow'),
    resourcePolicy({ Effect: 'Allow', ...all, Resource: `${prefix}/other/*` }),
    200,
    '',
  ],
  [policyOf('Allow'), resourcePolicy({ Effect: 'Deny', ...all }), 403, resourceDenial],
  [
    policyOf('Allow', `${prefix}/prod/GET/pets/*`),
    resourcePolicy({ Effect: 'Allow', ...all }),
    200,
    '',
  ],
  [policyOf('Deny'), resourcePolicy({ Effect: 'Allow', ...all }), 403, classic(denial)],
]

for (const [policyDocument, policy, status, body] of table)
  test(`${JSON.stringify(policyDocument)} with ${policy ?? 'no resource policy'} is ${status}`, async () => {
    const { asked, invokeFunction } = doorkeeper({ ...allowing, policyDocument })
    const api = apiWith({}, policy === undefined ? {} : { policy })
    const reply = await call(api, { headers: withToken, invokeFunction })
    assert.deepEqual([reply.status, textOf(reply)], [status, body])
    assert.equal(asked.length, body === resourceDenial ? 0 : 1, 'denied before it is asked')
  })

test('who shows no token, or one that does not look like it, is turned away unasked', async () => {
  const { asked, invokeFunction } = doorkeeper(allowing)
  const api = apiWith({ identityValidationExpression: 'Bearer [a-z]+' })
  for (const headers of [[], ['Authorization', ''], withToken, ['Authorization', 'Bearer a b']]) {
    const reply = await call(api, { headers, invokeFunction })
    assert.deepEqual([reply.status, textOf(reply)], [401, '{"message":"Unauthorized"}'])
    assert.equal(headerOf(reply, 'x-amzn-ErrorType'), 'UnauthorizedException')
  }
  assert.equal(asked.length, 0)
  const reply = await call(api, { headers: ['authorization', 'Bearer abc'], invokeFunction })
  assert.equal(reply.status, 200)
})

test('of a request, every identity source has to be there as long as answers are kept', async () => {
  const sources = 'method.request.header.A, stageVariables.b,context.identity.sourceIp'
  const request = { type: 'REQUEST' as const, identitySource: sources }
  const { asked, invokeFunction } = doorkeeper(allowing)
  const headers = ['a', '1']
  const variables = { b: '2' }
  const ask = async (api: DeploymentSnapshot, more: object) =>
    (await call(api, { invokeFunction, ...more })).status
  assert.equal(await ask(apiWith(request), { headers }), 401)
  assert.equal(await ask(apiWith(request), { variables }), 401)
  assert.equal(asked.length, 0)
  assert.equal(await ask(apiWith(request), { headers, variables }), 200)
  const unkept = apiWith({ ...request, authorizerResultTtlInSeconds: 0 })
  assert.equal(await ask(unkept, {}), 200)
})

test('where nothing tells callers apart, nothing that was said of one counts for another', async () => {
  const { asked, invokeFunction } = doorkeeper(allowing)
  const api = apiWith({ type: 'REQUEST', identitySource: '', authorizerResultTtlInSeconds: 300 })
  const deployed = { invokeFunction, deployment: compileDeployment(api) }
  for (const _ of [1, 2]) assert.equal((await call(api, deployed)).status, 200)
  assert.equal(asked.length, 2)
})

const failures: readonly [string, unknown, string | undefined, number, string, string][] = [
  [
    'says Unauthorized',
    { errorMessage: 'Unauthorized' },
    'Unhandled',
    401,
    '"Unauthorized"',
    'UnauthorizedException',
  ],
  [
    'fails otherwise',
    { errorMessage: 'Unauthorized!' },
    'Unhandled',
    500,
    'null',
    'AuthorizerConfigurationException',
  ],
  [
    'names nobody',
    { policyDocument: policyOf('Allow') },
    undefined,
    500,
    'null',
    'AuthorizerConfigurationException',
  ],
  [
    'has no policy',
    { principalId: 'a' },
    undefined,
    500,
    'null',
    'AuthorizerConfigurationException',
  ],
  [
    'has a policy that is none',
    { principalId: 'a', policyDocument: { Statement: [{}] } },
    undefined,
    500,
    'null',
    'AuthorizerConfigurationException',
  ],
  [
    'has a context that is none',
    { ...allowing, context: { a: {} } },
    undefined,
    500,
    'null',
    'AuthorizerConfigurationException',
  ],
  ['is a text', 'yes', undefined, 500, 'null', 'AuthorizerConfigurationException'],
]

for (const [what, answer, functionError, status, message, type] of failures)
  test(`a function whose answer ${what} lets nobody in: ${status}`, async () => {
    const { invokeFunction } = doorkeeper(answer, functionError)
    const reply = await call(apiWith(), { headers: withToken, invokeFunction })
    assert.deepEqual([reply.status, textOf(reply)], [status, `{"message":${message}}`])
    assert.equal(headerOf(reply, 'x-amzn-ErrorType'), type)
  })

test('a function that cannot be asked lets nobody in', async () => {
  for (const code of ['NOT_PERMITTED', 'TIMEOUT', 'REFUSED', 'THROTTLED'] as const) {
    const reply = await call(apiWith(), {
      headers: withToken,
      invokeFunction: async () => {
        throw new UpstreamError(code, 'why')
      },
    })
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message":null}'])
  }
})

test('an authorizer that is missing, or that cannot be read, lets nobody in', async () => {
  for (const api of [
    apiWith({}, { authorizers: {} }),
    apiWith({ identitySource: 'method.request.path.id' }),
    apiWith({ identityValidationExpression: '(' }),
    apiWith({ authorizerUri: 'arn:aws:apigateway:us-east-1:s3:path/x' }),
  ]) {
    const reply = await call(api, { headers: withToken, ...doorkeeper(allowing) })
    assert.equal(reply.status, 500)
  }
})

const answerOf = (principalId: string) => ({ principalId }) as AuthorizerAnswer

test('what was said counts for its time, and not after a flush or before its time', () => {
  const cache = new AnswerCache()
  cache.set('a', answerOf('alice'), nowMs)
  assert.equal(cache.get('a', nowMs + 999, 1_000, 0)?.principalId, 'alice')
  assert.equal(cache.get('b', nowMs, 1_000, 0), undefined)
  assert.equal(cache.get('a', nowMs + 1_000, 1_000, 0), undefined)
  cache.set('a', answerOf('alice'), nowMs)
  assert.equal(cache.get('a', nowMs + 1, 1_000, nowMs + 1), undefined)
  cache.set('a', answerOf('alice'), nowMs)
  assert.equal(cache.get('a', nowMs - 1, 1_000, 0), undefined)
})

test('how much is remembered is bounded', () => {
  const cache = new AnswerCache()
  for (let count = 0; count <= 10_000; count++) cache.set(`${count}`, answerOf('a'), nowMs)
  assert.equal(cache.get('0', nowMs, 1_000, 0), undefined)
  assert.ok(cache.get('10000', nowMs, 1_000, 0))
})

test('the API key may be what the function names', async () => {
  const answer = { ...allowing, usageIdentifierKey: 'k'.repeat(20) }
  const method = { ...mock, apiKeyRequired: true }
  const api = snapshotOf(
    { '/': { GET: method } },
    {
      ...apiWith(),
      apiKeySource: 'AUTHORIZER',
      resources: [{ id: 'r', path: '/', methods: { GET: method } }],
    },
  )
  const values: string[] = []
  const findKey = (value: string) => {
    values.push(value)
    return { keyId: 'id', plan: { id: 'plan', methods: {} } }
  }
  const headers = [...withToken, 'x-api-key', 'other'.repeat(5)]
  const reply = await call(api, { headers, findKey, ...doorkeeper(answer) })
  assert.deepEqual([reply.status, values], [200, ['k'.repeat(20)]])
  const without = await call(api, { headers, findKey, ...doorkeeper(allowing) })
  assert.equal(without.status, 403)
})

test('an answer for one value with a comma is none for two values', async () => {
  const { asked, invokeFunction } = doorkeeper(allowing)
  const snapshot = apiWith({ type: 'REQUEST', identitySource: 'method.request.querystring.who' })
  const deployment = compileDeployment(snapshot)
  for (const query of ['who=a,b', 'who=a&who=b', 'who=a,b'])
    assert.equal((await call(snapshot, { query, deployment, invokeFunction })).status, 200)
  assert.equal(asked.length, 2)
})
