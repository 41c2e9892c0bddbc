import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tag } from '@aws-sdk/client-iam'
import { needs, programOf } from '../debian-packages.ts'
import { roleArn } from './roles.fixture.ts'
import {
  aws,
  begin,
  clients,
  clock,
  groupArn,
  place,
  prepared,
  quiet,
  run,
  seen,
  server,
} from './schedules.fixture.ts'
import { serve, temporaryFolder, variablesOf } from './server.fixture.ts'

test('awscli: a rate runs at once, and by the machine’s clock', needs('awscli'), async () => {
  using own = temporaryFolder()
  await using real = await serve(own.path)
  const { logs: watcher } = await prepared(real)
  const done = await run(
    programOf('awscli'),
    [
      ...[
        'scheduler',
        'create-schedule',
        '--name',
        'soon',
        '--schedule-expression',
        'rate(1 minute)',
      ],
      ...['--flexible-time-window', '{"Mode":"OFF"}', '--endpoint-url', real.endpoint, '--target'],
      JSON.stringify({
        Arn: groupArn,
        RoleArn: roleArn('scheduled'),
        Input: '{"at":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}',
      }),
    ],
    variablesOf(real),
  )
  assert.equal(done.status, 0, done.stderr)
  assert.equal(
    JSON.parse(done.stdout).ScheduleArn,
    `arn:aws:scheduler:${place}:schedule/default/soon`,
  )
  const [message = '{}'] = await seen('default/soon', 1, 'seen', watcher)
  assert.match(message, /^\{"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z","attempt":"1"\}$/)
})

test('what was missed while the server was down is made up once', async () => {
  await clients.scheduler.createSchedule({
    Name: 'hourly',
    ScheduleExpression: 'cron(0 * * * ? *)',
    ScheduleExpressionTimezone: 'Asia/Tokyo',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: groupArn,
      RoleArn: roleArn('scheduled'),
      Input: '"<aws.scheduler.scheduled-time>"',
    },
  })
  const before = new Date((await clients.scheduler.getSchedule({ Name: 'hourly' })).CreationDate!)
  clock('advance', '61m')
  assert.equal((await seen('default/hourly', 1)).length, 1)
  await server.stop('SIGKILL')
  await begin()
  await quiet()
  assert.equal((await seen('default/hourly', 1)).length, 1, 'not once more')
  clock('advance', '5h')
  const all = await seen('default/hourly', 2)
  await quiet()
  assert.deepEqual(await seen('default/hourly', 2), all)
  assert.equal(all.length, 2)
  const hour = new Date(before.setUTCMinutes(0, 0, 0) + 3_600_000)
  assert.equal(all[0], `"${hour.toISOString().slice(0, 19)}Z"`)
  await clients.scheduler.deleteSchedule({ Name: 'hourly' })
})

test('a schedule that is deleted after its last run is gone', async () => {
  await clients.scheduler.createScheduleGroup({ Name: 'once' })
  await clients.scheduler.createSchedule({
    Name: 'last',
    GroupName: 'once',
    ScheduleExpression: 'at(2030-02-01T00:00:00)',
    ActionAfterCompletion: 'DELETE',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: groupArn, RoleArn: roleArn('scheduled') },
  })
  clock('set', '2030-02-01')
  const [message = '{}'] = await seen('once/last', 1)
  assert.equal(JSON.parse(message).resources[0], `arn:aws:scheduler:${place}:schedule/once/last`)
  const deadline = Date.now() + 30_000
  let names: readonly unknown[] = ['last']
  while (names.length > 0 && Date.now() < deadline)
    names = (await clients.scheduler.listSchedules({ GroupName: 'once' })).Schedules ?? []
  assert.deepEqual(names, [])
})

const sayingWhen = {
  Arn: groupArn,
  RoleArn: roleArn('scheduled'),
  Input: '"<aws.scheduler.scheduled-time>"',
}

test('a schedule keeps to the clock of its time zone, through a night that lacks an hour', async () => {
  clock('set', '2030-03-09')
  for (const [Name, time] of [
    ['noon', '0 12'],
    ['half-past-two', '30 2'],
  ] as const)
    await clients.scheduler.createSchedule({
      Name,
      ScheduleExpression: `cron(${time} * * ? *)`,
      ScheduleExpressionTimezone: 'America/New_York',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: sayingWhen,
    })
  for (const day of [9, 10, 11]) {
    clock('set', `2030-03-${String(day).padStart(2, '0')}T20:00:00Z`)
    await seen('default/noon', day - 8)
  }
  assert.deepEqual(await seen('default/noon', 3), [
    '"2030-03-09T17:00:00Z"',
    '"2030-03-10T16:00:00Z"',
    '"2030-03-11T16:00:00Z"',
  ])
  assert.deepEqual(await seen('default/half-past-two', 2), [
    '"2030-03-09T07:30:00Z"',
    '"2030-03-11T06:30:00Z"',
  ])
  for (const Name of ['noon', 'half-past-two']) await clients.scheduler.deleteSchedule({ Name })
})

test('a window is open from its time on, and what runs in it runs once', async () => {
  clock('set', '2030-03-20')
  await clients.scheduler.createSchedule({
    Name: 'within',
    ScheduleExpression: 'at(2030-03-20T01:00:00)',
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 },
    Target: sayingWhen,
  })
  clock('set', '2030-03-20T00:59:59Z')
  await quiet()
  assert.deepEqual(await seen('default/within', 0), [])
  clock('set', '2030-03-20T01:30:00Z')
  const [first] = await seen('default/within', 1)
  assert.match(first!, /^"2030-03-20T01:\d\d:\d\dZ"$/)
  clock('advance', '1h')
  await quiet()
  assert.deepEqual(await seen('default/within', 1), [first])
})

test('a universal target calls an API as the schedule’s role', async () => {
  await clients.scheduler.createSchedule({
    Name: 'tagging',
    ScheduleExpression: 'rate(1 day)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:iam:tagRole',
      RoleArn: roleArn('scheduled'),
      Input:
        '{"RoleName":"scheduled","Tags":[{"Key":"by","Value":"<aws.scheduler.schedule-arn>"}]}',
    },
  })
  const deadline = Date.now() + 30_000
  let tags: Tag[] | undefined
  while (!tags?.length && Date.now() < deadline)
    tags = (await clients.iam.listRoleTags({ RoleName: 'scheduled' })).Tags
  assert.deepEqual(tags, [
    { Key: 'by', Value: `arn:aws:scheduler:${place}:schedule/default/tagging` },
  ])
})

test('of several processes one fires, whoever was asked', async () => {
  using own = temporaryFolder()
  await using crew = await serve(own.path, '--workers', '2', '--test-clock')
  const { logs: watcher, scheduler: maker } = await prepared(crew)
  const names = Array.from({ length: 8 }, (_, at) => `s${at}`)
  await Promise.all(
    names.map((Name) =>
      maker.createSchedule({
        Name,
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: groupArn, RoleArn: roleArn('scheduled'), Input: JSON.stringify(Name) },
      }),
    ),
  )
  await seen('', names.length, 'seen', watcher)
  await quiet()
  const all = await seen('', names.length, 'seen', watcher)
  assert.deepEqual(
    [...all].sort(),
    names.map((name) => JSON.stringify(name)),
  )
})

const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'five fields',
    ['events', 'put-rule', '--name', 'r', '--schedule-expression', 'cron(0 10 * * *)'],
    /\(ValidationException\) when calling the PutRule operation: Parameter ScheduleExpression is not valid\.$/,
  ],
  [
    'seconds',
    [
      ...['scheduler', 'create-schedule', '--name', 's', '--schedule-expression'],
      ...['rate(30 seconds)', '--flexible-time-window', 'Mode=OFF'],
      ...['--target', `Arn=${groupArn},RoleArn=${roleArn('scheduled')}`],
    ],
    /\(ValidationException\) when calling the CreateSchedule operation: Invalid Schedule Expression rate\(30 seconds\)\.$/,
  ],
]
for (const [what, args, expected] of refusals)
  test(`awscli is told what AWS says of ${what}`, needs('awscli'), async () => {
    const { status, stderr } = await aws(...args)
    assert.notEqual(status, 0)
    assert.match(stderr, expected)
  })
