import assert from 'node:assert/strict'
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as sts from '@aws-sdk/client-sts'
import { backend } from './backend.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
function token(
  claims: object,
  key: KeyObject = rsa.privateKey,
  header: object = { alg: 'RS256', kid: 'rsa' },
): string {
  const now = Math.floor(Date.now() / 1000)
  const all = {
    iss: 'https://id.example.com/pool',
    sub: 'repo:me/mine',
    aud: 'sekisho',
    exp: now + 60,
    ...claims,
  }
  const signed = `${part(header)}.${part(all)}`
  const signature = createSign('sha256').update(signed).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

test('a web identity takes a role on the word of a provider that the account believes', async () => {
  using folder = temporaryFolder()
  const keys = {
    keys: [
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig' },
      { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak' },
    ],
  }
  const file = join(folder.path, 'keys.json')
  writeFileSync(file, JSON.stringify(keys))
  // The other provider gives its keys over HTTP.
  using provider = await backend((_, response) => {
    const key = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' }
    response.end(JSON.stringify({ keys: [key] }))
  })
  await using server = await serve(
    join(folder.path, 'data'),
    ...['--web-identity-keys', `id.example.com/pool=${file},other.example.com=${provider.url}`],
  )
  const settings = settingsOf(server)
  const client = new iam.IAM(settings)
  for (const Url of ['https://id.example.com/pool', 'https://other.example.com'])
    await client.createOpenIDConnectProvider({ Url, ClientIDList: ['sekisho'] })
  const providerArn = 'arn:aws:iam::000000000000:oidc-provider/id.example.com/pool'
  const trust = (Federated: string, Condition: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition,
        },
      ],
    })
  await client.createRole({
    RoleName: 'Deployer',
    AssumeRolePolicyDocument: trust(providerArn, {
      StringEquals: { 'id.example.com/pool:aud': 'sekisho' },
      StringLike: { 'id.example.com/pool:sub': 'repo:me/*' },
    }),
  })
  await client.createRole({
    RoleName: 'Other',
    AssumeRolePolicyDocument: trust(
      'arn:aws:iam::000000000000:oidc-provider/other.example.com',
      {},
    ),
  })
  const take = (WebIdentityToken: string, role = 'Deployer') =>
    new sts.STS(settings).assumeRoleWithWebIdentity({
      RoleArn: `arn:aws:iam::000000000000:role/${role}`,
      RoleSessionName: 'ci',
      WebIdentityToken,
    })

  const taken = await take(token({}))
  assert.equal(taken.SubjectFromWebIdentityToken, 'repo:me/mine')
  assert.equal(taken.Audience, 'sekisho')
  const { AccessKeyId, SecretAccessKey, SessionToken } = taken.Credentials!
  const session = new sts.STS({
    ...settings,
    credentials: {
      accessKeyId: AccessKeyId!,
      secretAccessKey: SecretAccessKey!,
      sessionToken: SessionToken!,
    },
  })
  assert.equal(
    (await session.getCallerIdentity({})).Arn,
    'arn:aws:sts::000000000000:assumed-role/Deployer/ci',
  )
  const other = token({ iss: 'https://other.example.com' }, ec.privateKey, {
    alg: 'ES256',
    kid: 'ec',
  })
  assert.ok(await take(other, 'Other'))

  const now = Math.floor(Date.now() / 1000)
  const none = `${part({ alg: 'none' })}.${token({}).split('.')[1]}.`
  const refusals: readonly (readonly [string, string, string])[] = [
    ['another subject', token({ sub: 'repo:you/yours' }), 'AccessDenied'],
    ['a role that trusts another provider', other, 'AccessDenied'],
    ['another audience', token({ aud: 'other' }), 'InvalidIdentityTokenException'],
    ['an unknown issuer', token({ iss: 'https://evil.example' }), 'InvalidIdentityTokenException'],
    ['expired', token({ exp: now - 1 }), 'ExpiredTokenException'],
    ['not valid yet', token({ nbf: now + 100 }), 'InvalidIdentityTokenException'],
    ['signed by a stranger', token({}, stranger.privateKey), 'InvalidIdentityTokenException'],
    [
      'signed by a short key',
      token({}, weak.privateKey, { alg: 'RS256', kid: 'weak' }),
      'InvalidIdentityTokenException',
    ],
    ['not signed', none, 'InvalidIdentityTokenException'],
    [
      'another algorithm',
      token({}, rsa.privateKey, { alg: 'HS256', kid: 'rsa' }),
      'InvalidIdentityTokenException',
    ],
    ['no token', 'nothing', 'InvalidIdentityTokenException'],
  ]
  for (const [what, given, name] of refusals)
    await assert.rejects(take(given), (error: Error) => {
      assert.equal(error.name, name, `${what}: ${error.message}`)
      return true
    })
})
