import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision, Principal } from '@sekisho/policy'
import type { ErrorFamily } from '@sekisho/sigv4'
import { type Decided, denied } from './authorize.ts'

const alice: Principal = {
  type: 'user',
  accountId: '111111111111',
  arn: 'arn:aws:iam::111111111111:user/alice',
  userId: 'AIDAALICE',
}
const decided = (
  effect: Decision['effect'],
  decidedBy: Decision['decidedBy'],
  resourceAccountId = '111111111111',
): Decided => ({
  need: { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' },
  decision: { allowed: false, effect, decidedBy, determining: [] },
  request: {
    principal: alice,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::b/k',
    resourceAccountId,
    context: new Map(),
  },
  policies: {},
})

/** @see IAM User Guide, "Troubleshoot access denied error messages"; the protocols' own common errors for code and status */
const families: readonly (readonly [ErrorFamily, string, number])[] = [
  ['query', 'AccessDenied', 403],
  ['s3', 'AccessDenied', 403],
  ['json', 'AccessDeniedException', 400],
  ['restJson', 'AccessDeniedException', 403],
]
for (const [family, code, status] of families)
  test(`a refusal in ${family} is ${code} with ${status}`, () => {
    const error = denied(decided('ImplicitDeny', 'identity'), family)
    assert.deepEqual([error.code, error.status], [code, status])
    const resource = family === 's3' ? '"arn:aws:s3:::b/k"' : 'arn:aws:s3:::b/k'
    assert.equal(
      error.message,
      `User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: ${resource} because no identity-based policy allows the s3:GetObject action`,
    )
  })

test('S3 says why within the account alone', () => {
  const foreign = denied(decided('ImplicitDeny', 'resource', '222222222222'), 's3')
  assert.deepEqual([foreign.code, foreign.message], ['AccessDenied', 'Access Denied'])
})

test('whom a role of another account trusts is not told, nor whether there is one', () => {
  const own = denied(decided('ImplicitDeny', 'trust'), 'query').message
  const foreign = denied(decided('ImplicitDeny', 'trust', '222222222222'), 'query').message
  assert.match(own, / because no role trust policy allows the s3:GetObject action$/)
  assert.match(foreign, /on resource: arn:aws:s3:::b\/k$/)
})

test('an explicit deny names the kind of policy', () => {
  assert.match(
    denied(decided('ExplicitDeny', 'scp'), 'query').message,
    / with an explicit deny in a service control policy$/,
  )
})
