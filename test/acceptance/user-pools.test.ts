/** Methods that ask user pools, validators and gateway responses, made and called with real clients. */
import assert from 'node:assert/strict'
import { createSign, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { sekisho, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const arn = 'arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Abc'
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Abc'
const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(claims: object): string {
  const exp = Math.floor(Date.now() / 1_000) + 60
  const signed = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: issuer, exp, ...claims })}`
  return `${signed}.${createSign('sha256').update(signed).sign({ key }).toString('base64url')}`
}

test('a token of a described user pool opens a method, a body that fits its model passes', async () => {
  using folder = temporaryFolder()
  const pools = join(folder.path, 'pools.json')
  writeFileSync(pools, JSON.stringify({ [arn]: { issuer, keys: 'keys.json', clientIds: ['app'] } }))
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }]
  writeFileSync(join(folder.path, 'keys.json'), JSON.stringify({ keys }))
  await using server = await serve(join(folder.path, 'data'), '--user-pools', pools)
  const client = new APIGateway(settingsOf(server))
  const { id: restApiId, rootResourceId: resourceId } = await client.createRestApi({ name: 'pets' })
  const { id: authorizerId } = await client.createAuthorizer({
    restApiId,
    name: 'users',
    type: 'COGNITO_USER_POOLS',
    providerARNs: [arn],
    identitySource: 'method.request.header.Authorization',
  })
  await client.createModel({
    restApiId,
    name: 'Pet',
    contentType: 'application/json',
    schema: JSON.stringify({ type: 'object', required: ['name'] }),
  })
  const { id: requestValidatorId } = await client.createRequestValidator({
    restApiId,
    name: 'body',
    validateRequestBody: true,
  })
  await client.putGatewayResponse({
    restApiId,
    responseType: 'BAD_REQUEST_BODY',
    statusCode: '422',
    responseTemplates: { 'application/json': '{"why":"$context.error.validationErrorString"}' },
  })
  const method = { restApiId, resourceId, httpMethod: 'POST' }
  await client.putMethod({
    ...method,
    authorizationType: 'COGNITO_USER_POOLS',
    authorizerId,
    requestModels: { 'application/json': 'Pet' },
    requestValidatorId,
  })
  await client.putMethodResponse({ ...method, statusCode: '200' })
  await client.putIntegration({
    ...method,
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  await client.putIntegrationResponse({
    ...method,
    statusCode: '200',
    responseTemplates: { 'application/json': '"$context.authorizer.claims.sub"' },
  })
  const tried = async (authorization: string) =>
    client.testInvokeAuthorizer({ restApiId, authorizerId, headers: { authorization } })
  const claimed = await tried(token({ sub: 'alice', aud: 'app', token_use: 'id' }))
  assert.deepEqual([claimed.clientStatus, claimed.claims?.['sub']], [0, 'alice'])
  const turnedAway = await tried('nothing')
  assert.deepEqual([turnedAway.clientStatus, turnedAway.claims], [401, undefined])
  assert.match(turnedAway.log ?? '', /the token is none/)
  await client.createDeployment({ restApiId, stageName: 'prod' })
  const ask = async (authorization: string, body: string) => {
    const answer = await fetch(`${server.endpoint}/_aws/execute-api/${restApiId}/prod/`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    })
    return [answer.status, await answer.text()]
  }
  const good = token({ sub: 'alice', aud: 'app', token_use: 'id' })
  assert.deepEqual(await ask(good, '{"name":"a"}'), [200, '"alice"'])
  assert.deepEqual(await ask(`${good}x`, '{"name":"a"}'), [401, '{"message":"Unauthorized"}'])
  assert.deepEqual(await ask(good, '[]'), [
    422,
    '{"why":"[instance type (array) does not match any allowed primitive type (allowed: ["object"])]"}',
  ])
  const { host, port, hostname } = new URL(server.endpoint)
  await using socket = connect(Number(port), hostname)
  // Of a body of five bytes none ever comes.
  socket.write(
    `POST /_aws/execute-api/${restApiId}/prod/ HTTP/1.1\r\nHost: ${host}\r\nAuthorization: nothing\r\nContent-Length: 5\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 401 /)
  assert.deepEqual(await ask(good, '{"name":"a"}'), [200, '"alice"'], 'the server is still there')
})

test('a file of user pools that says too little is refused at the start, with what is missing', () => {
  using folder = temporaryFolder()
  const pools = join(folder.path, 'pools.json')
  writeFileSync(pools, JSON.stringify({ [arn]: { issuer, keys: 'keys.json' } }))
  const { status, stderr } = sekisho([
    ...['start', '--port', '0', '--data', join(folder.path, 'data'), '--user-pools', pools],
  ])
  assert.equal(status, 2, stderr)
  assert.match(stderr, /does not list the `clientIds`/)
})
