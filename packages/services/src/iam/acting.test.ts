import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { countingIds } from '../harness.fixture.ts'
import { openIdentities } from './identities.ts'
import { putEntity, type RoleRecord } from './records.ts'

const accountId = '111111111111'
const noon = Date.UTC(2026, 0, 2, 12)
const hourMs = 3_600_000

const trusting = (...more: readonly object[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', ...takenBy }, ...more.map((each) => ({ ...takenBy, ...each }))],
  })
const takenBy = {
  Principal: { Service: 'apigateway.amazonaws.com' },
  Action: 'sts:AssumeRole',
}
const deny = (Condition: object) => ({ Effect: 'Deny', Condition })

/** Whether the service may act as a role that says this of whom it trusts, now and at other times. */
async function mayAct(trust: string, ...times: readonly number[]): Promise<readonly boolean[]> {
  await using store = await openStore('memory:')
  using identities = openIdentities(store, countingIds())
  const role: RoleRecord = {
    accountId,
    name: 'role',
    id: 'AROAEXAMPLE',
    path: '/',
    createdAt: noon,
    inline: {},
    attached: [],
    tags: [{ Key: 'stage', Value: 'prod' }],
    trust,
    maxSessionDuration: 3_600,
  }
  await store.documents.transact(async (transaction) => putEntity(transaction, 'role', role))
  const found: boolean[] = []
  for (const at of times) {
    const acting = {
      service: 'apigateway.amazonaws.com',
      accountId,
      roleArn: `arn:aws:iam::${accountId}:role/role`,
    }
    found.push((await identities.actingFor(acting, at)) !== undefined)
  }
  return found
}

test('a service acts as a role that trusts it', async () => {
  assert.deepEqual(await mayAct(trusting(), noon), [true])
})

test('a role that is closed from a time on is closed from then on, whoever acted before', async () => {
  const closing = deny({ DateGreaterThan: { 'aws:CurrentTime': new Date(noon).toISOString() } })
  const times = [noon - hourMs, noon, noon + 1, noon + hourMs, noon - hourMs]
  assert.deepEqual(await mayAct(trusting(closing), ...times), [true, true, false, false, true])
})

for (const [what, condition] of [
  ['that are services', { Bool: { 'aws:PrincipalIsAWSService': 'true' } }],
  ['of that name', { StringEquals: { 'aws:PrincipalServiceName': 'apigateway.amazonaws.com' } }],
  ['of that kind', { StringEquals: { 'aws:PrincipalType': 'AWSService' } }],
  ['for a role of this tag', { StringEquals: { 'iam:ResourceTag/stage': 'prod' } }],
  ['for a role of this account', { StringEquals: { 'aws:ResourceAccount': accountId } }],
] as const)
  test(`a role that turns away callers ${what} turns the service away`, async () => {
    assert.deepEqual(await mayAct(trusting(deny(condition)), noon), [false])
  })
