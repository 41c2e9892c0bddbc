import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, harness } from '../harness.fixture.ts'

const more = { now: new Date('2026-01-02T03:04:05Z') }
const lambda = `arn:aws:lambda:us-east-1:${accountId}:function:f`

const faults: readonly (readonly [string, object, string, string | RegExp])[] = [
  ['PutRule', { Name: 'r' }, 'ValidationException', /EventPattern or ScheduleExpression must be/],
  [
    'PutRule',
    { Name: 'r', ScheduleExpression: 'at(2026-01-01T00:00:00)' },
    'ValidationException',
    'Parameter ScheduleExpression is not valid.',
  ],
  [
    'PutRule',
    { Name: 'r', ScheduleExpression: 'rate(5 minutes)', EventBusName: 'b' },
    'ValidationException',
    'ScheduleExpression is supported only on the default event bus.',
  ],
  [
    'PutRule',
    { Name: 'r', EventPattern: '{"a":[1]}', EventBusName: 'gone' },
    'ResourceNotFoundException',
    'Event bus gone does not exist.',
  ],
  [
    'PutRule',
    { Name: 'a b', EventPattern: '{"a":[1]}' },
    'ValidationException',
    /regular expression/,
  ],
  [
    'PutRule',
    { Name: 'r', EventPattern: '{"a":1}' },
    'InvalidEventPatternException',
    'Event pattern is not valid. Reason: "a" must be an object or an array',
  ],
  [
    'DescribeRule',
    { Name: 'gone' },
    'ResourceNotFoundException',
    'Rule gone does not exist on EventBus default.',
  ],
  ['DescribeEventBus', { Name: 'gone' }, 'ResourceNotFoundException', /Event bus gone does not/],
  [
    'CreateEventBus',
    { Name: 'b' },
    'ResourceAlreadyExistsException',
    'Event bus b already exists.',
  ],
  ['CreateEventBus', { Name: 'a/b' }, 'ValidationException', /slash/],
  ['CreateEventBus', { Name: 'c', KmsKeyIdentifier: 'k' }, 'ValidationException', /not supported/],
  [
    'DeleteEventBus',
    { Name: 'default' },
    'ValidationException',
    'Cannot delete event bus default.',
  ],
  [
    'DeleteRule',
    { Name: 'kept' },
    'ValidationException',
    "Rule can't be deleted since it has targets.",
  ],
  [
    'PutTargets',
    { Rule: 'kept', Targets: [{ Id: 't', Arn: 'no arn' }] },
    'ValidationException',
    'Parameter no arn is not valid. Reason: Provided Arn is not in correct format.',
  ],
  [
    'PutTargets',
    { Rule: 'kept', Targets: [{ Id: 't', Arn: `arn:aws:sqs:us-east-1:${accountId}:q` }] },
    'ValidationException',
    /^sqs is not a supported service for a target\./,
  ],
  [
    'PutTargets',
    { Rule: 'kept', Targets: [{ Id: 't', Arn: lambda.replace('us-east-1', 'eu-west-1') }] },
    'ValidationException',
    /does not match the current region us-east-1/,
  ],
  [
    'PutTargets',
    { Rule: 'kept', Targets: [{ Id: 't', Arn: lambda, SqsParameters: { MessageGroupId: 'g' } }] },
    'ValidationException',
    'SqsParameters of a target is not supported by Sekisho.',
  ],
  [
    'PutTargets',
    {
      Rule: 'kept',
      Targets: [1, 2, 3, 4, 5, 6].map((at) => ({ Id: `n${at}`, Arn: lambda })),
    },
    'LimitExceededException',
    'The requested resource exceeds the maximum number allowed.',
  ],
  ['PutPermission', { Policy: '{"Statement":' }, 'ValidationException', /^Event bus policy is not/],
  [
    'RemovePermission',
    { StatementId: 's' },
    'ResourceNotFoundException',
    'EventBus does not have a policy.',
  ],
  [
    'TestEventPattern',
    { EventPattern: '{"a":[1]}', Event: '{}' },
    'ValidationException',
    /id is a/,
  ],
  [
    'PutEvents',
    { Entries: Array.from({ length: 11 }, () => ({})) },
    'ValidationException',
    /at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10/,
  ],
]
for (const [operation, input, code, message] of faults)
  test(`${operation} refuses ${JSON.stringify(input).slice(0, 70)}`, async () => {
    await using events = await harness('events')
    await events.call('CreateEventBus', { Name: 'b' }, more)
    await events.call('PutRule', { Name: 'kept', EventPattern: '{"a":[1]}' }, more)
    await events.call('PutTargets', { Rule: 'kept', Targets: [{ Id: 't', Arn: lambda }] }, more)
    const { json } = await events.call(operation, input, more)
    assert.equal(json.__type, code)
    if (typeof message === 'string') assert.equal(json.message, message)
    else assert.match(json.message, message)
  })
