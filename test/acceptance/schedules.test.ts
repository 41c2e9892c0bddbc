import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as eventbridge from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import * as scheduler from '@aws-sdk/client-scheduler'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { needs, programOf } from '../debian-packages.ts'
import { type Serving, sekisho, serve, temporaryFolder, variablesOf } from './server.fixture.ts'

const isolated = process.platform === 'linux' ? needs('bubblewrap') : { skip: 'needs Linux' }
const place = 'us-east-1:000000000000'
const roleArn = 'arn:aws:iam::000000000000:role/scheduled'
const groupArn = `arn:aws:logs:${place}:log-group:seen`
const functionArn = `arn:aws:lambda:${place}:function:seen`

const folder = temporaryFolder()
let server: Serving
let clients: ReturnType<typeof clientsOf>
let variables: Readonly<Record<string, string>>

function clientsOf({ endpoint }: Serving, given = variables) {
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: given['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: given['AWS_SECRET_ACCESS_KEY']!,
    },
    maxAttempts: 1,
  }
  return {
    logs: new logs.CloudWatchLogs(settings),
    events: new eventbridge.EventBridge(settings),
    scheduler: new scheduler.Scheduler(settings),
    lambda: new lambda.Lambda(settings),
    iam: new iam.IAM(settings),
  }
}

async function begin(): Promise<void> {
  server = await serve(folder.path, '--test-clock')
  variables = variablesOf(server)
  clients = clientsOf(server)
}

const clock = (...words: readonly string[]) => {
  const { status, stderr } = sekisho(['clock', ...words, '--data', server.data])
  assert.equal(status, 0, stderr)
}

async function makeRole(access: iam.IAM): Promise<void> {
  await access.createRole({
    RoleName: 'scheduled',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: {
            Service: ['events.amazonaws.com', 'scheduler.amazonaws.com', 'lambda.amazonaws.com'],
          },
          Action: 'sts:AssumeRole',
        },
      ],
    }),
  })
  await access.putRolePolicy({
    RoleName: 'scheduled',
    PolicyName: 'own',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['logs:*', 'events:PutEvents', 'iam:TagRole'], Resource: '*' },
      ],
    }),
  })
}

before(async () => {
  await begin()
  clock('set', '2030-01-01T12:00:00Z')
  await makeRole(clients.iam)
  await clients.logs.createLogGroup({ logGroupName: 'seen' })
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

/** What a stream of the group `seen` has, once it has so much. */
async function seen(
  stream: string,
  count: number,
  logGroupName = 'seen',
  watcher = clients.logs,
): Promise<readonly string[]> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const { events = [] } = await watcher
      .filterLogEvents({ logGroupName, logStreamNames: stream === '' ? undefined : [stream] })
      .catch(() => ({ events: [] }))
    if (events.length >= count || Date.now() > deadline)
      return events.map(({ message = '' }) => message)
    await new Promise((done) => setTimeout(done, 40))
  }
}

/** Long enough for what should not come. */
const quiet = () => new Promise((done) => setTimeout(done, 300))

async function run(program: string, args: readonly string[], given = variables) {
  const child = spawn(program, args, { env: { PATH: '/usr/bin:/bin', ...given } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [status] = await once(child, 'close')
  return { status, stdout, stderr: stderr.trim() }
}

const aws = (...args: readonly string[]) =>
  run(programOf('awscli'), [...args, '--endpoint-url', server.endpoint])

test('awscli: a rate runs at once, and by the machine’s clock', needs('awscli'), async () => {
  using own = temporaryFolder()
  await using real = await serve(own.path)
  const given = variablesOf(real)
  const { iam: access, logs: watcher } = clientsOf(real, given)
  await makeRole(access)
  await watcher.createLogGroup({ logGroupName: 'seen' })
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
        RoleArn: roleArn,
        Input: '{"at":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}',
      }),
    ],
    given,
  )
  assert.equal(done.status, 0, done.stderr)
  assert.equal(
    JSON.parse(done.stdout).ScheduleArn,
    `arn:aws:scheduler:${place}:schedule/default/soon`,
  )
  const [message = '{}'] = await seen('default/soon', 1, 'seen', watcher)
  assert.match(message, /^\{"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z","attempt":"1"\}$/)
})

test('boto3: at midnight of the test clock a rule calls a function that lets it', {
  ...isolated,
  ...needs('python3-boto3'),
}, async () => {
  await clients.lambda.createFunction({
    FunctionName: 'seen',
    Runtime: 'nodejs22.x',
    Role: roleArn,
    Handler: 'index.handler',
    Code: {
      ZipFile: zip([
        {
          name: 'index.js',
          content:
            "exports.handler = async (event) => console.log('SAID ' + JSON.stringify(event))",
        },
      ]),
    },
  })
  const script = join(import.meta.dirname, 'schedules.fixture.py')
  const { status, stdout, stderr } = await run('/usr/bin/python3', [script, functionArn])
  assert.equal(status, 0, stderr)
  const { rule, next } = JSON.parse(stdout)
  assert.equal(rule, `arn:aws:events:${place}:rule/nightly`)
  assert.deepEqual(next, ['ENABLED', 'cron(0 0 * * ? *)', 'default', ['reset']])
  clock('set', '2030-01-02')
  const deadline = Date.now() + 20_000
  let said: readonly string[] = []
  while (said.length === 0 && Date.now() < deadline)
    said = (await seen('', 3, '/aws/lambda/seen')).flatMap(
      (line) => /SAID (.*)/.exec(line)?.[1] ?? [],
    )
  assert.equal(said.length, 1)
  const { id, ...event } = JSON.parse(said[0]!)
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(event, {
    version: '0',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2030-01-02T00:00:00Z',
    region: 'us-east-1',
    resources: [rule],
    detail: {},
  })
  // Whom the function does not know does not call it.
  await clients.lambda.removePermission({ FunctionName: 'seen', StatementId: 'nightly' })
  clock('set', '2030-01-03')
  await quiet()
  const log = sekisho(['log', '--denied', '--data', server.data, '--json']).stdout
  assert.match(log, /events\.amazonaws\.com[^\n]*lambda:InvokeFunction/)
  await clients.events.disableRule({ Name: 'nightly' })
})

test('what was missed while the server was down is made up once', async () => {
  await clients.scheduler.createSchedule({
    Name: 'hourly',
    ScheduleExpression: 'cron(0 * * * ? *)',
    ScheduleExpressionTimezone: 'Asia/Tokyo',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: groupArn, RoleArn: roleArn, Input: '"<aws.scheduler.scheduled-time>"' },
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

test('events reach the targets of the rules that want them, transformed', async () => {
  await clients.events.createEventBus({ Name: 'orders' })
  await clients.events.putRule({
    Name: 'open',
    EventBusName: 'orders',
    EventPattern: JSON.stringify({ source: [{ prefix: 'shop' }], detail: { state: ['open'] } }),
  })
  await clients.events.putTargets({
    Rule: 'open',
    EventBusName: 'orders',
    Targets: [
      {
        Id: 'log',
        Arn: groupArn,
        RoleArn: roleArn,
        InputTransformer: {
          InputPathsMap: { who: '$.detail.who', at: '$.time' },
          InputTemplate: '{"timestamp": <at>, "message": "<who> by <aws.events.rule-name>"}',
        },
      },
    ],
  })
  const entry = { EventBusName: 'orders', Source: 'shop.web', DetailType: 'Order' }
  const { Entries, FailedEntryCount } = await clients.events.putEvents({
    Entries: [
      { ...entry, Detail: '{"state":"open","who":"Ada"}' },
      { ...entry, Detail: '{"state":"closed","who":"Bob"}' },
      { ...entry, Detail: 'no json' },
      { ...entry, Source: 'aws.s3', Detail: '{}' },
    ],
  })
  assert.deepEqual(
    Entries?.map(({ ErrorCode }) => ErrorCode),
    [undefined, undefined, 'MalformedDetail', 'NotAuthorizedForSourceException'],
  )
  assert.equal(FailedEntryCount, 2)
  assert.deepEqual(await seen('orders/open', 1), ['Ada by open'])
})

test('rules write to log groups that a resource policy opens to them, and dead letters go there too', async () => {
  await clients.logs.putResourcePolicy({
    policyName: 'events',
    policyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'events',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: `${groupArn}:*`,
          Condition: { ArnEquals: { 'aws:SourceArn': `arn:aws:events:${place}:rule/kept` } },
        },
      ],
    }),
  })
  const gone = functionArn.replace(/seen$/, 'gone')
  for (const Name of ['kept', 'barred']) {
    await clients.events.putRule({ Name, EventPattern: '{"source":["letters"]}' })
    await clients.events.putTargets({
      Rule: Name,
      Targets: [
        { Id: 'log', Arn: groupArn },
        { Id: 'gone', Arn: gone, DeadLetterConfig: { Arn: groupArn } },
      ],
    })
  }
  await clients.events.putEvents({
    Entries: [{ Source: 'letters', DetailType: 'd', Detail: '{"a":1}' }],
  })
  const messages = (await seen('kept', 2)).map((message) => JSON.parse(message))
  const event = messages.find(({ detail }) => detail !== undefined)
  const letter = messages.find(({ attributes }) => attributes !== undefined)
  assert.deepEqual(event.detail, { a: 1 })
  assert.deepEqual(JSON.parse(letter.body), event)
  const { ERROR_MESSAGE, ...attributes } = letter.attributes
  assert.match(ERROR_MESSAGE, /^User: events\.amazonaws\.com is not authorized/)
  assert.deepEqual(attributes, {
    ERROR_CODE: 'AccessDeniedException',
    RETRY_ATTEMPTS: '0',
    RULE_ARN: `arn:aws:events:${place}:rule/kept`,
    TARGET_ARN: gone,
  })
  await quiet()
  assert.deepEqual(await seen('barred', 0), [])
})

test('an event that was acknowledged is delivered after a kill', async () => {
  const Entries = Array.from({ length: 10 }, (_, at) => ({
    Source: 'letters',
    DetailType: 'd',
    Detail: JSON.stringify({ number: at }),
  }))
  await clients.events.removeTargets({ Rule: 'kept', Ids: ['gone'] })
  await clients.events.deleteRule({ Name: 'barred' }).catch(() => {})
  await clients.events.putEvents({ Entries })
  await server.stop('SIGKILL')
  await begin()
  const numbers = (await seen('kept', 12)).flatMap(
    (message) => /"number":(\d)/.exec(message)?.[1] ?? [],
  )
  assert.deepEqual([...new Set(numbers)].sort(), [...'0123456789'])
})

test('a schedule that is deleted after its last run is gone', async () => {
  await clients.scheduler.createScheduleGroup({ Name: 'once' })
  await clients.scheduler.createSchedule({
    Name: 'last',
    GroupName: 'once',
    ScheduleExpression: 'at(2030-02-01T00:00:00)',
    ActionAfterCompletion: 'DELETE',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: groupArn, RoleArn: roleArn },
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
      RoleArn: roleArn,
      Input:
        '{"RoleName":"scheduled","Tags":[{"Key":"by","Value":"<aws.scheduler.schedule-arn>"}]}',
    },
  })
  const deadline = Date.now() + 10_000
  let tags: iam.Tag[] | undefined
  while (!tags?.length && Date.now() < deadline)
    tags = (await clients.iam.listRoleTags({ RoleName: 'scheduled' })).Tags
  assert.deepEqual(tags, [
    { Key: 'by', Value: `arn:aws:scheduler:${place}:schedule/default/tagging` },
  ])
})

test('of several processes one fires, whoever was asked', async () => {
  using own = temporaryFolder()
  await using crew = await serve(own.path, '--workers', '2', '--test-clock')
  const given = variablesOf(crew)
  const { iam: access, logs: watcher, scheduler: maker } = clientsOf(crew, given)
  await makeRole(access)
  await watcher.createLogGroup({ logGroupName: 'seen' })
  const names = Array.from({ length: 8 }, (_, at) => `s${at}`)
  await Promise.all(
    names.map((Name) =>
      maker.createSchedule({
        Name,
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: groupArn, RoleArn: roleArn, Input: JSON.stringify(Name) },
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
      ...['--target', `Arn=${groupArn},RoleArn=${roleArn}`],
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
