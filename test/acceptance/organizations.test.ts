import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import * as organizations from '@aws-sdk/client-organizations'
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
  root,
  server,
  settings,
  stsOf,
  userWithKey,
} from './identity.fixture.ts'
import { sekisho } from './server.fixture.ts'

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

test('a refusal by the organization can be explained afterwards', async () => {
  const log = sekisho(['log', '--data', server.data, '--json', '--denied', '--limit', '999']).stdout
  const line = log.split('\n').find((each) => each.includes('"decidedBy":"scp"'))
  const explained = sekisho(['explain', JSON.parse(line!).requestId, '--data', server.data])
  assert.match(explained.stdout, /no-iam/)
  assert.match(explained.stdout, /service control policy/)
})
