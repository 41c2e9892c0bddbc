import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '@sekisho/policy'
import { accountId, type Harness, harness } from '../harness.fixture.ts'
import { type Delivery, deliveriesCollection } from '../timetable/deliveries.ts'
import { runsCollection, takeUpRuns, timeOfKey } from '../timetable/runs.ts'
import { occurRule, replanRules } from './occur.ts'

const now = new Date('2026-01-02T03:04:05Z')
const more = { now }
const lambda = `arn:aws:lambda:us-east-1:${accountId}:function:f`
const busArn = (name: string) => `arn:aws:events:us-east-1:${accountId}:event-bus/${name}`

const put = (events: Harness, rule: object) => events.call('PutRule', { Name: 'r', ...rule }, more)
const target = (events: Harness, targets: object) =>
  events.call('PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: lambda, ...targets }] }, more)
const send = (events: Harness, entry: object, as = {}) =>
  events.call(
    'PutEvents',
    { Entries: [{ Source: 's', DetailType: 'd', Detail: '{}', ...entry }] },
    { ...more, ...as },
  )

async function waiting({ store }: Harness): Promise<readonly Delivery[]> {
  const found = await store.documents.list<Delivery>(deliveriesCollection)
  return found.map(({ value }) => value)
}

async function planned({ store }: Harness): Promise<readonly string[]> {
  const found = await store.documents.list(runsCollection)
  return found.map(({ key }) => new Date(timeOfKey(key)).toISOString())
}

const fire = ({ store }: Harness, at: string) => {
  let count = 0
  const ids = {
    text: (_: string, length: number) => '5'.repeat(length),
    uuid: () => `id-${++count}`,
  }
  return takeUpRuns(
    store.documents,
    { rule: occurRule, schedule: occurRule },
    Date.parse(at),
    ids,
    (error) => assert.ifError(error),
  )
}

test('a rule is planned, planned anew, and no longer planned once it is off or gone', async () => {
  await using events = await harness('events')
  await put(events, { ScheduleExpression: 'cron(0 10 * * ? *)' })
  assert.deepEqual(await planned(events), ['2026-01-02T10:00:00.000Z'])
  await put(events, { ScheduleExpression: 'rate(5 minutes)' })
  assert.deepEqual(await planned(events), ['2026-01-02T03:09:05.000Z'])
  // The same once more goes on counting from where it began.
  await events.call(
    'PutRule',
    { Name: 'r', ScheduleExpression: 'rate(5 minutes)' },
    { now: new Date('2026-01-02T03:06:00Z') },
  )
  assert.deepEqual(await planned(events), ['2026-01-02T03:09:05.000Z'])
  await events.call('DisableRule', { Name: 'r' }, more)
  assert.deepEqual(await planned(events), [])
  await events.call('EnableRule', { Name: 'r' }, { now: new Date('2026-01-02T04:00:00Z') })
  assert.deepEqual(await planned(events), ['2026-01-02T04:05:00.000Z'])
  await events.call('DeleteRule', { Name: 'r' }, more)
  assert.deepEqual(await planned(events), [])
})

test('however many moments were missed, they are one, and the next one is to come', async () => {
  await using events = await harness('events')
  await put(events, { ScheduleExpression: 'rate(1 minute)' })
  await target(events, { Input: '{"a":1}', RetryPolicy: { MaximumRetryAttempts: 2 } })
  assert.equal(await fire(events, '2026-01-02T03:05:04Z'), 0)
  assert.equal(await fire(events, '2026-01-02T08:00:00Z'), 1)
  assert.equal(await fire(events, '2026-01-02T08:00:00Z'), 0)
  assert.deepEqual(await planned(events), ['2026-01-02T08:00:05.000Z'])
  const [delivery, ...others] = await waiting(events)
  assert.equal(others.length, 0)
  const arn = `arn:aws:events:us-east-1:${accountId}:rule/r`
  assert.deepEqual(
    [delivery?.payload, delivery?.mostRetries, delivery?.mostAgeMs, delivery?.sourceArn],
    ['{"a":1}', 2, 86_400_000, arn],
  )
})

test('a clock that is put back is planned for', async () => {
  await using events = await harness('events')
  await events.call(
    'PutRule',
    { Name: 'r', ScheduleExpression: 'cron(0 0 * * ? *)' },
    { now: new Date('2030-01-01T12:00:00Z') },
  )
  await replanRules(events.store.documents, Date.parse('2026-01-01T12:00:00Z'))
  assert.deepEqual(await planned(events), ['2026-01-02T00:00:00.000Z'])
  await replanRules(events.store.documents, Date.parse('2028-01-01T12:00:00Z'))
  assert.deepEqual(await planned(events), ['2026-01-02T00:00:00.000Z'])
})

test('what a call needs names the rule, the tags, the pattern and the role', async () => {
  await using events = await harness('events')
  await put(events, {
    EventPattern:
      '{"source":["a","b"],"detail-type":[{"prefix":"x"},"y"],"detail":{"service":["EC2"]}}',
    Tags: [{ Key: 'team', Value: 'x' }],
    RoleArn: `arn:aws:iam::${accountId}:role/r`,
  })
  const resource = `arn:aws:events:us-east-1:${accountId}:rule/r`
  const tags = { 'aws:TagKeys': ['team'], 'aws:RequestTag/team': 'x' }
  const creator = { 'events:creatorAccount': accountId }
  assert.deepEqual(events.needs(), [
    {
      action: 'events:PutRule',
      resource,
      keys: {
        ...creator,
        'events:source': ['a', 'b'],
        'events:detail-type': ['{"prefix":"x"}', 'y'],
        'events:detail.service': ['EC2'],
        ...tags,
      },
    },
    { action: 'events:TagResource', resource, keys: { ...creator, ...tags } },
    {
      action: 'iam:PassRole',
      resource: `arn:aws:iam::${accountId}:role/r`,
      keys: { 'iam:PassedToService': 'events.amazonaws.com' },
    },
  ])
  await target(events, { RoleArn: `arn:aws:iam::${accountId}:role/r` })
  assert.deepEqual(
    events.needs().map(({ action, keys }) => [action, keys?.['events:TargetArn']]),
    [
      ['events:PutTargets', [lambda]],
      ['iam:PassRole', undefined],
    ],
  )
})

test('every bus and kind of event that is put is asked for', async () => {
  await using events = await harness('events')
  const other = 'arn:aws:events:us-east-1:222222222222:event-bus/theirs'
  await events.call(
    'PutEvents',
    {
      Entries: [
        { Source: 's', DetailType: 'd', Detail: '{}' },
        { Source: 's', DetailType: 'd', Detail: '{}' },
        { Source: 's', DetailType: 'd', Detail: '{}', EventBusName: other },
      ],
    },
    more,
  )
  assert.deepEqual(
    events
      .needs()
      .map(({ resource, resourceAccountId, keys }) => [resource, resourceAccountId, keys]),
    [busArn('default'), other].map((arn) => [
      arn,
      arn.split(':')[4],
      {
        'events:source': 's',
        'events:detail-type': 'd',
        'events:eventBusInvocation': 'false',
      },
    ]),
  )
})

test('a bus’s policy is written whole or statement by statement, and asked for events', async () => {
  await using events = await harness('events')
  await events.call('CreateEventBus', { Name: 'b' }, more)
  const statement = {
    EventBusName: 'b',
    Action: 'events:PutEvents',
    Principal: '222222222222',
    StatementId: 's',
  }
  await events.call('PutPermission', statement, more)
  await events.call('PutPermission', { ...statement, StatementId: 't', Principal: '*' }, more)
  const shown = async () =>
    JSON.parse((await events.call('DescribeEventBus', { Name: 'b' }, more)).json.Policy)
  assert.deepEqual((await shown()).Statement, [
    {
      Sid: 's',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::222222222222:root' },
      Action: 'events:PutEvents',
      Resource: busArn('b'),
    },
    {
      Sid: 't',
      Effect: 'Allow',
      Principal: '*',
      Action: 'events:PutEvents',
      Resource: busArn('b'),
    },
  ])
  await send(events, { EventBusName: 'b' })
  assert.ok(events.needs()[0]?.resourcePolicy)
  await events.call('RemovePermission', { EventBusName: 'b', StatementId: 't' }, more)
  assert.equal((await shown()).Statement.length, 1)
  await events.store.documents.transact((stored) => stored.put('accounts', accountId, {}))
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:user/nobody` },
      Action: 'events:PutEvents',
      Resource: busArn('b'),
    },
  })
  const { json } = await events.call('PutPermission', { EventBusName: 'b', Policy }, more)
  assert.match(json.message, /Invalid principal in policy/)
})

test('an event is put for each target of each rule that wants it', async () => {
  await using events = await harness('events')
  await put(events, { EventPattern: '{"detail":{"a":[{"numeric":[">",1]}]}}' })
  await target(events, { InputPath: '$.detail' })
  await events.call('PutRule', { Name: 'off', EventPattern: '{"source":["s"]}', State: 'DISABLED' })
  await send(events, { Detail: '{"a":1}' })
  assert.deepEqual(await waiting(events), [])
  const { json } = await send(events, { Detail: '{"a":2}', Resources: ['r'] })
  assert.match(json.Entries[0].EventId, /^[0-9a-f-]{36}$/)
  assert.deepEqual(
    (await waiting(events)).map(({ payload }) => payload),
    ['{"a":2}'],
  )
})

test('an event that came from another bus goes to no third one', async () => {
  await using events = await harness('events')
  await put(events, { EventPattern: '{"source":["s"]}' })
  await target(events, { Arn: busArn('next') })
  const role = { accountId, roleArn: `arn:aws:iam::${accountId}:role/r`, roleId: 'AROA' }
  const session = (name: string) => ({
    principal: {
      type: 'assumed-role',
      ...role,
      arn: `arn:aws:sts::${accountId}:assumed-role/r/${name}`,
    } satisfies Principal,
  })
  await send(events, {}, session('event-bus-1'))
  assert.equal((await waiting(events)).length, 0)
  await send(events, {}, session('other'))
  assert.equal((await waiting(events)).length, 1)
  // Whoever has credentials cannot pass for a bus.
  await send(events, {}, { ...session('event-bus-1'), session: {} as never })
  assert.equal((await waiting(events)).length, 2)
})

test('lists come in pages, in the order of names', async () => {
  await using events = await harness('events')
  for (const Name of ['c', 'a', 'b']) await put(events, { Name, EventPattern: '{"a":[1]}' })
  const first = (await events.call('ListRules', { Limit: 2 })).json
  assert.deepEqual(
    first.Rules.map(({ Name }: { Name: string }) => Name),
    ['a', 'b'],
  )
  const next = (await events.call('ListRules', { Limit: 2, NextToken: first.NextToken })).json
  assert.deepEqual([next.Rules.length, next.Rules[0].Name, next.NextToken], [1, 'c', undefined])
  assert.equal(
    (await events.call('ListRules', { NextToken: 'x y' })).json.__type,
    'ValidationException',
  )
  await events.call('PutTargets', { Rule: 'c', Targets: [{ Id: 't', Arn: lambda }] }, more)
  const by = await events.call('ListRuleNamesByTarget', { TargetArn: lambda })
  assert.deepEqual(by.json.RuleNames, ['c'])
})

test('buses and rules have tags', async () => {
  await using events = await harness('events')
  await put(events, { EventPattern: '{"a":[1]}', Tags: [{ Key: 'a', Value: '1' }] })
  for (const ResourceARN of [`arn:aws:events:us-east-1:${accountId}:rule/r`, busArn('default')]) {
    await events.call('TagResource', { ResourceARN, Tags: [{ Key: 'b', Value: '2' }] }, more)
    await events.call('UntagResource', { ResourceARN, TagKeys: ['a'] }, more)
    const { json } = await events.call('ListTagsForResource', { ResourceARN })
    assert.deepEqual(json.Tags, [{ Key: 'b', Value: '2' }])
    assert.equal(events.needs()[0]?.keys?.['aws:ResourceTag/b'], '2')
  }
})
