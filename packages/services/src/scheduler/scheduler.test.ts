import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, type Harness, harness } from '../harness.fixture.ts'
import { iamCollections } from '../iam/records.ts'
import { type Delivery, deliveriesCollection } from '../timetable/deliveries.ts'
import { runsCollection, takeUpRuns, timeOfKey } from '../timetable/runs.ts'
import { completeSchedule, occurSchedule, replanSchedules } from './occur.ts'

const now = new Date('2026-01-02T03:04:05Z')
const more = { now }
const roleArn = `arn:aws:iam::${accountId}:role/r`
const functionArn = `arn:aws:lambda:us-east-1:${accountId}:function:f`
const group = `arn:aws:scheduler:us-east-1:${accountId}:schedule-group/default`

const trust = (Condition?: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition,
      },
    ],
  })

async function made(trusts = trust()): Promise<Harness> {
  const scheduler = await harness('scheduler')
  await scheduler.store.documents.transact((transaction) =>
    transaction.put(iamCollections.roles, `${accountId}/r`, {
      accountId,
      id: 'AROA',
      name: 'r',
      path: '/',
      createdAt: 0,
      trust: trusts,
      inline: {},
      attached: [],
      tags: [],
    }),
  )
  return scheduler
}

const whole = {
  ScheduleExpression: 'cron(0 9 * * ? *)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: functionArn, RoleArn: roleArn },
}

const create = (scheduler: Harness, input: object = {}) =>
  scheduler.ask('POST', '/schedules/s', { ...whole, ...input }, more)

async function planned({ store }: Harness): Promise<readonly string[]> {
  const found = await store.documents.list(runsCollection)
  return found.map(({ key }) => new Date(timeOfKey(key)).toISOString())
}

async function fire(
  { store }: Harness,
  at: string,
): Promise<readonly (readonly [string, Delivery])[]> {
  let count = 0
  const ids = {
    text: (_: string, length: number) => '5'.repeat(length),
    uuid: () => `id-${++count}`,
  }
  await takeUpRuns(
    store.documents,
    { rule: occurSchedule, schedule: occurSchedule },
    Date.parse(at),
    ids,
    (error) => assert.ifError(error),
  )
  const found = await store.documents.list<Delivery>(deliveriesCollection)
  return found.map(({ key, value }) => [new Date(timeOfKey(key)).toISOString(), value] as const)
}

test('a schedule is planned in its zone, between its dates', async () => {
  await using scheduler = await made()
  const { status, json } = await create(scheduler, { ScheduleExpressionTimezone: 'Europe/Berlin' })
  assert.deepEqual(
    [status, json],
    [200, { ScheduleArn: `arn:aws:scheduler:us-east-1:${accountId}:schedule/default/s` }],
  )
  assert.deepEqual(await planned(scheduler), ['2026-01-02T08:00:00.000Z'])
  const update = (input: object) =>
    scheduler.ask('PUT', '/schedules/s', { ...whole, ...input }, more)
  await update({ StartDate: Date.parse('2026-03-01T12:00:00Z') / 1_000 })
  assert.deepEqual(await planned(scheduler), ['2026-03-02T09:00:00.000Z'])
  await update({ EndDate: Date.parse('2026-01-02T08:59:00Z') / 1_000 })
  assert.deepEqual(await planned(scheduler), [])
  await update({ State: 'DISABLED' })
  assert.deepEqual(await planned(scheduler), [])
  // The first run of a rate is at once, or at its start.
  await update({ ScheduleExpression: 'rate(10 minutes)' })
  assert.deepEqual(await planned(scheduler), ['2026-01-02T03:04:00.000Z'])
  await update({
    ScheduleExpression: 'rate(10 minutes)',
    StartDate: Date.parse('2026-01-05T00:00:30Z') / 1_000,
  })
  assert.deepEqual(await planned(scheduler), ['2026-01-05T00:01:00.000Z'])
  await scheduler.ask('DELETE', '/schedules/s', undefined, more)
  assert.deepEqual(await planned(scheduler), [])
})

test('what a target gets says which run it is', async () => {
  await using scheduler = await made()
  await create(scheduler)
  const [[due, delivery] = ['', undefined]] = await fire(scheduler, '2026-01-02T12:00:00Z')
  assert.equal(due, '2026-01-02T12:00:00.000Z')
  assert.deepEqual(JSON.parse(delivery?.payload ?? ''), {
    version: '0',
    id: 'id-2',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: accountId,
    time: '2026-01-02T09:00:00Z',
    region: 'us-east-1',
    resources: [`arn:aws:scheduler:us-east-1:${accountId}:schedule/default/s`],
    detail: '{}',
  })
  assert.deepEqual([delivery?.sourceArn, delivery?.roleArn], [group, roleArn])
  assert.deepEqual(await planned(scheduler), ['2026-01-03T09:00:00.000Z'])
})

test('a run lies within its window', async () => {
  await using scheduler = await made()
  await create(scheduler, { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 } })
  const [[due] = ['']] = await fire(scheduler, '2026-01-02T09:00:00Z')
  assert.equal(due, '2026-01-02T09:16:39.999Z')
})

test('a schedule that is to be deleted is, once its last run is over', async () => {
  await using scheduler = await made()
  await create(scheduler, {
    ScheduleExpression: 'at(2026-01-02T09:00:00)',
    ActionAfterCompletion: 'DELETE',
  })
  const [[, delivery] = ['', undefined]] = await fire(scheduler, '2026-01-02T09:00:00Z')
  assert.equal((await scheduler.ask('GET', '/schedules/s')).status, 200)
  await scheduler.store.documents.transact((transaction) =>
    completeSchedule(transaction, delivery?.completes ?? ''),
  )
  assert.equal((await scheduler.ask('GET', '/schedules/s')).status, 404)
})

test('a clock that is put back is planned for', async () => {
  await using scheduler = await made()
  await create(scheduler)
  await replanSchedules(scheduler.store.documents, Date.parse('2025-01-01T00:00:00Z'))
  assert.deepEqual(await planned(scheduler), ['2025-01-01T09:00:00.000Z'])
})

test('the same request once more is the same schedule', async () => {
  await using scheduler = await made()
  await create(scheduler, { ClientToken: 'a' })
  assert.equal((await create(scheduler, { ClientToken: 'a' })).status, 200)
  const other = await create(scheduler, { ClientToken: 'b' })
  assert.deepEqual(
    [other.status, other.headers['x-amzn-errortype'], other.json.Message],
    [409, 'ConflictException', 'Schedule s already exists.'],
  )
})

const faults: readonly (readonly [string, object, number, string | RegExp])[] = [
  [
    'cron',
    { ScheduleExpression: 'cron(0 3 * * *)' },
    400,
    'Invalid Schedule Expression cron(0 3 * * *).',
  ],
  [
    'rate',
    { ScheduleExpression: 'rate(0 hours)' },
    400,
    'Invalid Schedule Expression rate(0 hours).',
  ],
  [
    'zone',
    { ScheduleExpressionTimezone: 'Mars/Olympus' },
    400,
    'Invalid Schedule Expression Timezone Mars/Olympus.',
  ],
  [
    'window',
    { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } },
    400,
    'MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.',
  ],
  [
    'no window',
    { FlexibleTimeWindow: { Mode: 'OFF', MaximumWindowInMinutes: 5 } },
    400,
    'MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.',
  ],
  [
    'dates',
    { StartDate: 2_000_000_000, EndDate: 1_900_000_000 },
    400,
    'The StartDate you specify must come before the EndDate.',
  ],
  [
    'start',
    { StartDate: 1_700_000_000 },
    400,
    'The StartDate you specify cannot be earlier than 5 minutes ago.',
  ],
  ['group', { GroupName: 'gone' }, 404, 'Schedule group gone does not exist.'],
  [
    'mode',
    { FlexibleTimeWindow: { Mode: 'SOMETIMES' } },
    400,
    /satisfy enum value set: \[OFF, FLEXIBLE\]/,
  ],
  [
    'role',
    { Target: { Arn: functionArn, RoleArn: `arn:aws:iam::${accountId}:role/other` } },
    400,
    'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
  ],
  [
    'service',
    { Target: { Arn: `arn:aws:sqs:us-east-1:${accountId}:q`, RoleArn: roleArn } },
    400,
    /^sqs is not a supported service for a target\./,
  ],
  [
    'read-only API',
    { Target: { Arn: 'arn:aws:scheduler:::aws-sdk:iam:listRoles', RoleArn: roleArn, Input: '{}' } },
    400,
    'listRoles API is not supported',
  ],
  [
    'API without input',
    { Target: { Arn: 'arn:aws:scheduler:::aws-sdk:iam:tagRole', RoleArn: roleArn } },
    400,
    'You must provide an input to set this target for your schedule',
  ],
  [
    'API of another service',
    {
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:ec2:stopInstances',
        RoleArn: roleArn,
        Input: '{}',
      },
    },
    400,
    'The service ec2 of a universal target is not supported by Sekisho.',
  ],
  [
    'input',
    { Target: { Arn: functionArn, RoleArn: roleArn, Input: 'text' } },
    400,
    'JSON syntax error in input for the target',
  ],
  [
    'bus without parameters',
    {
      Target: { Arn: `arn:aws:events:us-east-1:${accountId}:event-bus/default`, RoleArn: roleArn },
    },
    400,
    'EventBridgeParameters must be provided for a target of EventBridge.',
  ],
]
for (const [what, input, status, message] of faults)
  test(`a schedule is refused for its ${what}`, async () => {
    await using scheduler = await made()
    const answer = await create(scheduler, input)
    assert.equal(answer.status, status)
    const said = answer.json.Message ?? answer.json.message
    if (typeof message === 'string') assert.equal(said, message)
    else assert.match(said, message)
  })

test('a role may trust Scheduler for the schedules of one group', async () => {
  const only = (arn: string) => trust({ ArnEquals: { 'aws:SourceArn': arn } })
  await using trusted = await made(only(group))
  assert.equal((await create(trusted)).status, 200)
  await using other = await made(only(group.replace('default', 'other')))
  assert.equal((await create(other)).status, 400)
})

test('what a call needs names the schedule, the role and the tags of its group', async () => {
  await using scheduler = await made()
  await scheduler.ask('POST', '/schedule-groups/g', { Tags: [{ Key: 'team', Value: 'x' }] }, more)
  const arn = `arn:aws:scheduler:us-east-1:${accountId}:schedule-group/g`
  const tags = { 'aws:TagKeys': ['team'], 'aws:RequestTag/team': 'x' }
  assert.deepEqual(scheduler.needs(), [
    { action: 'scheduler:CreateScheduleGroup', resource: arn, keys: tags },
    { action: 'scheduler:TagResource', resource: arn, keys: tags },
  ])
  await create(scheduler, { GroupName: 'g' })
  assert.deepEqual(scheduler.needs(), [
    {
      action: 'scheduler:CreateSchedule',
      resource: `arn:aws:scheduler:us-east-1:${accountId}:schedule/g/s`,
      keys: { 'aws:ResourceTag/team': 'x' },
    },
    {
      action: 'iam:PassRole',
      resource: roleArn,
      keys: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
    },
  ])
})

test('a group goes with its schedules', async () => {
  await using scheduler = await made()
  await scheduler.ask('POST', '/schedule-groups/g', {}, more)
  await create(scheduler, { GroupName: 'g' })
  const named = async (path: string, list: string) =>
    (await scheduler.ask('GET', path)).json[list].map(({ Name }: { Name: string }) => Name)
  assert.deepEqual(await named('/schedule-groups', 'ScheduleGroups'), ['default', 'g'])
  assert.deepEqual(await named('/schedules?ScheduleGroup=g', 'Schedules'), ['s'])
  assert.equal((await scheduler.ask('DELETE', '/schedule-groups/g', undefined, more)).status, 200)
  assert.deepEqual(await named('/schedules', 'Schedules'), [])
  assert.deepEqual(await planned(scheduler), [])
  assert.equal((await scheduler.ask('DELETE', '/schedule-groups/default')).status, 400)
})

test('schedules come in pages, also where many are left out', async () => {
  await using scheduler = await made()
  for (const name of ['a1', 'a2', 'b1', 'b2', 'b3'])
    await scheduler.ask('POST', `/schedules/${name}`, whole, more)
  const seen: string[] = []
  let token = ''
  do {
    const query = `NamePrefix=b&MaxResults=1${token && `&NextToken=${token}`}`
    const { json } = await scheduler.ask('GET', `/schedules?${query}`)
    seen.push(...json.Schedules.map(({ Name }: { Name: string }) => Name))
    token = json.NextToken ?? ''
  } while (token !== '')
  assert.deepEqual(seen, ['b1', 'b2', 'b3'])
  assert.equal((await scheduler.ask('GET', '/schedules?NextToken=x')).status, 400)
})
