import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '@sekisho/policy'
import type { Identity, Need, Place } from '@sekisho/services'
import type { Circumstances } from './authorize.ts'
import { decideAgain, holds } from './remembered.ts'

const accountId = '111111111111'
const resource = `arn:aws:lambda:us-east-1:${accountId}:function:f`

function policy(Condition?: object, type: 'identity' | 'resource' = 'identity', Effect = 'Allow') {
  const statement = {
    Effect,
    Action: 'lambda:InvokeFunction',
    Resource: '*',
    ...(type === 'resource' && { Principal: '*' }),
    ...(Condition && { Condition }),
  }
  const source = JSON.stringify({ Version: '2012-10-17', Statement: statement })
  return compilePolicy(source, { type, name: 'p' })
}

function role(...identity: ReturnType<typeof policy>[]): Identity {
  const arn = `arn:aws:sts::${accountId}:assumed-role/r/s`
  const roleArn = `arn:aws:iam::${accountId}:role/r`
  return {
    secretAccessKey: '',
    accountId,
    principal: { type: 'assumed-role', accountId, arn, roleArn, roleId: 'AROA' },
    policies: { identity },
    keys: new Map(),
  }
}

const inside: Circumstances = {
  source: undefined,
  via: undefined,
  now: new Date('2026-01-01T00:00:00Z'),
  region: 'us-east-1',
  headers: [],
}
const decide = (
  need: Need,
  identity: Identity,
  more: Partial<Circumstances> = {},
  place?: Place | undefined,
) => decideAgain([need], identity, new Map([[accountId, place]]), { ...inside, ...more })!

const invoke = (more: Partial<Need> = {}): Need => ({
  action: 'lambda:InvokeFunction',
  resource,
  ...more,
})

test('the same need of the same caller is decided once', () => {
  const [need, caller] = [invoke(), role(policy())]
  const first = decide(need, caller)
  assert.equal(first.decision.allowed, true)
  assert.equal(decide(need, caller), first)
})

test('whatever a decision rests on, when it changes there is another decision', () => {
  const need = invoke()
  assert.equal(decide(need, role(policy())).decision.allowed, true)
  assert.equal(decide(need, role()).decision.allowed, false)
  assert.equal(decide(need, role(policy())).decision.allowed, true)
  const denying = policy(undefined, 'resource', 'Deny')
  assert.equal(decide(invoke({ resourcePolicy: denying }), role(policy())).decision.allowed, false)
  const here = role(policy({ StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }))
  assert.equal(decide(need, here).decision.allowed, true)
  assert.equal(decide(need, here, { region: 'eu-west-1' }).decision.allowed, false)
  const ofOrganization = role(policy({ StringEquals: { 'aws:ResourceOrgID': 'o-1' } }))
  assert.equal(decide(need, ofOrganization).decision.allowed, false)
  const place = { id: 'o-1', path: 'o-1/r-1/' }
  assert.equal(decide(need, ofOrganization, {}, place).decision.allowed, true)
  assert.equal(decide(need, ofOrganization).decision.allowed, false)
})

test('a policy that reads the time is asked every time', () => {
  const need = invoke()
  for (const condition of [
    { DateLessThan: { 'aws:CurrentTime': '2026-06-01T00:00:00Z' } },
    { NumericLessThan: { 'aws:EpochTime': String(Date.UTC(2026, 5) / 1_000) } },
  ]) {
    const caller = role(policy(condition))
    assert.equal(decide(need, caller).decision.allowed, true)
    const later = { now: new Date('2026-07-01T00:00:00Z') }
    assert.equal(decide(need, caller, later).decision.allowed, false)
  }
})

test('what is asked in somebody’s name, or from an address, is decided for itself', () => {
  const [need, caller] = [invoke(), role(policy({ Bool: { 'aws:ViaAWSService': 'false' } }))]
  assert.equal(decide(need, caller).decision.allowed, true)
  assert.equal(decide(need, caller, { via: ['s3.amazonaws.com'] }).decision.allowed, false)
  const referred = role(policy({ StringEquals: { 'aws:Referer': 'a' } }))
  assert.equal(decide(need, referred, { headers: ['Referer', 'a'] }).decision.allowed, true)
  assert.equal(decide(need, referred).decision.allowed, false)
})

test('what was decided of whoever is somebody for a moment alone does not hold', () => {
  const [need, caller] = [invoke(), role(policy())]
  assert.equal(holds(decide(need, caller)), true)
  const momentary = { ...caller, isMomentary: true } as const
  const decided = decide(need, momentary)
  assert.equal(decided.decision.allowed, true)
  assert.equal(holds(decided), false)
  assert.notEqual(decide(need, momentary), decided)
})
