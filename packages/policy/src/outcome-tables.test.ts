import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorize } from './authorize.ts'
import { compilePolicy } from './compile.ts'
import type { Effect } from './decision.ts'
import type { AuthorizationRequest } from './request.ts'

/** @see API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow" */
type Says = 'Allow' | 'neither' | 'Deny'
const rows: readonly (readonly [
  identity: Says,
  resource: Says,
  sameAccount: Effect,
  crossAccount: Effect,
])[] = [
  ['Allow', 'Allow', 'Allow', 'Allow'],
  ['Allow', 'neither', 'Allow', 'ImplicitDeny'],
  ['Allow', 'Deny', 'ExplicitDeny', 'ExplicitDeny'],
  ['neither', 'Allow', 'Allow', 'ImplicitDeny'],
  ['neither', 'neither', 'ImplicitDeny', 'ImplicitDeny'],
  ['neither', 'Deny', 'ExplicitDeny', 'ExplicitDeny'],
  ['Deny', 'Allow', 'ExplicitDeny', 'ExplicitDeny'],
  ['Deny', 'neither', 'ExplicitDeny', 'ExplicitDeny'],
  ['Deny', 'Deny', 'ExplicitDeny', 'ExplicitDeny'],
]

const arn = 'arn:aws:execute-api:us-east-1:111111111111:abcdefghij/prod/GET/'
const user = 'arn:aws:iam::111111111111:user/alice'

function policy(type: 'identity' | 'resource', says: Says) {
  const Action = says === 'neither' ? 'execute-api:InvalidateCache' : 'execute-api:Invoke'
  const Effect = says === 'neither' ? 'Allow' : says
  const Principal = type === 'resource' ? { Principal: { AWS: user } } : {}
  const Statement = [{ Effect, Action, Resource: arn, ...Principal }]
  return compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), { type, name: type })
}

for (const [identity, resource, sameAccount, crossAccount] of rows)
  test(`identity ${identity}, resource ${resource}: ${sameAccount} in the account, ${crossAccount} across accounts`, () => {
    const decide = (resourceAccountId: string) => {
      const request: AuthorizationRequest = {
        principal: { type: 'user', accountId: '111111111111', arn: user, userId: 'AIDAEXAMPLE' },
        action: 'execute-api:Invoke',
        resource: arn,
        resourceAccountId,
        context: new Map(),
      }
      const policies = {
        identity: [policy('identity', identity)],
        resource: policy('resource', resource),
      }
      return authorize(request, policies).effect
    }
    assert.equal(decide('111111111111'), sameAccount)
    assert.equal(decide('222222222222'), crossAccount)
  })

test('an anonymous caller needs an explicit Allow of the resource policy', () => {
  const request: AuthorizationRequest = {
    principal: { type: 'anonymous' },
    action: 'execute-api:Invoke',
    resource: arn,
    resourceAccountId: '111111111111',
    context: new Map(),
  }
  const everybody = (Effect: string, Action = 'execute-api:Invoke') =>
    compilePolicy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect, Principal: '*', Action, Resource: '*' },
      }),
      {
        type: 'resource',
        name: 'resource',
      },
    )
  assert.equal(authorize(request, { resource: everybody('Allow') }).effect, 'Allow')
  assert.equal(authorize(request, { resource: everybody('Deny') }).effect, 'ExplicitDeny')
  assert.equal(
    authorize(request, { resource: everybody('Allow', 'execute-api:ManageConnections') }).effect,
    'ImplicitDeny',
  )
  assert.equal(authorize(request, { resource: policy('resource', 'Allow') }).effect, 'ImplicitDeny')
  assert.equal(authorize(request, {}).effect, 'ImplicitDeny')
})
