import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from './compile.ts'
import type { Effect, PolicyType } from './decision.ts'
import { denialReason } from './denial-reason.ts'
import { explain } from './explain.ts'
import { normalizeExecuteApiPolicy, normalizePrincipals } from './normalize.ts'
import { trace } from './trace.ts'

const api = {
  partition: 'aws',
  region: 'ap-northeast-1',
  accountId: '123456781234',
  restApiId: 'abcdefghij',
}
const root = 'arn:aws:execute-api:ap-northeast-1:123456781234:abcdefghij'

/** The first worked example: one address may call. */
const onlyOneAddress = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "execute-api:Invoke",
      "Resource": "${root}/*/*/*"
    },
    {
      "Sid": "OnlyOffice",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "execute-api:Invoke",
      "Resource": "${root}/*/*/*",
      "Condition": { "NotIpAddress": { "aws:SourceIp": ["11.22.33.44/32"] } }
    }
  ]
}`

function refusal(sourceIp: string) {
  const resource = compilePolicy(onlyOneAddress, {
    type: 'resource',
    name: 'resource policy of API abcdefghij',
  })
  return trace(
    {
      principal: { type: 'anonymous' },
      action: 'execute-api:Invoke',
      resource: `${root}/api/GET/`,
      resourceAccountId: api.accountId,
      context: new Map([['aws:sourceip', sourceIp]]),
    },
    { resource },
  )
}

test('a refusal names statement, Sid, line, operator, key and both values, in English', () => {
  assert.equal(
    explain(refusal('55.66.77.88'), 'en'),
    `Denied: an explicit deny in the resource-based policy.
anonymous asked for execute-api:Invoke on ${root}/api/GET/
Decided by Statement[1] of resource policy of API abcdefghij.

resource-based policy “resource policy of API abcdefghij”: denies
  Statement[0] (line 4), Allow: applies
    ✓ Principal [*] covers anonymous (named as everybody)
    ✓ Action [execute-api:Invoke] covers execute-api:Invoke
    ✓ Resource [${root}/*/*/*] covers ${root}/api/GET/
  Statement[1] “OnlyOffice” (line 10), Deny: applies
    ✓ Principal [*] covers anonymous (named as everybody)
    ✓ Action [execute-api:Invoke] covers execute-api:Invoke
    ✓ Resource [${root}/*/*/*] covers ${root}/api/GET/
    ✓ NotIpAddress aws:SourceIp: the request has 55.66.77.88, the policy [11.22.33.44/32]: the comparison is true, so the condition holds`,
  )
})

test('the same refusal in Japanese', () => {
  assert.equal(
    explain(refusal('55.66.77.88'), 'ja'),
    `拒否されました: リソースベースのポリシーに明示的な拒否があります。
anonymous が ${root}/api/GET/ に対する execute-api:Invoke を要求しました
決め手は「resource policy of API abcdefghij」の Statement[1] です。

リソースベースのポリシー「resource policy of API abcdefghij」: 拒否
  Statement[0](4 行目)、Allow: 該当する
    ✓ Principal [*] は anonymous を含む(全員として)
    ✓ Action [execute-api:Invoke] は execute-api:Invoke を含む
    ✓ Resource [${root}/*/*/*] は ${root}/api/GET/ を含む
  Statement[1]「OnlyOffice」(10 行目)、Deny: 該当する
    ✓ Principal [*] は anonymous を含む(全員として)
    ✓ Action [execute-api:Invoke] は execute-api:Invoke を含む
    ✓ Resource [${root}/*/*/*] は ${root}/api/GET/ を含む
    ✓ NotIpAddress aws:SourceIp: リクエストの値は 55.66.77.88、ポリシーの値は [11.22.33.44/32]。比較が真であるため、条件は成立する`,
  )
})

test('an allowance says so, and why the Deny did not apply', () => {
  const lines = explain(refusal('11.22.33.44'), 'en').split('\n')
  assert.equal(lines[0], 'Allowed.')
  assert.equal(
    lines.at(-1),
    '    ✗ NotIpAddress aws:SourceIp: the request has 11.22.33.44, the policy [11.22.33.44/32]: the comparison is false, so the condition does not hold',
  )
})

/** @see IAM User Guide, "Troubleshoot access denied error messages" */
const reasons: readonly (readonly [Effect, PolicyType | undefined, string])[] = [
  ['Allow', undefined, ''],
  ['ImplicitDeny', 'identity', ' because no identity-based policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'resource', ' because no resource-based policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'boundary', ' because no permissions boundary allows the s3:GetObject action'],
  ['ImplicitDeny', 'session', ' because no session policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'scp', ' because no service control policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'rcp', ' because no resource control policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'vpcEndpoint', ' because no VPC endpoint policy allows the s3:GetObject action'],
  ['ImplicitDeny', 'trust', ' because no role trust policy allows the s3:GetObject action'],
  ['ExplicitDeny', 'identity', ' with an explicit deny in an identity-based policy'],
  ['ExplicitDeny', 'resource', ' with an explicit deny in a resource-based policy'],
  ['ExplicitDeny', 'boundary', ' with an explicit deny in a permissions boundary'],
  ['ExplicitDeny', 'session', ' with an explicit deny in a session policy'],
  ['ExplicitDeny', 'scp', ' with an explicit deny in a service control policy'],
  ['ExplicitDeny', 'rcp', ' with an explicit deny in a resource control policy'],
  ['ExplicitDeny', 'vpcEndpoint', ' with an explicit deny in a VPC endpoint policy'],
  ['ExplicitDeny', 'trust', ' with an explicit deny in the role trust policy'],
]
for (const [effect, decidedBy, reason] of reasons)
  test(`${effect} by ${decidedBy ?? 'nobody'} reads “${reason}”`, () => {
    assert.equal(denialReason({ effect, decidedBy }, 's3:GetObject'), reason)
  })

/** @see API Gateway Developer Guide, "API Gateway resource policy examples" */
const resources: readonly (readonly [written: string, full: string])[] = [
  ['execute-api:/*', `${root}/*`],
  ['execute-api:/*/*/*', `${root}/*/*/*`],
  ['execute-api:/prod/GET/pets', `${root}/prod/GET/pets`],
  ['execute-api:*', `${root}/*`],
  ['*', '*'],
  [`${root}/prod/*`, `${root}/prod/*`],
]
for (const [written, full] of resources)
  test(`the resource ${written} is kept as ${full}`, () => {
    const policy = (value: string) => ({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', NotResource: [value, '*'] }],
    })
    const normalised = normalizeExecuteApiPolicy(JSON.stringify(policy(written)), api)
    assert.deepEqual(JSON.parse(normalised), policy(full))
  })

test('twelve digits become the ARN of the account, in its partition', () => {
  const policy = (AWS: unknown) =>
    JSON.stringify({ Statement: { Effect: 'Deny', NotPrincipal: { AWS }, Action: '*' } })
  assert.equal(
    normalizePrincipals(policy(['111111111111', '*']), 'aws-cn'),
    policy(['arn:aws-cn:iam::111111111111:root', '*']),
  )
})

test('what is not rewritten stays as it was written, numbers to the digit', () => {
  const text =
    '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"NumericEquals":{"a:b":[1.10,9007199254740993,1e2]},"Bool":{"c:d":true}}}],"Id":"ü\\n"}'
  assert.equal(normalizeExecuteApiPolicy(text, api), text)
  assert.equal(normalizePrincipals(text), text)
})

test('members that repeat are refused, for rewriting would hide one of them', () => {
  const text = '{"Statement":[],"Statement":[]}'
  assert.throws(() => normalizePrincipals(text), /stands here twice/)
  assert.throws(() => normalizeExecuteApiPolicy(text, api), /stands here twice/)
})
