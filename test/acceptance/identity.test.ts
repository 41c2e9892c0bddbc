import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import {
  allow,
  apiWith,
  assume,
  type Credentials,
  document,
  first,
  iamOf,
  invoke,
  other,
  refusedAs,
  region,
  root,
  server,
  settings,
  stsOf,
  trusting,
  userWithKey,
} from './identity.fixture.ts'
import { eventually, sekisho } from './server.fixture.ts'

test('one role only: the role is let in, others and unsigned callers are not', async () => {
  const client = iamOf(root)
  const alice = await userWithKey('alice')
  for (const RoleName of ['Chosen', 'Wrong'])
    await client.createRole({
      RoleName,
      AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${first}:user/alice` }),
    })
  await client.putRolePolicy({
    RoleName: 'Wrong',
    PolicyName: 'invoke',
    PolicyDocument: document(allow('execute-api:Invoke')),
  })
  const everybody = { Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*' }
  const apiId = await apiWith(
    document(
      { Effect: 'Allow', ...everybody },
      {
        Effect: 'Deny',
        ...everybody,
        Condition: {
          StringNotEquals: { 'aws:PrincipalArn': `arn:aws:iam::${first}:role/Chosen` },
        },
      },
    ),
    'AWS_IAM',
  )
  const chosen = await assume(alice, `arn:aws:iam::${first}:role/Chosen`)
  const wrong = await assume(alice, `arn:aws:iam::${first}:role/Wrong`)
  assert.equal((await invoke(apiId, chosen))[0], 200)
  const [status, body] = await invoke(apiId, wrong)
  assert.equal(status, 403)
  assert.equal(
    body,
    `{"Message":"User: arn:aws:sts::********0000:assumed-role/Wrong/session is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:${apiId}/prod/GET/ with an explicit deny"}`,
  )
  assert.equal((await invoke(apiId, alice))[0], 403)
  assert.equal((await invoke(apiId, root))[0], 403)
  assert.deepEqual(await invoke(apiId), [403, '{"message":"Missing Authentication Token"}'])

  // Whether a role is still needed is asked by when it was last used.
  const used = await eventually(async () => {
    const { RoleDetailList } = await client.getAccountAuthorizationDetails({ Filter: ['Role'] })
    return RoleDetailList!.find(({ RoleName }) => RoleName === 'Chosen')!.RoleLastUsed?.LastUsedDate
  })
  assert.ok(Math.abs(used.getTime() - Date.now()) < 60_000)
  assert.equal((await client.getRole({ RoleName: 'Chosen' })).Role!.RoleLastUsed!.Region, region)

  // The token belongs to its key, and to nobody who has altered it.
  const token = chosen.sessionToken!
  const altered = `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`
  for (const sessionToken of [altered, wrong.sessionToken, undefined, 'x'])
    assert.equal((await invoke(apiId, { ...chosen, sessionToken }))[0], 403)

  // Whoever takes the name of a role that is gone is somebody else.
  await client.deleteRole({ RoleName: 'Chosen' })
  assert.equal((await invoke(apiId, chosen))[0], 403)
  await client.createRole({
    RoleName: 'Chosen',
    AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${first}:user/alice` }),
  })
  assert.equal((await invoke(apiId, chosen))[0], 403)
  await assert.rejects(stsOf(chosen).getCallerIdentity({}), refusedAs('InvalidClientTokenId'))
})

test('across accounts both sides have to say yes', async () => {
  const client = iamOf(other)
  const caller = await userWithKey('caller', other)
  const RoleArn = `arn:aws:iam::${other.accountId}:role/Function`
  await client.createRole({
    RoleName: 'Function',
    AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${other.accountId}:user/caller` }),
  })
  const apiId = await apiWith(
    document({
      Effect: 'Allow',
      Principal: { AWS: RoleArn },
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
    }),
    'AWS_IAM',
  )
  const session = await assume(caller, RoleArn)
  const [status, body] = await invoke(apiId, session)
  assert.equal(status, 403)
  assert.match(body, /no identity-based policy allows the execute-api:Invoke action"}$/)
  await client.putRolePolicy({
    RoleName: 'Function',
    PolicyName: 'invoke',
    PolicyDocument: document(allow('execute-api:Invoke')),
  })
  assert.equal((await invoke(apiId, session))[0], 200)
  await client.deleteRolePolicy({ RoleName: 'Function', PolicyName: 'invoke' })
  assert.equal((await invoke(apiId, session))[0], 403)
  await client.attachRolePolicy({
    RoleName: 'Function',
    PolicyArn: 'arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess',
  })
  assert.equal((await invoke(apiId, session))[0], 200)
  // A session policy narrows, and never widens.
  const narrowed = await assume(caller, RoleArn, { Policy: document(allow('s3:*')) })
  assert.equal((await invoke(apiId, narrowed))[0], 403)
  assert.equal((await invoke(apiId, caller))[0], 403)
})

test('users are refused everything outside the listed addresses, from the next request on', async () => {
  const client = iamOf(root)
  const user = await userWithKey('office')
  const { Policy } = await client.createPolicy({
    PolicyName: 'office-only',
    PolicyDocument: document(allow('*'), {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { NotIpAddress: { 'aws:SourceIp': ['11.22.33.44/32'] } },
    }),
  })
  await client.attachUserPolicy({ UserName: 'office', PolicyArn: Policy!.Arn! })
  const denied = refusedAs('AccessDenied', /explicit deny in an identity-based policy/)
  await assert.rejects(iamOf(user).listUsers({}), denied)
  await assert.rejects(new gateway.APIGateway(settings(user)).getRestApis({}), (error: Error) =>
    /with an explicit deny/.test(error.message),
  )
  // Who one is can always be asked.
  assert.match((await stsOf(user).getCallerIdentity({})).Arn!, /user\/office$/)
  const { PolicyVersion } = await client.createPolicyVersion({
    PolicyArn: Policy!.Arn!,
    PolicyDocument: document(allow('*'), {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { NotIpAddress: { 'aws:SourceIp': ['11.22.33.44/32', '127.0.0.1/32'] } },
    }),
    SetAsDefault: true,
  })
  assert.equal(PolicyVersion!.VersionId, 'v2')
  assert.ok((await iamOf(user).listUsers({})).Users!.length > 0)
  await client.setDefaultPolicyVersion({ PolicyArn: Policy!.Arn!, VersionId: 'v1' })
  await assert.rejects(iamOf(user).listUsers({}), denied)
})

test('five versions at most, newest first, numbers never again, and none lost between two writers', async () => {
  const client = iamOf(root)
  const PolicyDocument = document(allow('s3:*'))
  const { Policy } = await client.createPolicy({ PolicyName: 'versions', PolicyDocument })
  const PolicyArn = Policy!.Arn!
  const made = await Promise.allSettled(
    Array.from({ length: 8 }, () => client.createPolicyVersion({ PolicyArn, PolicyDocument })),
  )
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 4)
  await assert.rejects(
    client.createPolicyVersion({ PolicyArn, PolicyDocument }),
    refusedAs('LimitExceededException', /up to 5 versions/),
  )
  const ids = async () =>
    (await client.listPolicyVersions({ PolicyArn })).Versions!.map(({ VersionId }) => VersionId)
  assert.deepEqual(await ids(), ['v5', 'v4', 'v3', 'v2', 'v1'])
  await assert.rejects(
    client.deletePolicyVersion({ PolicyArn, VersionId: 'v1' }),
    refusedAs('DeleteConflictException', /default version/),
  )
  await client.deletePolicyVersion({ PolicyArn, VersionId: 'v5' })
  await client.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true })
  assert.deepEqual(await ids(), ['v6', 'v4', 'v3', 'v2', 'v1'])
  const version = await client.getPolicyVersion({ PolicyArn, VersionId: 'v6' })
  assert.equal(decodeURIComponent(version.PolicyVersion!.Document!), PolicyDocument)
  assert.doesNotMatch(version.PolicyVersion!.Document!, /[{"*]/)
})

test('a role is taken only by whom it trusts, with what it asks for, for as long as it allows', async () => {
  const client = iamOf(root)
  const caller = await userWithKey('taker')
  const RoleArn = `arn:aws:iam::${first}:role/Guarded`
  await client.createRole({
    RoleName: 'Guarded',
    AssumeRolePolicyDocument: trusting(
      { AWS: `arn:aws:iam::${first}:user/taker` },
      { Condition: { StringEquals: { 'sts:ExternalId': 'known' } } },
    ),
  })
  const denied = refusedAs('AccessDenied', /not authorized to perform: sts:AssumeRole/)
  await assert.rejects(assume(caller, RoleArn), denied)
  await assert.rejects(assume(caller, RoleArn, { ExternalId: 'other' }), denied)
  await assert.rejects(assume(caller, `arn:aws:iam::${first}:role/Nobody`), denied)
  await assert.rejects(
    assume(caller, RoleArn, { ExternalId: 'known', DurationSeconds: 7_200 }),
    refusedAs('ValidationError', /exceeds the MaxSessionDuration set for this role/),
  )
  // Tags need a right of their own.
  const Tags = [{ Key: 'team', Value: 'red' }]
  await assert.rejects(
    assume(caller, RoleArn, { ExternalId: 'known', Tags }),
    refusedAs('AccessDenied', /sts:TagSession/),
  )
  const session = await assume(caller, RoleArn, { ExternalId: 'known' })
  const who = await stsOf(session).getCallerIdentity({})
  assert.equal(who.Arn, `arn:aws:sts::${first}:assumed-role/Guarded/session`)
  assert.match(who.UserId!, /^AROA[A-Z2-7]{17}:session$/)
})

test('a policy that names a user who is gone does not mean the next of that name', async () => {
  const client = iamOf(root)
  await userWithKey('leaver')
  const RoleName = 'Inherited'
  await client.createRole({
    RoleName,
    AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${first}:user/leaver` }),
  })
  const trust = async () =>
    decodeURIComponent((await client.getRole({ RoleName })).Role!.AssumeRolePolicyDocument!)
  assert.match(await trust(), /user\/leaver/)
  const { AccessKeyMetadata } = await client.listAccessKeys({ UserName: 'leaver' })
  await assert.rejects(
    client.deleteUser({ UserName: 'leaver' }),
    refusedAs('DeleteConflictException', /must delete access keys first/),
  )
  for (const { AccessKeyId } of AccessKeyMetadata!)
    await client.deleteAccessKey({ UserName: 'leaver', AccessKeyId: AccessKeyId! })
  await client.deleteUser({ UserName: 'leaver' })
  assert.match(await trust(), /"AIDA[A-Z2-7]{17}"/)
  const namesake = await userWithKey('leaver')
  await assert.rejects(
    assume(namesake, `arn:aws:iam::${first}:role/${RoleName}`),
    refusedAs('AccessDenied'),
  )
  await assert.rejects(
    client.updateAssumeRolePolicy({
      RoleName,
      PolicyDocument: trusting({ AWS: `arn:aws:iam::${first}:user/nobody` }),
    }),
    refusedAs('MalformedPolicyDocumentException', /Invalid principal in policy: "AWS":"arn:/),
  )
})

test('a key that sleeps or is gone signs nothing', async () => {
  const client = iamOf(root)
  const user = await userWithKey('sleeper')
  const key = { UserName: 'sleeper', AccessKeyId: user.accessKeyId }
  const lastUse = async () =>
    (await client.getAccessKeyLastUsed({ AccessKeyId: user.accessKeyId })).AccessKeyLastUsed!
  assert.equal((await lastUse()).ServiceName, 'N/A')
  assert.ok(await stsOf(user).getCallerIdentity({}))
  assert.equal((await lastUse()).ServiceName, 'sts')
  await client.updateAccessKey({ ...key, Status: 'Inactive' })
  await assert.rejects(stsOf(user).getCallerIdentity({}), refusedAs('InvalidClientTokenId'))
  await client.updateAccessKey({ ...key, Status: 'Active' })
  assert.ok(await stsOf(user).getCallerIdentity({}))
  await client.deleteAccessKey(key)
  await assert.rejects(stsOf(user).getCallerIdentity({}), refusedAs('InvalidClientTokenId'))
})

test('federated users have no more than their session policy and their user have in common', async () => {
  const client = iamOf(root)
  const user = await userWithKey('broker')
  await client.putUserPolicy({
    UserName: 'broker',
    PolicyName: 'all',
    PolicyDocument: document(allow(['sts:GetFederationToken', 'apigateway:GET'])),
  })
  const federate = async (Policy?: string): Promise<Credentials> => {
    const answer = await stsOf(user).getFederationToken({ Name: 'guest', Policy })
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials!
    return {
      accessKeyId: AccessKeyId!,
      secretAccessKey: SecretAccessKey!,
      sessionToken: SessionToken,
    }
  }
  const apis = async (as: Credentials) => new gateway.APIGateway(settings(as)).getRestApis({})
  await assert.rejects(apis(await federate()), /not authorized/)
  assert.ok(await apis(await federate(document(allow('apigateway:*')))))
  await assert.rejects(iamOf(await federate(document(allow('*')))).listUsers({}), {
    name: 'InvalidClientTokenId',
  })
})

test('the operator is any role or user in one step', async () => {
  const client = iamOf(root)
  await client.createRole({
    RoleName: 'Borrowed',
    AssumeRolePolicyDocument: trusting({ Service: 'lambda.amazonaws.com' }),
  })
  await userWithKey('borrowed')
  const env = (...args: readonly string[]) => {
    const { status, stdout, stderr } = sekisho(['env', '--data', server.data, '--json', ...args])
    if (status !== 0) return stderr
    const given = JSON.parse(stdout)
    return {
      accessKeyId: given.AWS_ACCESS_KEY_ID,
      secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
      sessionToken: given.AWS_SESSION_TOKEN,
    }
  }
  const who = async (...args: readonly string[]) =>
    (await stsOf(env(...args) as Credentials).getCallerIdentity({})).Arn
  assert.equal(
    await who('--role', 'Borrowed'),
    `arn:aws:sts::${first}:assumed-role/Borrowed/operator`,
  )
  assert.equal(await who('--user', 'borrowed'), `arn:aws:iam::${first}:user/borrowed`)
  assert.equal(
    await who('--role', 'Function', '--account', 'other'),
    `arn:aws:sts::${other.accountId}:assumed-role/Function/operator`,
  )
  assert.match(String(env('--role', 'Missing')), /there is no role `Missing`/)
  assert.match(String(env('--user', 'a', '--role', 'b')), /not both/)
  const log = sekisho(['log', '--data', server.data, '--json']).stdout
  assert.match(log, /"principal":"operator".*"path":|"path":"\/_sekisho\/credentials"/)
})

test('explain says why a role was turned away', async () => {
  const log = sekisho(['log', '--data', server.data, '--json', '--denied', '--limit', '500']).stdout
  const line = log.split('\n').find((each) => each.includes('assumed-role/Wrong/session'))
  const { requestId } = JSON.parse(line!)
  const explained = sekisho(['explain', requestId, '--data', server.data])
  assert.equal(explained.status, 0)
  assert.match(explained.stdout, /aws:PrincipalArn/)
})

test("an API's policy does not mean the next user of a name either", async () => {
  const client = iamOf(root)
  const guest = await userWithKey('guest')
  const policy = (name: string) =>
    document({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${first}:user/${name}` },
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
    })
  const apiId = await apiWith(policy('guest'), 'AWS_IAM')
  assert.equal((await invoke(apiId, guest))[0], 200)
  await client.deleteAccessKey({ UserName: 'guest', AccessKeyId: guest.accessKeyId })
  await client.deleteUser({ UserName: 'guest' })
  assert.equal((await invoke(apiId, await userWithKey('guest')))[0], 403)
  await assert.rejects(apiWith(policy('nobody'), 'AWS_IAM'), /ensure that Principals are valid/)
})
