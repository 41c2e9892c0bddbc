import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeApi, refusal } from './made-api.fixture.ts'

const authorizers = '/restapis/{api}/authorizers'
const post = '/restapis/{api}/resources/{root}/methods/POST'
const get = '/restapis/{api}/resources/{root}/methods/GET'
const pool = 'arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_Abc123'
const uri =
  'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:f/invocations'
const source = 'method.request.header.Authorization'

const users = { name: 'users', type: 'COGNITO_USER_POOLS', providerARNs: [pool] }
const token = { name: 'token', type: 'TOKEN', authorizerUri: uri, identitySource: source }
const noAuthorizer =
  'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.'

test('authorizers are made, listed, changed and deleted', async () => {
  await using made = await madeApi()
  const first = await made.ask('POST', authorizers, { ...users, identitySource: source })
  assert.equal(first.status, 201)
  const { id } = first.json
  assert.deepEqual(first.json, {
    id,
    ...users,
    authType: 'cognito_user_pools',
    identitySource: source,
  })
  const second = await made.ask('POST', authorizers, token)
  assert.deepEqual(second.json, {
    id: second.json.id,
    ...token,
    authType: 'custom',
    authorizerResultTtlInSeconds: 300,
  })
  const listed = await made.ask('GET', authorizers)
  assert.deepEqual(listed.json.item, [first.json, second.json])
  const at = `${authorizers}/${second.json.id}`
  const patched = await made.patch(
    at,
    { op: 'replace', path: '/authorizerResultTtlInSeconds', value: '0' },
    { op: 'replace', path: '/identityValidationExpression', value: '^Bearer' },
  )
  assert.equal(patched.status, 200)
  assert.deepEqual((await made.ask('GET', at)).json, {
    ...second.json,
    authorizerResultTtlInSeconds: 0,
    identityValidationExpression: '^Bearer',
  })
  assert.equal((await made.ask('DELETE', at)).status, 202)
  assert.deepEqual(refusal(await made.ask('GET', at)), [
    404,
    'Invalid Authorizer identifier specified',
  ])
})

test('a wrong API is a conflict to whoever makes an authorizer, and missing to whoever reads one', async () => {
  await using made = await madeApi()
  assert.deepEqual(refusal(await made.ask('POST', '/restapis/none/authorizers', users)), [
    409,
    'Unable to complete operation due to concurrent modification. Please try again later.',
  ])
  assert.deepEqual(refusal(await made.ask('GET', '/restapis/none/authorizers')), [
    404,
    'Invalid API identifier specified 111111111111:none',
  ])
})

const refused: readonly (readonly [string, object])[] = [
  ['a user pool that is none', { ...users, providerARNs: ['arn:aws:iam::111111111111:role/r'] }],
  ['no user pool', { ...users, providerARNs: [] }],
  ['no function', { ...token, authorizerUri: undefined }],
  ['a token that is nowhere', { ...token, identitySource: undefined }],
  ['a token in the path', { ...token, identitySource: 'method.request.path.id' }],
  ['an answer kept for too long', { ...token, authorizerResultTtlInSeconds: 3601 }],
  ['nothing to keep an answer by', { ...token, type: 'REQUEST', identitySource: undefined }],
  ['no name', { ...token, name: '' }],
]
for (const [what, input] of refused)
  test(`an authorizer with ${what} is refused`, async () => {
    await using made = await madeApi()
    const { status, json } = await made.ask('POST', authorizers, input)
    assert.equal(status, 400, json.message)
  })

test('a name is taken once', async () => {
  await using made = await madeApi()
  await made.ask('POST', authorizers, users)
  assert.deepEqual(refusal(await made.ask('POST', authorizers, users)), [
    400,
    'Authorizer name must be unique. Authorizer users already exists in this RestApi.',
  ])
})

test('whoever hands a role to an authorizer has to be allowed to pass it', async () => {
  await using made = await madeApi()
  const role = 'arn:aws:iam::111111111111:role/r'
  await made.ask('POST', authorizers, { ...token, authorizerCredentials: role })
  const keys = {
    'apigateway:Request/AuthorizerType': 'TOKEN',
    'apigateway:Request/AuthorizerUri': uri,
  }
  assert.deepEqual(
    made.api.needs().map((need) => [need.action, need.keys]),
    [
      ['apigateway:POST', keys],
      ['iam:PassRole', { 'iam:PassedToService': 'apigateway.amazonaws.com', ...keys }],
    ],
  )
})

test('a method asks an authorizer that there is, of a type that fits', async () => {
  await using made = await madeApi()
  const { id } = (await made.ask('POST', authorizers, users)).json
  const other = (await made.ask('POST', authorizers, token)).json.id
  const put = (body: object) => made.ask('PUT', post, body)
  for (const body of [
    { authorizationType: 'COGNITO_USER_POOLS' },
    { authorizationType: 'COGNITO_USER_POOLS', authorizerId: 'none' },
    { authorizationType: 'COGNITO_USER_POOLS', authorizerId: other },
    { authorizationType: 'CUSTOM', authorizerId: id },
  ])
    assert.deepEqual(refusal(await put(body)), [400, noAuthorizer])
  assert.equal((await put({ authorizationType: 'NONE', authorizationScopes: ['a'] })).status, 400)
  const method = {
    authorizationType: 'COGNITO_USER_POOLS',
    authorizerId: id,
    authorizationScopes: ['pets/read'],
  }
  const { json } = await put(method)
  assert.deepEqual(json, { httpMethod: 'POST', apiKeyRequired: false, ...method })
  assert.deepEqual(refusal(await made.ask('DELETE', `${authorizers}/${id}`)), [
    409,
    "Cannot delete authorizer 'users', is referenced in method: //POST",
  ])
})

test('type and authorizer of a method change together, and leave together', async () => {
  await using made = await madeApi()
  const { id } = (await made.ask('POST', authorizers, users)).json
  const type = { op: 'replace', path: '/authorizationType', value: 'COGNITO_USER_POOLS' }
  assert.deepEqual(refusal(await made.patch(get, type)), [400, noAuthorizer])
  const guarded = await made.patch(
    get,
    { op: 'replace', path: '/authorizerId', value: id },
    type,
    { op: 'add', path: '/authorizationScopes', value: 'a' },
    { op: 'add', path: '/authorizationScopes', value: 'b' },
    { op: 'remove', path: '/authorizationScopes', value: 'a' },
  )
  assert.deepEqual(
    [guarded.json.authorizationType, guarded.json.authorizerId, guarded.json.authorizationScopes],
    ['COGNITO_USER_POOLS', id, ['b']],
  )
  const open = await made.patch(
    get,
    { op: 'remove', path: '/authorizationScopes', value: 'b' },
    { op: 'replace', path: '/authorizationType', value: 'NONE' },
  )
  assert.equal(open.json.authorizationType, 'NONE')
  assert.equal('authorizerId' in open.json, false)
})
