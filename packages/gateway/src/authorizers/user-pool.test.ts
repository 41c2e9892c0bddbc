import assert from 'node:assert/strict'
import {
  createHmac,
  createSecretKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { test } from 'node:test'
import { type CallOptions, call, headerOf, nowMs, snapshotOf, textOf } from '../call.fixture.ts'
import type { JsonWebKey } from '../json-web-token.ts'
import type { UserPool } from '../ports.ts'
import type { DeploymentSnapshot, SnapshotAuthorizer, SnapshotMethod } from '../snapshot.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const jwk = (key: KeyObject, kid: string): JsonWebKey => ({ ...key.export({ format: 'jwk' }), kid })

const arn = 'arn:aws:cognito-idp:us-east-1:000000001234:userpool/us-east-1_Abc'
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Abc'
const seconds = nowMs / 1_000
const keys = [jwk(rsa.publicKey, 'rsa'), jwk(ec.publicKey, 'ec'), jwk(weak.publicKey, 'weak')]

const pool: UserPool = { issuer, clientIds: new Set(['app']), keys: async () => ({ keys }) }
const userPools = new Map([[arn, pool]])

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
interface Written {
  readonly claims?: object
  readonly header?: object
  readonly key?: KeyObject
}
function token({ claims, header, key = rsa.privateKey }: Written = {}): string {
  const head = { alg: 'RS256', kid: 'rsa', ...header }
  const said = { iss: issuer, sub: 'u', aud: 'app', token_use: 'id', exp: seconds + 60, ...claims }
  const signed = `${part(head)}.${part(said)}`
  const signature =
    key.type === 'secret'
      ? createHmac('sha256', key).update(signed).digest()
      : createSign('sha256').update(signed).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
const access = { token_use: 'access', aud: undefined, client_id: 'app', scope: 'pets/read openid' }

const guarded: SnapshotMethod = {
  authorizationType: 'COGNITO_USER_POOLS',
  authorizerId: 'a',
  methodResponses: { '200': { statusCode: '200' } },
  methodIntegration: {
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
    integrationResponses: {
      '200': {
        statusCode: '200',
        responseTemplates: {
          'application/json':
            '$context.authorizer.claims.sub $context.authorizer.claims.exp $context.authorizer.claims.email_verified $context.authorizer.claims["cognito:groups"]',
        },
      },
    },
  },
}

const apiWith = (
  method: Partial<SnapshotMethod> = {},
  authorizer: Partial<SnapshotAuthorizer> = {},
  more: Partial<DeploymentSnapshot> = {},
) =>
  snapshotOf(
    { '/': { GET: { ...guarded, ...method } } },
    {
      authorizers: {
        a: {
          id: 'a',
          name: 'users',
          type: 'COGNITO_USER_POOLS',
          providerARNs: [arn],
          ...authorizer,
        },
      },
      ...more,
    },
  )
const asking = (written: string, more: Partial<CallOptions> = {}): CallOptions => ({
  headers: ['Authorization', written],
  userPools,
  ...more,
})

test('the token of a user opens the door, and the template reads what it says', async () => {
  const claims = { email_verified: true, 'cognito:groups': ['a', 'b'] }
  for (const written of [token({ claims }), `Bearer ${token({ claims })}`]) {
    const reply = await call(apiWith(), asking(written))
    assert.equal(reply.status, 200)
    assert.equal(textOf(reply), 'u Fri Jan 02 03:05:05 UTC 2026 true a,b')
  }
  const elliptic = token({ header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey })
  assert.equal((await call(apiWith(), asking(elliptic))).status, 200)
})

const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' })
const refused: Readonly<Record<string, string>> = {
  'no token': '',
  'something else': 'Basic dTpw',
  'a token that nobody signed': token({ header: { alg: 'none' } }).replace(/[^.]*$/, ''),
  'a token signed with a secret that is the public key': token({
    header: { alg: 'HS256' },
    key: createSecretKey(Buffer.from(publicPem)),
  }),
  "a stranger's token": token({ key: stranger.privateKey }),
  'a token of a key that is not there': token({ header: { kid: 'none' } }),
  'a token that names no key': token({ header: { kid: undefined } }),
  'a token of a key that is too weak': token({ header: { kid: 'weak' }, key: weak.privateKey }),
  'a token whose key is of another kind': token({ header: { alg: 'ES256', kid: 'rsa' } }),
  'a token that must be understood in more ways': token({ header: { crit: ['x'] } }),
  'a token of another issuer': token({ claims: { iss: `${issuer}x` } }),
  'a token for another client': token({ claims: { aud: 'other' } }),
  'a token for several clients': token({ claims: { aud: ['app'] } }),
  'a token that is not valid yet': token({ claims: { nbf: seconds + 1 } }),
  'a token that never ends': token({ claims: { exp: undefined } }),
  'an access token where no scopes are asked for': token({ claims: access }),
}
for (const [what, written] of Object.entries(refused))
  test(`${what} is unauthorized`, async () => {
    const reply = await call(apiWith(), asking(written))
    assert.deepEqual([reply.status, textOf(reply)], [401, '{"message":"Unauthorized"}'])
    assert.equal(headerOf(reply, 'x-amzn-ErrorType'), 'UnauthorizedException')
  })

test('an expired token is told so', async () => {
  const reply = await call(apiWith(), asking(token({ claims: { exp: seconds } })))
  assert.deepEqual(
    [reply.status, textOf(reply)],
    [401, '{"message":"The incoming token has expired"}'],
  )
})

test('two tokens are none, and the token is where the authorizer looks', async () => {
  const twice = ['Authorization', token(), 'authorization', token()]
  assert.equal((await call(apiWith(), asking('', { headers: twice }))).status, 401)
  const elsewhere = apiWith({}, { identitySource: 'method.request.header.X-Token' })
  assert.equal((await call(elsewhere, asking(token()))).status, 401)
  assert.equal((await call(elsewhere, asking('', { headers: ['x-token', token()] }))).status, 200)
})

test('with scopes, an access token of one of them', async () => {
  const api = apiWith({ authorizationScopes: ['pets/read', 'pets/write'] })
  const statusOf = async (claims: object) => (await call(api, asking(token({ claims })))).status
  assert.equal(await statusOf(access), 200)
  assert.equal(await statusOf({ ...access, scope: 'pets/reader' }), 401)
  assert.equal(await statusOf({ ...access, scope: undefined }), 401)
  assert.equal(await statusOf({ ...access, client_id: 'other' }), 401)
  assert.equal(await statusOf({ scope: 'pets/read' }), 401)
})

test('then the resource policy says, on its own', async () => {
  const policyOf = (ip: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 'execute-api:Invoke',
          Resource: '*',
          Condition: { IpAddress: { 'aws:SourceIp': ip } },
        },
      ],
    })
  const statusWith = async (ip: string, written: string) =>
    (await call(apiWith({}, {}, { policy: policyOf(ip) }), asking(written))).status
  assert.equal(await statusWith('11.22.33.44/32', token()), 200)
  assert.equal(await statusWith('1.1.1.1/32', token()), 403)
  assert.equal(await statusWith('1.1.1.1/32', 'none'), 401)
})

test('a new key is fetched once it is named, and a known key is not fetched anew', async () => {
  const asked: boolean[] = []
  const rotating: UserPool = {
    ...pool,
    keys: async (isFresh) => {
      asked.push(isFresh)
      return { keys: isFresh ? keys : [jwk(stranger.publicKey, 'old')] }
    },
  }
  const ask = (written: string) =>
    call(apiWith(), asking(written, { userPools: new Map([[arn, rotating]]) }))
  assert.equal((await ask(token())).status, 200)
  assert.equal((await ask(token({ header: { kid: 'old' } }))).status, 401)
  assert.deepEqual(asked, [false, true, false])
})

test('pools that nobody described, and authorizers that are none, let nobody in', async () => {
  const cases: readonly (readonly [DeploymentSnapshot, Partial<CallOptions>])[] = [
    [apiWith(), { userPools: new Map() }],
    [apiWith({}, { providerARNs: [`${arn}x`] }), {}],
    [apiWith({}, { type: 'TOKEN' }), {}],
    [apiWith({ authorizerId: 'none' }), {}],
    [apiWith({}, { identityValidationExpression: '(a)\\1' }), {}],
  ]
  for (const [api, more] of cases) {
    const reply = await call(api, asking(token(), more))
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message":null}'])
  }
  const keyless = { ...pool, keys: async () => undefined }
  const reply = await call(apiWith(), asking(token(), { userPools: new Map([[arn, keyless]]) }))
  assert.equal(reply.status, 401)
})

test('the client has to look as the authorizer says, all of it', async () => {
  const statusWith = async (identityValidationExpression: string) =>
    (await call(apiWith({}, { identityValidationExpression }), asking(token()))).status
  assert.equal(await statusWith('a[p]+'), 200)
  assert.equal(await statusWith('ap'), 401)
})
