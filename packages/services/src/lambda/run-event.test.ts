import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import type { EventConfigRecord } from './event-configs.ts'
import { type EventRecord, eventKeyOf, keepEvent } from './events.ts'
import { lambdaCollections } from './records.ts'
import { runEvent } from './run-event.ts'

const named = { accountId: '111111111111', region: 'us-east-1', name: 'f' }
const event: EventRecord = {
  ...named,
  requestId: 'id',
  payload: '{"a":1}',
  acceptedAt: 0,
  failures: 2,
  refusals: 0,
}
const now = Date.UTC(2026, 0, 2, 3, 4, 5)

/** What is told of an event to each kind of destination. */
async function toldOf(config: Partial<EventConfigRecord>, fails: boolean, deadLetterArn?: string) {
  await using store = await openStore('memory:')
  const { documents } = store
  await documents.transact((transaction) => {
    transaction.put(lambdaCollections.functions, '111111111111/us-east-1/f', {
      ...named,
      role: 'arn:aws:iam::111111111111:role/f',
      deadLetterArn,
    })
    transaction.put(lambdaCollections.eventConfigs, '111111111111/us-east-1/f/$LATEST', {
      ...named,
      ...config,
    })
  })
  const key = eventKeyOf(event, 0)
  await keepEvent(documents, event, 0)
  const calls: unknown[][] = []
  await runEvent(key, event, {
    documents,
    functions: {
      invoke: async () => ({
        payload: Buffer.from('2'),
        logTail: async () => '',
        ...(fails && { functionError: 'Unhandled' as const }),
      }),
    },
    aws: async (...given) => {
      calls.push(given)
      return {}
    },
    now: () => now,
    draw: () => 0,
    newId: () => 'new',
    isStopping: () => false,
  })
  assert.deepEqual(await documents.list(lambdaCollections.events), [])
  return calls
}

test('a bus gets an event of the result, in the name of the function’s role', async () => {
  const bus = 'arn:aws:events:eu-west-1:111111111111:event-bus/own'
  const [call] = await toldOf({ onSuccess: bus, maximumAgeSeconds: 1e12 }, false)
  const [service, operation, input, behalf] = call as [string, string, never, object]
  const { Entries } = input as { Entries: { Detail: string }[] }
  const { Detail, ...entry } = Entries[0]!
  assert.deepEqual([service, operation], ['events', 'PutEvents'])
  assert.deepEqual(entry, {
    Source: 'lambda',
    DetailType: 'Lambda Function Invocation Result - Success',
    Resources: [bus, 'arn:aws:lambda:us-east-1:111111111111:function:f:$LATEST'],
    EventBusName: bus,
  })
  assert.equal(JSON.parse(Detail).requestContext.condition, 'Success')
  assert.deepEqual(behalf, {
    service: 'lambda.amazonaws.com',
    accountId: '111111111111',
    region: 'eu-west-1',
    roleArn: 'arn:aws:iam::111111111111:role/f',
    sessionName: 'f',
    causedBy: 'id',
  })
})

test('a bucket gets an object for each failure, a dead letter is the event itself', async () => {
  const other = 'arn:aws:lambda:us-east-1:111111111111:function:other'
  const calls = await toldOf(
    { onFailure: 'arn:aws:s3:::failures', maximumAgeSeconds: 1e12 },
    true,
    other,
  )
  const [put, invoke] = calls.map((call) => call[2] as Record<string, unknown>)
  assert.equal(put!['Bucket'], 'failures')
  assert.equal(put!['Key'], 'aws/lambda/async/f/2026/01/02/2026-01-02T03.04.05-new')
  assert.equal(JSON.parse(String(put!['Body'])).requestContext.approximateInvokeCount, 3)
  assert.equal(String(invoke!['Payload']), '{"a":1}')
})
