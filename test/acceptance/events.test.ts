import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isolated, needs } from '../debian-packages.ts'
import { nodeFunction, roleArn } from './roles.fixture.ts'
import {
  begin,
  clients,
  clock,
  functionArn,
  groupArn,
  place,
  quiet,
  run,
  seen,
  server,
} from './schedules.fixture.ts'
import { sekisho } from './server.fixture.ts'

test('boto3: at midnight of the test clock a rule calls a function that lets it', {
  ...isolated,
  ...needs('python3-boto3'),
}, async () => {
  const code = "exports.handler = async (event) => console.log('SAID ' + JSON.stringify(event))"
  await clients.lambda.createFunction(nodeFunction('seen', code, 'scheduled'))
  const script = join(import.meta.dirname, 'events.fixture.py')
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
        RoleArn: roleArn('scheduled'),
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
