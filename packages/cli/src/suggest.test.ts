import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRecord } from '@sekisho/server'
import { suggest } from './suggest.ts'

const record = (more: Partial<DecisionRecord>): DecisionRecord => ({
  time: '2026-01-02T03:04:05.000Z',
  requestId: 'id',
  road: 'aws-api',
  method: 'POST',
  path: '/',
  sourceIp: '127.0.0.1',
  principal: 'arn:aws:iam::111111111111:user/alice',
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  outcome: 'implicit-deny',
  status: 200,
  decidedBy: 'identity',
  ...more,
})

test('actions on the same resources share a statement; what was allowed is not suggested', () => {
  const [alice] = suggest([
    record({}),
    record({ action: 's3:PutObject' }),
    record({ action: 's3:PutObject' }),
    record({ action: 's3:ListBucket', resource: 'arn:aws:s3:::b' }),
    record({ action: 's3:DeleteObject', outcome: 'allow' }),
  ])
  assert.deepEqual(alice!.policy!.Statement, [
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['arn:aws:s3:::b/k'] },
    { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::b'] },
  ])
  assert.deepEqual(alice!.deniedElsewhere, [])
})

test('what no Allow can mend is said so', () => {
  const [alice] = suggest([
    record({ outcome: 'explicit-deny', statement: 'identity policy Statement[1]' }),
    record({ decidedBy: 'scp' }),
  ])
  assert.equal(alice!.policy, undefined)
  assert.deepEqual(alice!.deniedElsewhere, [
    's3:GetObject on arn:aws:s3:::b/k: denied by identity policy Statement[1]: no Allow helps, that statement has to change',
    's3:GetObject on arn:aws:s3:::b/k: a service control policy does not allow it',
  ])
})

test('the sessions of a role are one principal', () => {
  const session = (name: string) =>
    record({
      principal: `arn:aws:sts::111111111111:assumed-role/R/${name}`,
      caller: {
        type: 'assumed-role',
        accountId: '111111111111',
        arn: `arn:aws:sts::111111111111:assumed-role/R/${name}`,
        roleArn: 'arn:aws:iam::111111111111:role/R',
        roleId: 'AROA',
      },
    })
  assert.deepEqual(
    suggest([session('a'), session('b'), record({})]).map(({ principal }) => principal),
    ['arn:aws:iam::111111111111:role/R', 'arn:aws:iam::111111111111:user/alice'],
  )
})
