import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '@sekisho/policy'
import { principalKeys } from './principal-keys.ts'
import type { Session } from './sessions.ts'

const accountId = '111111111111'
const user: Principal = {
  type: 'user',
  accountId,
  arn: `arn:aws:iam::${accountId}:user/team/alice`,
  userId: 'AIDAALICE',
}
const role: Principal = {
  type: 'assumed-role',
  accountId,
  arn: `arn:aws:sts::${accountId}:assumed-role/Reader/job`,
  roleArn: `arn:aws:iam::${accountId}:role/team/Reader`,
  roleId: 'AROAREADER',
}
const session = (more: Partial<Session>): Session => ({
  accessKeyId: 'ASIA',
  accountId,
  issuedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  expiresAt: 0,
  of: {
    kind: 'role',
    roleName: 'Reader',
    roleId: 'AROAREADER',
    sessionName: 'job',
    isChained: false,
  },
  policies: [],
  policyArns: [],
  tags: [],
  transitiveTagKeys: [],
  ...more,
})

/** @see IAM User Guide, "AWS global condition context keys" */
const rows: readonly (readonly [string, Parameters<typeof principalKeys>[0], object])[] = [
  [
    'nobody',
    { principal: { type: 'anonymous' }, tags: [] },
    {
      'aws:principalaccount': 'anonymous',
      'aws:principaltype': 'Anonymous',
      'aws:userid': 'anonymous',
    },
  ],
  [
    'the root user',
    { principal: { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` }, tags: [] },
    {
      'aws:principalarn': `arn:aws:iam::${accountId}:root`,
      'aws:principalaccount': accountId,
      'aws:principaltype': 'Account',
      'aws:principalisawsservice': 'false',
      'aws:userid': accountId,
    },
  ],
  [
    'a user with a key that lasts: nothing of a session, not even that there was no MFA',
    { principal: user, tags: [{ Key: 'Team', Value: 'red' }] },
    {
      'aws:principalarn': `arn:aws:iam::${accountId}:user/team/alice`,
      'aws:principalaccount': accountId,
      'aws:principaltype': 'User',
      'aws:principalisawsservice': 'false',
      'aws:userid': 'AIDAALICE',
      'aws:username': 'alice',
      'aws:principaltag/team': 'red',
    },
  ],
  [
    "a role: its own ARN, never the session's; the session's tags win",
    {
      principal: role,
      tags: [
        { Key: 'team', Value: 'red' },
        { Key: 'stage', Value: 'dev' },
      ],
      session: session({ tags: [{ Key: 'Team', Value: 'blue' }], sourceIdentity: 'alice' }),
    },
    {
      'aws:principalarn': `arn:aws:iam::${accountId}:role/team/Reader`,
      'aws:principalaccount': accountId,
      'aws:principaltype': 'AssumedRole',
      'aws:principalisawsservice': 'false',
      'aws:userid': 'AROAREADER:job',
      'aws:tokenissuetime': '2026-01-02T03:04:05.000Z',
      'aws:multifactorauthpresent': 'false',
      'aws:sourceidentity': 'alice',
      'sts:sourceidentity': 'alice',
      'aws:principaltag/team': 'blue',
      'aws:principaltag/stage': 'dev',
    },
  ],
  [
    'a federated user',
    {
      principal: {
        type: 'federated-user',
        accountId,
        arn: `arn:aws:sts::${accountId}:federated-user/bob`,
        userArn: `arn:aws:iam::${accountId}:user/team/alice`,
        userId: 'AIDAALICE',
      },
      tags: [],
      session: session({ of: { kind: 'federated', name: 'bob' } }),
    },
    {
      'aws:principalarn': `arn:aws:sts::${accountId}:federated-user/bob`,
      'aws:principalaccount': accountId,
      'aws:principaltype': 'FederatedUser',
      'aws:principalisawsservice': 'false',
      'aws:userid': `${accountId}:bob`,
      'aws:tokenissuetime': '2026-01-02T03:04:05.000Z',
      'aws:multifactorauthpresent': 'false',
    },
  ],
  [
    'a service',
    { principal: { type: 'service', service: 'events.amazonaws.com' }, tags: [] },
    {
      'aws:principaltype': 'AWSService',
      'aws:principalisawsservice': 'true',
      'aws:principalservicename': 'events.amazonaws.com',
      'aws:principalservicenameslist': ['events.amazonaws.com'],
    },
  ],
]
for (const [name, facts, expected] of rows)
  test(`the condition keys of ${name}`, () =>
    assert.deepEqual(Object.fromEntries(principalKeys(facts)), expected))
