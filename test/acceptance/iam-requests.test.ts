import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import type * as iam from '@aws-sdk/client-iam'
import { signRequest } from '@sekisho/sigv4'
import {
  allow,
  type Credentials,
  document,
  first,
  iamOf,
  other,
  refusedAs,
  region,
  root,
  server,
  settings,
  userWithKey,
} from './identity.fixture.ts'

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
