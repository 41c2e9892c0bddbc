import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { isolated } from '../debian-packages.ts'
import {
  access,
  account,
  api,
  deploy,
  functions,
  makeFunction,
  proxied,
  server,
} from './integrations.fixture.ts'
import { allowing } from './roles.fixture.ts'
import { sekisho } from './server.fixture.ts'

test(
  'a function behind a proxy integration answers once it has been permitted',
  isolated,
  async () => {
    const { name, uri } = await makeFunction(
      "async (event) => ({ statusCode: 201, headers: { 'X-Path': event.path }, body: event.queryStringParameters?.q ?? 'none' })",
    )
    const { restApiId, get } = await deploy(proxied(uri))
    assert.deepEqual(await get(), { status: 500, text: '{"message": "Internal server error"}' })
    const SourceArn = `arn:aws:execute-api:us-east-1:${account}:${restApiId}/*/GET/`
    const permission = {
      FunctionName: name,
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    }
    await functions.addPermission({
      ...permission,
      StatementId: 'other',
      SourceArn: SourceArn.replace(restApiId, 'zzzzzzzzzz'),
    })
    assert.equal((await get()).status, 500, 'another API has been permitted')
    await functions.addPermission({ ...permission, StatementId: 'this', SourceArn })
    for (let call = 0; call < 3; call++)
      assert.deepEqual(await get('?q=hello'), { status: 201, text: 'hello' })
    await functions.removePermission({ FunctionName: name, StatementId: 'this' })
    assert.equal((await get()).status, 500, 'no longer')
    await functions.addPermission({ ...permission, StatementId: 'this', SourceArn })
    assert.equal((await get()).status, 201)
    const content = "exports.handler = async () => ({ body: 'new' })"
    await functions.updateFunctionCode({
      FunctionName: name,
      ZipFile: zip([{ name: 'index.js', content }]),
    })
    assert.deepEqual(await get(), { status: 200, text: 'new' })
    await functions.putFunctionConcurrency({ FunctionName: name, ReservedConcurrentExecutions: 0 })
    assert.equal((await get()).status, 500, 'none may run')
  },
)

test(
  "a role that is handed over asks in the function's place, if it may and trusts the gateway",
  isolated,
  async () => {
    const { name, uri } = await makeFunction("async () => ({ body: 'hello' })")
    const arn = `arn:aws:lambda:us-east-1:${account}:function:${name}`
    const credentials = `arn:aws:iam::${account}:role/gateway`
    const { get } = await deploy({ ...proxied(uri), credentials })
    assert.equal((await get()).status, 500)
    await access.putRolePolicy({
      RoleName: 'gateway',
      PolicyName: 'invoke',
      PolicyDocument: allowing('lambda:InvokeFunction', arn),
    })
    for (let call = 0; call < 3; call++)
      assert.deepEqual(await get(), { status: 200, text: 'hello' })
    await access.deleteRolePolicy({ RoleName: 'gateway', PolicyName: 'invoke' })
    assert.equal((await get()).status, 500, 'the role may no longer')
    await access.putRolePolicy({
      RoleName: 'other',
      PolicyName: 'invoke',
      PolicyDocument: allowing('lambda:InvokeFunction', arn),
    })
    const other = await deploy({
      ...proxied(uri),
      credentials: `arn:aws:iam::${account}:role/other`,
    })
    assert.equal((await other.get()).status, 500, 'it trusts somebody else')
  },
)

test(
  'a mapped function is given what the template makes, and its failure chooses the response',
  isolated,
  async () => {
    const { name, uri } = await makeFunction(
      "async ({ ip }) => { if (ip === 'bad') throw new Error('no such address'); return { ip } }",
    )
    await functions.addPermission({
      FunctionName: name,
      StatementId: 'gateway',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    const { get } = await deploy(
      {
        type: 'AWS',
        integrationHttpMethod: 'POST',
        uri,
        requestTemplates: { 'application/json': '{"ip":"$input.params(\'SourceIp\')"}' },
      },
      { '200': '', '400': 'no such .*' },
    )
    assert.deepEqual(await get('?SourceIp=192.0.2.1'), { status: 200, text: '{"ip":"192.0.2.1"}' })
    const { status, text } = await get('?SourceIp=bad')
    assert.deepEqual([status, JSON.parse(text).errorMessage], [400, 'no such address'])
  },
)

test(
  'a Lambda authorizer lets in whom its function knows, and asks once for many calls',
  isolated,
  async () => {
    const { name, uri } = await makeFunction(`async ({ authorizationToken, methodArn }) => {
    if (authorizationToken === 'stranger') throw new Error('Unauthorized')
    const Effect = authorizationToken === 'friend' ? 'Allow' : 'Deny'
    const Statement = [{ Effect, Action: 'execute-api:Invoke', Resource: methodArn.replace(/GET.*/, '*') }]
    return { principalId: authorizationToken, policyDocument: { Version: '2012-10-17', Statement }, context: { asked: Date.now() } }
  }`)
    const { id: restApiId, rootResourceId: resourceId } = await api.createRestApi({ name: 'door' })
    const { id: authorizerId } = await api.createAuthorizer({
      restApiId,
      name: 'door',
      type: 'TOKEN',
      identitySource: 'method.request.header.Auth',
      authorizerUri: uri,
    })
    const method = { restApiId, resourceId, httpMethod: 'GET' }
    await api.putMethod({ ...method, authorizationType: 'CUSTOM', authorizerId })
    await api.putIntegration({
      ...method,
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode":200}' },
    })
    await api.putMethodResponse({ ...method, statusCode: '200' })
    await api.putIntegrationResponse({
      ...method,
      statusCode: '200',
      responseTemplates: {
        'application/json': '$context.authorizer.principalId $context.authorizer.asked',
      },
    })
    await api.createDeployment({ restApiId, stageName: 'prod' })
    const get = async (token?: string) => {
      const url = `${server.endpoint}/_aws/execute-api/${restApiId}/prod/`
      const answer = await fetch(url, token === undefined ? {} : { headers: { Auth: token } })
      return [answer.status, await answer.text()]
    }
    assert.deepEqual(await get('friend'), [500, '{"message":null}'], 'not permitted to ask yet')
    await functions.addPermission({
      FunctionName: name,
      StatementId: 'gateway',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:aws:execute-api:us-east-1:${account}:${restApiId}/authorizers/${authorizerId}`,
    })
    const first = await get('friend')
    assert.match(first[1] as string, /^friend \d+$/)
    assert.deepEqual(await get('friend'), first, 'remembered')
    assert.deepEqual(await get('stranger'), [401, '{"message":"Unauthorized"}'])
    assert.deepEqual(await get(), [401, '{"message":"Unauthorized"}'])
    const tried = (token: string) =>
      api.testInvokeAuthorizer({ restApiId, authorizerId, headers: { Auth: token } })
    const friend = await tried('friend')
    assert.deepEqual([friend.clientStatus, friend.principalId], [0, 'friend'])
    assert.match(
      friend.log ?? '',
      /Authorizer result body before parsing: \{.*"principalId":"friend"/,
    )
    assert.equal(JSON.parse(friend.policy!).Statement[0].Effect, 'Allow')
    assert.equal((await tried('stranger')).clientStatus, 401)
    const whoAsks = await makeFunction(`async ({ requestContext }) => ({
      principalId: requestContext.identity.sourceIp,
      policyDocument: { Version: '2012-10-17', Statement: { Effect: 'Deny', Action: '*', Resource: '*' } },
    })`)
    await functions.addPermission({
      FunctionName: whoAsks.name,
      StatementId: 'gateway',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    const { id: byAddress } = await api.createAuthorizer({
      restApiId,
      name: 'address',
      type: 'REQUEST',
      identitySource: 'context.identity.sourceIp',
      authorizerUri: whoAsks.uri,
    })
    const asked = await api.testInvokeAuthorizer({
      restApiId,
      authorizerId: byAddress!,
      additionalContext: { 'identity.sourceIp': '192.0.2.7' },
    })
    assert.equal(asked.principalId, '192.0.2.7')
    assert.deepEqual(await get('foe'), [
      403,
      '{"Message":"User is not authorized to access this resource with an explicit deny"}',
    ])
  },
)

test('another service is asked by action, as the role', async () => {
  const credentials = `arn:aws:iam::${account}:role/gateway`
  const { get } = await deploy(
    {
      type: 'AWS',
      integrationHttpMethod: 'POST',
      uri: 'arn:aws:apigateway:us-east-1:logs:action/DescribeLogGroups',
      credentials,
    },
    { '200': '2\\d\\d', '403': '4\\d\\d' },
  )
  const refused = await get()
  assert.equal(refused.status, 403)
  assert.match(
    refused.text,
    /assumed-role\/gateway\/\S+ is not authorized to perform: logs:DescribeLogGroups/,
  )
  await access.putRolePolicy({
    RoleName: 'gateway',
    PolicyName: 'logs',
    PolicyDocument: allowing('logs:DescribeLogGroups'),
  })
  const { status, text } = await get()
  assert.equal(status, 200)
  assert.ok(Array.isArray(JSON.parse(text).logGroups))
})

test('services that speak XML are asked for JSON, which templates can read', async () => {
  const { get } = await deploy(
    {
      type: 'AWS',
      integrationHttpMethod: 'POST',
      uri: 'arn:aws:apigateway:us-east-1:sts:action/GetCallerIdentity',
      credentials: `arn:aws:iam::${account}:role/gateway`,
    },
    { '200': '' },
  )
  const { status, text } = await get()
  assert.equal(status, 200)
  const { GetCallerIdentityResponse: said } = JSON.parse(text)
  assert.match(said.GetCallerIdentityResult.Arn, /:assumed-role\/gateway\//)
  assert.match(said.ResponseMetadata.RequestId, /^[0-9a-f-]{36}$/)
})

test('a service that stands in the decision log is named with the request that it served', async () => {
  const log = sekisho(['log', '--data', server.data, '--json'])
  const lines = log.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const inner = lines.find(({ action }) => action === 'logs:DescribeLogGroups')
  assert.equal(inner.sourceIp, 'apigateway.amazonaws.com')
  assert.ok(
    lines.some(({ requestId, road }) => requestId === inner.causedBy && road === 'execute-api'),
  )
})
