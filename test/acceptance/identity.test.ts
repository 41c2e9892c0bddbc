import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import * as iam from '@aws-sdk/client-iam'
import * as organizations from '@aws-sdk/client-organizations'
import * as sts from '@aws-sdk/client-sts'
import { signRequest } from '@sekisho/sigv4'
import { type Serving, sekisho, serve, temporaryFolder } from './server.fixture.ts'

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const folder = temporaryFolder()
let server: Serving
let root: Credentials
let other: Credentials & { readonly accountId: string }
const first = '000000000000'
const region = 'us-east-1'

before(async () => {
  server = await serve(folder.path)
  const given = JSON.parse(sekisho(['env', '--data', server.data, '--json']).stdout)
  root = {
    accessKeyId: given.AWS_ACCESS_KEY_ID,
    secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
  }
  other = JSON.parse(
    sekisho(['account', 'create', 'other', '--data', server.data, '--json']).stdout,
  )
})
after(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const settings = (credentials: Credentials) => ({
  endpoint: server.endpoint,
  region,
  credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  maxAttempts: 1,
})
const iamOf = (credentials: Credentials) => new iam.IAM(settings(credentials))
const stsOf = (credentials: Credentials) => new sts.STS(settings(credentials))

async function userWithKey(name: string, as: Credentials = root): Promise<Credentials> {
  const client = iamOf(as)
  await client.createUser({ UserName: name })
  const { AccessKey } = await client.createAccessKey({ UserName: name })
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
}

const document = (...statements: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
const allow = (action: string | readonly string[], more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: '*',
  ...more,
})
const trusting = (principal: object, more: object = {}) =>
  document({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more })

async function assume(
  as: Credentials,
  RoleArn: string,
  more: Partial<sts.AssumeRoleCommandInput> = {},
): Promise<Credentials> {
  const answer = await stsOf(as).assumeRole({ RoleArn, RoleSessionName: 'session', ...more })
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials!
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken,
  }
}

const refusedAs = (name: string, message?: RegExp) => (error: Error) => {
  assert.equal(error.name, name)
  if (message) assert.match(error.message, message)
  return true
}

async function apiWith(policy: string | undefined, authorizationType: string): Promise<string> {
  const client = new gateway.APIGateway(settings(root))
  const { id: restApiId, rootResourceId } = await client.createRestApi({ name: 'api', policy })
  const key = { restApiId: restApiId!, resourceId: rootResourceId!, httpMethod: 'GET' }
  await client.putMethod({ ...key, authorizationType })
  await client.putMethodResponse({ ...key, statusCode: '200' })
  const requestTemplates = { 'application/json': '{"statusCode": 200}' }
  await client.putIntegration({ ...key, type: 'MOCK', requestTemplates })
  await client.putIntegrationResponse({ ...key, statusCode: '200' })
  await client.createDeployment({ restApiId: restApiId!, stageName: 'prod' })
  return restApiId!
}

async function invoke(apiId: string, as?: Credentials): Promise<readonly [number, string]> {
  const rawPath = `/_aws/execute-api/${apiId}/prod/`
  const { host } = new URL(server.endpoint)
  const signed = as
    ? signRequest({ method: 'GET', rawPath, rawQuery: '', headers: ['Host', host] }, as, {
        region,
        service: 'execute-api',
        now: new Date(),
      })
    : []
  const headers = signed.flatMap((name, at) => (at % 2 === 0 ? [[name, signed[at + 1]!]] : []))
  const answer = await fetch(server.endpoint + rawPath, {
    headers: headers.filter(([name]) => name !== 'Host') as [string, string][],
  })
  return [answer.status, await answer.text()]
}

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

test("what the organization denies, a member's own policies cannot allow", async () => {
  const organization = new organizations.Organizations(settings(root))
  const { Roots } = await organization.listRoots({})
  const RootId = Roots![0]!.Id!
  const { Accounts } = await organization.listAccounts({})
  assert.deepEqual(Accounts!.map(({ Id }) => Id).sort(), [first, other.accountId].sort())
  await assert.rejects(new organizations.Organizations(settings(other)).listAccounts({}), {
    name: 'AccessDeniedException',
  })
  await organization.enablePolicyType({ RootId, PolicyType: 'SERVICE_CONTROL_POLICY' })
  const { OrganizationalUnit } = await organization.createOrganizationalUnit({
    ParentId: RootId,
    Name: 'guests',
  })
  const unit = OrganizationalUnit!.Id!
  await organization.moveAccount({
    AccountId: other.accountId,
    SourceParentId: RootId,
    DestinationParentId: unit,
  })
  const member = iamOf(other)
  assert.ok(await member.listUsers({}))
  const { Policy } = await organization.createPolicy({
    Name: 'no-iam',
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content: document({ Effect: 'Deny', Action: ['iam:*', 'execute-api:*'], Resource: '*' }),
  })
  const PolicyId = Policy!.PolicySummary!.Id!
  await organization.attachPolicy({ PolicyId, TargetId: unit })
  // The root of the member too; never the management account.
  await assert.rejects(
    member.listUsers({}),
    refusedAs('AccessDenied', /with an explicit deny in a service control policy/),
  )
  assert.ok(await iamOf(root).listUsers({}))
  // On deployed APIs as well.
  const apiId = await apiWith(
    document({
      Effect: 'Allow',
      Principal: { AWS: other.accountId },
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
    }),
    'AWS_IAM',
  )
  assert.equal((await invoke(apiId, other))[0], 403)
  await organization.detachPolicy({ PolicyId, TargetId: unit })
  assert.equal((await invoke(apiId, other))[0], 200)
  assert.ok(await member.listUsers({}))

  // Without any Allow on one level nothing is left.
  await organization.attachPolicy({ PolicyId, TargetId: unit })
  await assert.rejects(
    organization.detachPolicy({ PolicyId, TargetId: RootId }),
    refusedAs('PolicyNotAttachedException'),
  )
  await organization.detachPolicy({ PolicyId: 'p-FullAWSAccess', TargetId: unit })
  await assert.rejects(
    new gateway.APIGateway(settings(other)).getRestApis({}),
    /because no service control policy allows the apigateway:GET action/,
  )
  await assert.rejects(
    organization.detachPolicy({ PolicyId, TargetId: unit }),
    refusedAs('ConstraintViolationException'),
  )
  await organization.attachPolicy({ PolicyId: 'p-FullAWSAccess', TargetId: unit })
  await organization.detachPolicy({ PolicyId, TargetId: unit })
})

test('an account made over the wire is one like any other', async () => {
  const organization = new organizations.Organizations(settings(root))
  const { CreateAccountStatus } = await organization.createAccount({
    AccountName: 'wired',
    Email: 'wired@example.com',
  })
  assert.equal(CreateAccountStatus!.State, 'SUCCEEDED')
  const listed = JSON.parse(
    sekisho(['account', 'list', '--data', server.data, '--json']).stdout,
  ) as readonly (Credentials & { name: string; accountId: string })[]
  const wired = listed.find(({ name }) => name === 'wired')!
  assert.equal(wired.accountId, CreateAccountStatus!.AccountId)
  assert.equal((await stsOf(wired).getCallerIdentity({})).Account, wired.accountId)
  // Its administrator comes from the management account.
  const administrator = await userWithKey('administrator')
  const RoleArn = `arn:aws:iam::${wired.accountId}:role/OrganizationAccountAccessRole`
  await assert.rejects(assume(administrator, RoleArn), refusedAs('AccessDenied'))
  await iamOf(root).putUserPolicy({
    UserName: 'administrator',
    PolicyName: 'assume',
    PolicyDocument: document(allow('sts:AssumeRole')),
  })
  const inside = await assume(administrator, RoleArn)
  assert.ok((await iamOf(inside).listRoles({})).Roles!.length === 1)
})

test('a condition on the organization lets in its members alone', async () => {
  const { Organization } = await new organizations.Organizations(
    settings(root),
  ).describeOrganization({})
  const apiFor = (id: string) =>
    apiWith(
      document({
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*',
        Condition: { StringEquals: { 'aws:PrincipalOrgID': id } },
      }),
      'AWS_IAM',
    )
  assert.equal((await invoke(await apiFor(Organization!.Id!), other))[0], 200)
  assert.equal((await invoke(await apiFor('o-somebodyelse'), other))[0], 403)
})

test('a request that nobody makes is decided as if somebody did', async () => {
  const client = iamOf(root)
  const policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"},\n {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"11.22.33.44"}}}]}'
  const simulated = async (address?: string) => {
    const { EvaluationResults } = await client.simulateCustomPolicy({
      PolicyInputList: [policy],
      ActionNames: ['s3:GetObject', 's3:PutObject'],
      ResourceArns: ['arn:aws:s3:::b/k'],
      ContextEntries:
        address === undefined
          ? []
          : [
              {
                ContextKeyName: 'aws:SourceIp',
                ContextKeyType: 'ip',
                ContextKeyValues: [address],
              },
            ],
    })
    return EvaluationResults!
  }
  const [get, put] = await simulated('11.22.33.44')
  assert.deepEqual([get!.EvalDecision, put!.EvalDecision], ['allowed', 'implicitDeny'])
  assert.deepEqual(get!.MatchedStatements, [
    {
      SourcePolicyId: 'PolicyInputList.1',
      SourcePolicyType: 'IAM Policy',
      StartPosition: { Line: 1, Column: 38 },
      EndPosition: { Line: 1, Column: 105 },
    },
  ])
  const [elsewhere] = await simulated('1.2.3.4')
  assert.equal(elsewhere!.EvalDecision, 'explicitDeny')
  assert.equal(elsewhere!.MatchedStatements![0]!.StartPosition!.Line, 2)
  const [unknown] = await simulated()
  assert.equal(unknown!.EvalDecision, 'explicitDeny')
  assert.deepEqual(unknown!.MissingContextValues, ['aws:SourceIp'])
  const { ContextKeyNames } = await client.getContextKeysForCustomPolicy({
    PolicyInputList: [policy],
  })
  assert.deepEqual(ContextKeyNames, ['aws:SourceIp'])

  await client.createUser({ UserName: 'simulated', Tags: [{ Key: 'team', Value: 'red' }] })
  await client.putUserPolicy({
    UserName: 'simulated',
    PolicyName: 'own',
    PolicyDocument: document({
      ...allow('s3:GetObject'),
      Resource: 'arn:aws:s3:::${aws:PrincipalTag/team}/*',
    }),
  })
  const decided = async (
    bucket: string,
    more: Partial<iam.SimulatePrincipalPolicyCommandInput>,
  ) => {
    const { EvaluationResults } = await client.simulatePrincipalPolicy({
      PolicySourceArn: `arn:aws:iam::${first}:user/simulated`,
      ActionNames: ['s3:GetObject'],
      ResourceArns: [`arn:aws:s3:::${bucket}/k`],
      ...more,
    })
    return EvaluationResults![0]!
  }
  const red = await decided('red', {})
  assert.equal(red.EvalDecision, 'allowed')
  assert.equal(red.MatchedStatements![0]!.SourcePolicyId, 'user_simulated_own')
  assert.equal((await decided('blue', {})).EvalDecision, 'implicitDeny')
  const granted = await client.listPoliciesGrantingServiceAccess({
    Arn: `arn:aws:iam::${first}:user/simulated`,
    ServiceNamespaces: ['s3', 'iam'],
  })
  assert.deepEqual(granted.PoliciesGrantingServiceAccess, [
    {
      ServiceNamespace: 's3',
      Policies: [
        { PolicyName: 'own', PolicyType: 'INLINE', EntityType: 'USER', EntityName: 'simulated' },
      ],
    },
    { ServiceNamespace: 'iam', Policies: [] },
  ])
  const bounded = await decided('red', {
    PermissionsBoundaryPolicyInputList: [document(allow('ec2:*'))],
  })
  assert.equal(bounded.EvalDecision, 'implicitDeny')
  assert.equal(bounded.PermissionsBoundaryDecisionDetail!.AllowedByPermissionsBoundary, false)
  const foreign = await decided('red', {
    ResourceOwner: `arn:aws:iam::${other.accountId}:root`,
    ResourcePolicy: document({ ...allow('s3:*'), Principal: { AWS: other.accountId } }),
  })
  assert.equal(foreign.EvalDecision, 'implicitDeny')
  assert.deepEqual(foreign.EvalDecisionDetails, {
    'IAM Policy': 'allowed',
    'Resource Policy': 'implicitDeny',
  })
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

test('a role is handed to a service only by whom iam:PassRole lets', async () => {
  const client = iamOf(root)
  const user = await userWithKey('passer')
  const cloudwatchRoleArn = `arn:aws:iam::${first}:role/Logs`
  const patch = () =>
    new gateway.APIGateway(settings(user)).updateAccount({
      patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: cloudwatchRoleArn }],
    })
  const may = (action: string | readonly string[], more: object = {}) =>
    client.putUserPolicy({
      UserName: 'passer',
      PolicyName: 'own',
      PolicyDocument: document(allow('apigateway:*'), allow(action, more)),
    })
  await may('s3:*')
  await assert.rejects(patch(), /not authorized to perform: iam:PassRole on resource: arn:/)
  const to = (service: string) => ({
    Condition: { StringEquals: { 'iam:PassedToService': service } },
  })
  await may('iam:PassRole', to('lambda.amazonaws.com'))
  await assert.rejects(patch(), /iam:PassRole/)
  const body = JSON.stringify({
    openapi: '3.0.1',
    info: { title: 'passed' },
    paths: {
      '/': {
        get: {
          responses: {},
          'x-amazon-apigateway-integration': {
            type: 'mock',
            credentials: `arn:aws:iam::${first}:role/Integration`,
          },
        },
      },
    },
  })
  await assert.rejects(
    new gateway.APIGateway(settings(user)).importRestApi({ body: Buffer.from(body) }),
    /iam:PassRole on resource: arn:aws:iam::000000000000:role\/Integration/,
  )
  await may('iam:PassRole', to('apigateway.amazonaws.com'))
  await assert.rejects(patch(), /does not have required permissions/)
  await client.createRole({
    RoleName: 'Logs',
    AssumeRolePolicyDocument: document({
      Effect: 'Allow',
      Principal: { Service: 'apigateway.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }),
  })
  assert.equal((await patch()).cloudwatchRoleArn, cloudwatchRoleArn)
})

test('a refusal of IAM says by which id it is explained, to its own account', async () => {
  const client = iamOf(root)
  const user = await userWithKey('curious')
  await client.putUserPolicy({
    UserName: 'curious',
    PolicyName: 'no-users',
    PolicyDocument: document({ ...allow('iam:*'), Sid: 'No', Effect: 'Deny' }),
  })
  const refusal: Error = await iamOf(user)
    .listUsers({})
    .then(
      () => assert.fail('let in'),
      (error) => error,
    )
  const [, id] = /with the following authorization id: ([0-9a-z]{25})$/.exec(refusal.message) ?? []
  assert.ok(id, refusal.message)
  const ask = async (as: Credentials, path: string) => {
    const [rawPath = '', rawQuery = ''] = path.split('?')
    const { host } = new URL(server.endpoint)
    const signed = signRequest({ method: 'GET', rawPath, rawQuery, headers: ['Host', host] }, as, {
      region,
      service: 'iam',
      now: new Date(),
    })
    const headers = signed.flatMap((name, at) => (at % 2 === 0 ? [[name, signed[at + 1]!]] : []))
    const answer = await fetch(server.endpoint + path, {
      headers: headers.filter(([name]) => name !== 'Host') as [string, string][],
    })
    // biome-ignore lint/suspicious/noExplicitAny: answers of any form
    return { status: answer.status, body: (await answer.json()) as any }
  }
  const { status, body } = await ask(root, `/authorization-details/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body.evaluations[0].matchedPolicies, [
    {
      uri: 'identity:no-users',
      matchedStatements: [{ sid: 'No', evaluatedEffect: 'DENY' }],
    },
  ])
  assert.equal(body.evaluations[0].evaluatedEffect, 'EXPLICIT_DENY')
  const [policy] = body.policies
  assert.deepEqual([policy.type, policy.inline], ['IDENTITY_BASED_POLICY', true])
  const text = await ask(
    root,
    `/authorization-details/${id}/policy?policyUri=${encodeURIComponent(policy.uri)}`,
  )
  assert.match(text.body.policyDocument, /"Sid":"No"/)
  // Who may not ask is refused; another account learns nothing; what is no id is none.
  assert.equal((await ask(user, `/authorization-details/${id}`)).status, 403)
  assert.equal((await ask(other, `/authorization-details/${id}`)).status, 404)
  assert.equal((await ask(root, '/authorization-details/x')).status, 400)
})

test('a refusal by the organization can be explained afterwards', async () => {
  const log = sekisho(['log', '--data', server.data, '--json', '--denied', '--limit', '999']).stdout
  const line = log.split('\n').find((each) => each.includes('"decidedBy":"scp"'))
  const explained = sekisho(['explain', JSON.parse(line!).requestId, '--data', server.data])
  assert.match(explained.stdout, /no-iam/)
  assert.match(explained.stdout, /service control policy/)
})

test('administrators may be held to users with a boundary, and cannot take it off', async () => {
  const client = iamOf(root)
  const delegate = await userWithKey('delegate')
  const { Policy } = await client.createPolicy({
    PolicyName: 'limit',
    PolicyDocument: document(allow('s3:*')),
  })
  const PermissionsBoundary = Policy!.Arn!
  await client.putUserPolicy({
    UserName: 'delegate',
    PolicyName: 'own',
    PolicyDocument: document(
      allow(['iam:CreateUser', 'iam:PutUserPolicy'], {
        Condition: { StringEquals: { 'iam:PermissionsBoundary': PermissionsBoundary } },
      }),
    ),
  })
  const limited = iamOf(delegate)
  await assert.rejects(limited.createUser({ UserName: 'free' }), refusedAs('AccessDenied'))
  await limited.createUser({ UserName: 'bound', PermissionsBoundary })
  const grant = (UserName: string) =>
    limited.putUserPolicy({
      UserName,
      PolicyName: 'all',
      PolicyDocument: document(allow('*')),
    })
  await grant('bound')
  await client.createUser({ UserName: 'free' })
  await assert.rejects(grant('free'), refusedAs('AccessDenied'))
  await assert.rejects(
    limited.deleteUserPermissionsBoundary({ UserName: 'bound' }),
    refusedAs('AccessDenied'),
  )
  // What the boundary does not allow, no policy of the user's own does.
  const { AccessKey } = await client.createAccessKey({ UserName: 'bound' })
  const bound = {
    accessKeyId: AccessKey!.AccessKeyId!,
    secretAccessKey: AccessKey!.SecretAccessKey!,
  }
  await assert.rejects(
    iamOf(bound).listUsers({}),
    refusedAs('AccessDenied', /because no permissions boundary allows the iam:ListUsers action/),
  )
})
