import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from '@sekisho/protocols'
import { openStore } from '@sekisho/store'
import {
  type Delivery,
  dueDeliveries,
  type Failure,
  failDelivery,
  nextDeliveryAt,
  putDelivery,
  settleDelivery,
} from './deliveries.ts'
import { send } from './send.ts'

const delivery: Delivery = {
  id: 'first',
  accountId: '111111111111',
  region: 'us-east-1',
  service: 'events.amazonaws.com',
  originArn: 'arn:aws:events:us-east-1:111111111111:rule/r',
  sourceArn: 'arn:aws:events:us-east-1:111111111111:rule/r',
  targetArn: 'arn:aws:lambda:us-east-1:111111111111:function:f',
  payload: '{"a":1}',
  time: 1_000,
  since: 1_000,
  attempts: 0,
  mostRetries: 2,
  mostAgeMs: 60_000,
}
const ids = { text: (_: string, length: number) => '0'.repeat(length), uuid: () => 'letter' }
const complete = async () => {}
const passing: Failure = { code: 'X', message: 'x', isPassing: true }
const final: Failure = { ...passing, isPassing: false }

async function failed(given: Partial<Delivery>, failure: Failure, nowMs: number) {
  const store = await openStore('memory:')
  await store.documents.transact((transaction) =>
    putDelivery(transaction, 1_000, { ...delivery, ...given }),
  )
  const [due] = await dueDeliveries(store.documents, nowMs, 10)
  const outcome = await failDelivery(store.documents, due!, failure, { nowMs, ids, complete })
  const next = await nextDeliveryAt(store.documents, 0)
  const [left] = await dueDeliveries(store.documents, Number.MAX_SAFE_INTEGER / 1_000, 10)
  await store[Symbol.asyncDispose]()
  return { outcome, next, left: left?.delivery }
}

test('what may do better later is attempted again, each time after a longer pause', async () => {
  const first = await failed({}, passing, 2_000)
  assert.deepEqual([first.outcome, first.next, first.left?.attempts], ['retried', 2_500, 1])
  const second = await failed({ attempts: 1 }, passing, 2_000)
  assert.deepEqual([second.outcome, second.next, second.left?.attempts], ['retried', 3_000, 2])
  const last = await failed({ attempts: 20, mostRetries: 185 }, passing, 2_000)
  assert.equal(last.next, 2_000 + 450_000)
})

test('it is given up after its attempts, after its time, and where no attempt can do better', async () => {
  const outcomes = [
    await failed({ attempts: 2 }, passing, 2_000),
    await failed({}, passing, 61_000),
    await failed({}, final, 2_000),
  ]
  assert.deepEqual(
    outcomes.map(({ outcome, left }) => [outcome, left]),
    Array(3).fill(['dropped', undefined]),
  )
})

test('a dead letter says what failed and why', async () => {
  const deadLetterArn = 'arn:aws:logs:us-east-1:111111111111:log-group:dead'
  const { outcome, next, left } = await failed({ attempts: 2, deadLetterArn }, passing, 2_000)
  assert.deepEqual(
    [outcome, next, left?.targetArn, left?.deadLetterArn, left?.attempts],
    ['dead letter', 2_000, deadLetterArn, undefined, 0],
  )
  assert.deepEqual(JSON.parse(left?.payload ?? ''), {
    attributes: {
      ERROR_CODE: 'X',
      ERROR_MESSAGE: 'x',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
      RULE_ARN: delivery.originArn,
      TARGET_ARN: delivery.targetArn,
    },
    body: '{"a":1}',
  })
})

test('what was taken is gone', async () => {
  await using store = await openStore('memory:')
  await store.documents.transact((transaction) => putDelivery(transaction, 1_000, delivery))
  assert.deepEqual(await dueDeliveries(store.documents, 999, 10), [])
  const [due] = await dueDeliveries(store.documents, 1_000, 10)
  await settleDelivery(store.documents, due!, complete)
  assert.equal(await nextDeliveryAt(store.documents, 0), undefined)
})

/** What a delivery asks of other services, and in whose name. */
async function sent(given: Partial<Delivery>, answer: (operation: string) => object = () => ({})) {
  const asked: unknown[] = []
  const failure = await send(
    { ...delivery, ...given },
    {
      ids,
      readInput: async (_service, _operation, json) => json as never,
      aws: async (service, operation, input, behalf) => {
        asked.push([service, operation, input, behalf.roleArn ?? behalf.sourceArn])
        return answer(operation) as never
      },
    },
  )
  return { asked, failure }
}

test('each kind of target is called in its own way', async () => {
  const source = delivery.sourceArn
  const group = 'arn:aws:logs:us-east-1:111111111111:log-group:/g:*'
  const bus = 'arn:aws:events:us-east-1:111111111111:event-bus/b'
  assert.deepEqual((await sent({})).asked, [
    [
      'lambda',
      'Invoke',
      {
        FunctionName: delivery.targetArn,
        InvocationType: 'Event',
        Payload: new TextEncoder().encode('{"a":1}'),
      },
      source,
    ],
  ])
  const logEvents = (timestamp: number, message: string) => ({
    logGroupName: '/g',
    logStreamName: 'r',
    logEvents: [{ timestamp, message }],
  })
  assert.deepEqual((await sent({ targetArn: group })).asked, [
    ['logs', 'PutLogEvents', logEvents(1_000, '{"a":1}'), source],
  ])
  const templated = '{"timestamp":"1970-01-01T00:00:05Z","message":"m"}'
  assert.deepEqual((await sent({ targetArn: group, payload: templated })).asked, [
    ['logs', 'PutLogEvents', logEvents(5_000, 'm'), source],
  ])
  const event = { source: 's', 'detail-type': 'd', detail: { a: 1 }, resources: ['r'] }
  const role = 'arn:aws:iam::111111111111:role/r'
  assert.deepEqual(
    (await sent({ targetArn: bus, payload: JSON.stringify(event), roleArn: role })).asked,
    [
      [
        'events',
        'PutEvents',
        {
          Entries: [
            {
              EventBusName: bus,
              Time: new Date(1_000),
              Source: 's',
              DetailType: 'd',
              Detail: '{"a":1}',
              Resources: ['r'],
            },
          ],
        },
        role,
      ],
    ],
  )
  const universal = await sent({
    service: 'scheduler.amazonaws.com',
    targetArn: 'arn:aws:scheduler:::aws-sdk:cloudwatchlogs:createLogGroup',
    payload: '{"logGroupName":"g-<aws.scheduler.attempt-number>-<aws.scheduler.execution-id>"}',
    attempts: 3,
  })
  assert.deepEqual(universal.asked, [
    ['logs', 'CreateLogGroup', { logGroupName: 'g-4-letter' }, source],
  ])
})

test('a refusal is a failure, which passes or does not', async () => {
  const refusing = (code: string, status: number) =>
    sent({}, () => {
      throw new AwsError(code, 'm', status)
    })
  const passes = async (code: string, status: number) =>
    (await refusing(code, status)).failure?.isPassing
  assert.equal(await passes('AccessDeniedException', 403), false)
  assert.equal(await passes('ResourceNotFoundException', 404), false)
  assert.equal(await passes('NotImplemented', 501), false)
  assert.equal(await passes('TooManyRequestsException', 429), true)
  assert.equal(await passes('ThrottlingException', 400), true)
  assert.equal(await passes('InternalFailure', 500), true)
})

test('what a bus or a log does not take, although it answers, has failed', async () => {
  const bus = 'arn:aws:events:us-east-1:111111111111:event-bus/b'
  const entry = { ErrorCode: 'InternalFailure', ErrorMessage: 'm' }
  const put = await sent({ targetArn: bus }, () => ({ FailedEntryCount: 1, Entries: [entry] }))
  assert.deepEqual(put.failure, { code: 'InternalFailure', message: 'm', isPassing: true })
  const group = 'arn:aws:logs:us-east-1:111111111111:log-group:/g'
  const rejected = { rejectedLogEventsInfo: { tooNewLogEventStartIndex: 0 } }
  assert.equal((await sent({ targetArn: group }, () => rejected)).failure?.isPassing, false)
})

test('a name with escapes in an input is not taken for one that was read before', async () => {
  const given = (payload: string) =>
    sent({
      service: 'scheduler.amazonaws.com',
      targetArn: 'arn:aws:scheduler:::aws-sdk:cloudwatchlogs:createLogGroup',
      payload,
    })
  await given(String.raw`{"logGroupName":"g","\\u00":1}`)
  const { asked } = await given(String.raw`{"logGroupName":"g","\u0074ags":{}}`)
  assert.deepEqual(asked, [
    ['logs', 'CreateLogGroup', { logGroupName: 'g', tags: {} }, delivery.sourceArn],
  ])
})
