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
  const deadline = Date.now() + 5_000
  let names: readonly unknown[] = ['last']
  while (names.length > 0 && Date.now() < deadline)
    names = (await clients.scheduler.listSchedules({ GroupName: 'once' })).Schedules ?? []
  assert.deepEqual(names, [])
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
  const deadline = Date.now() + 10_000
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
