import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { authorize } from './authorize.ts'
import { compileRequest, compileSet, policy, policySet, request } from './generated.fixture.ts'
import { decideNaively, type RawPolicySet, type RawRequest } from './reference.fixture.ts'
import { trace } from './trace.ts'

const alice: RawRequest['principal'] = {
  type: 'user',
  accountId: '111111111111',
  arn: 'arn:aws:iam::111111111111:user/alice',
  userId: 'AIDAALICE',
}
const invoke = {
  principal: { type: 'anonymous' },
  action: 'execute-api:Invoke',
  resource: 'arn:aws:execute-api:us-east-1:111111111111:abc/prod/GET/pets',
  resourceAccountId: '111111111111',
  context: {},
} as const satisfies RawRequest
const everybody = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as const
const unlessFrom = (...addresses: string[]): RawPolicySet => ({
  resource: {
    Version: '2012-10-17',
    Statement: [
      everybody,
      {
        ...everybody,
        Effect: 'Deny',
        Condition: { NotIpAddress: { 'aws:SourceIp': addresses } },
      },
    ],
  },
})

/** Where other engines are known to have gone wrong. */
const firstCases: readonly (readonly [string, RawRequest, RawPolicySet, string])[] = [
  [
    'a negated operator is true of a missing key, so a Deny applies',
    invoke,
    unlessFrom('11.22.33.44/32'),
    'ExplicitDeny',
  ],
  [
    'Deny NotIpAddress with two addresses spares the first',
    { ...invoke, context: { 'aws:sourceip': '11.22.33.44' } },
    unlessFrom('11.22.33.44/32', '55.66.77.88/32'),
    'Allow',
  ],
  [
    'Deny NotIpAddress with two addresses spares the second',
    { ...invoke, context: { 'aws:sourceip': '55.66.77.88' } },
    unlessFrom('11.22.33.44/32', '55.66.77.88/32'),
    'Allow',
  ],
  [
    'Deny NotIpAddress with two addresses denies a third',
    { ...invoke, context: { 'aws:sourceip': '99.99.99.99' } },
    unlessFrom('11.22.33.44/32', '55.66.77.88/32'),
    'ExplicitDeny',
  ],
  [
    'a policy that allows another method only refuses this one',
    invoke,
    {
      resource: {
        Statement: [
          {
            ...everybody,
            Resource: 'arn:aws:execute-api:us-east-1:111111111111:abc/prod/POST/pets',
          },
        ],
      },
    },
    'ImplicitDeny',
  ],
  [
    'an implicit deny is no success',
    { ...invoke, principal: alice },
    { resource: { Statement: [] }, identity: [] },
    'ImplicitDeny',
  ],
  [
    'a policy for another principal refuses this one',
    invoke,
    { resource: { Statement: [{ ...everybody, Principal: { AWS: alice.arn } }] } },
    'ImplicitDeny',
  ],
]

/** What the comparison below has brought to light. */
const foundCases: typeof firstCases = [
  [
    'a variable without text is no wildcard',
    {
      ...invoke,
      principal: alice,
      context: { 'aws:principaltag/team': '', 's3:prefix': 'secret' },
    },
    {
      identity: [
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: '*',
              Resource: '*',
              Condition: { StringLike: { 's3:prefix': '${aws:PrincipalTag/team}' } },
            },
          ],
        },
      ],
    },
    'ImplicitDeny',
  ],
  [
    'a value that is no ARN satisfies no Allow, not even a negated one',
    { ...invoke, context: { 'aws:sourcearn': 'garbage' } },
    {
      resource: {
        Statement: [
          { ...everybody, Condition: { ArnNotLike: { 'aws:SourceArn': 'arn:aws:s3:::*' } } },
        ],
      },
    },
    'ImplicitDeny',
  ],
  [
    'everybody includes a role that is named beside it, whatever its session policy',
    {
      ...invoke,
      principal: {
        type: 'assumed-role',
        accountId: '111111111111',
        arn: 'arn:aws:sts::111111111111:assumed-role/Reader/job',
        roleArn: 'arn:aws:iam::111111111111:role/Reader',
        roleId: 'AROAREADER',
      },
    },
    {
      session: [],
      resource: {
        Statement: [
          { ...everybody, Principal: { AWS: ['*', 'arn:aws:iam::111111111111:role/Reader'] } },
        ],
      },
    },
    'Allow',
  ],
]

for (const [name, asked, set, expected] of [...firstCases, ...foundCases])
  test(name, () => {
    assert.equal(decideNaively(asked, set), expected)
    assert.equal(authorize(compileRequest(asked), compileSet(set)).effect, expected)
  })

const seed = Number(process.env['SEKISHO_TEST_SEED'] ?? 20_261_120)
const options = (numRuns: number) => ({ seed, numRuns, endOnFailure: false })

test(`the evaluator agrees with a naive reading of the rules (seed ${seed})`, (t) => {
  const seen: Record<string, number> = {}
  fc.assert(
    fc.property(request, policySet, (asked, set) => {
      const expected = decideNaively(asked, set)
      seen[expected] = (seen[expected] ?? 0) + 1
      const [question, policies] = [compileRequest(asked), compileSet(set)]
      assert.equal(authorize(question, policies).effect, expected)
      assert.equal(trace(question, policies).effect, expected)
    }),
    options(6_000),
  )
  t.diagnostic(JSON.stringify(seen))
  for (const effect of ['Allow', 'ExplicitDeny', 'ImplicitDeny']) assert.ok(seen[effect]! > 300)
})

test(`the evaluator agrees about trust policies (seed ${seed})`, () => {
  const role = 'arn:aws:iam::111111111111:role/target'
  fc.assert(
    fc.property(request, policySet, policy('trust'), (asked, set, trust) => {
      const assume = { ...asked, action: 'sts:AssumeRole', resource: role }
      const all = { ...set, trust }
      const { effect } = authorize(compileRequest(assume), compileSet(all))
      assert.equal(effect, decideNaively(assume, all))
    }),
    options(2_000),
  )
})
