import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventConfigRecord } from './event-configs.ts'
import {
  type Attempt,
  afterAttempt,
  type EventRecord,
  eventKeyOf,
  invocationRecord,
  isExpired,
  readEventKey,
} from './events.ts'

const acceptedAt = Date.UTC(2026, 0, 2)
const event: EventRecord = {
  accountId: '111111111111',
  region: 'us-east-1',
  name: 'f',
  requestId: '00000000-0000-4000-8000-000000000001',
  payload: '{"a":"ü"}',
  acceptedAt,
  failures: 0,
  refusals: 0,
}
const answered = (functionError?: string): Attempt => ({
  kind: 'answered',
  version: '$LATEST',
  payload: '1',
  functionError,
})
const refused: Attempt = { kind: 'refused', code: 'CONCURRENCY', message: '' }
const config = (more: Partial<EventConfigRecord>): EventConfigRecord => ({
  ...event,
  modifiedAt: 0,
  ...more,
})

const cases: readonly (readonly [
  string,
  Partial<EventRecord>,
  Attempt,
  EventConfigRecord | undefined,
  string | number,
])[] = [
  ['what is answered is over', {}, answered(), undefined, 'Success'],
  ['a failure is tried again after a minute', {}, answered('Unhandled'), undefined, 60_000],
  ['the second one after two', { failures: 1 }, answered('Unhandled'), undefined, 120_000],
  ['the third is the last', { failures: 2 }, answered('Unhandled'), undefined, 'RetriesExhausted'],
  [
    'no retries, no second time',
    {},
    answered('Unhandled'),
    config({ maximumRetries: 0 }),
    'RetriesExhausted',
  ],
  ['a throttled event waits a second', {}, refused, undefined, 1_000],
  ['then twice as long each time', { refusals: 3 }, refused, undefined, 8_000],
  ['and five minutes at most', { refusals: 99 }, refused, undefined, 300_000],
  ['an event that is too old is over', {}, { kind: 'expired' }, undefined, 'EventAgeExceeded'],
]
for (const [what, more, attempt, settings, expected] of cases)
  test(what, () => {
    const now = acceptedAt + 10_000
    const next = afterAttempt({ ...event, ...more }, attempt, settings, now)
    assert.equal(next.kind === 'over' ? next.condition : next.dueAt - now, expected)
  })

test('a function that may never run is not asked again', () => {
  const next = afterAttempt(event, refused, undefined, acceptedAt, 0)
  assert.deepEqual(next, { kind: 'over', condition: 'RetriesExhausted' })
})

test('events expire after six hours, or as their function says', () => {
  assert.equal(isExpired(event, undefined, acceptedAt + 21_600_000), false)
  assert.equal(isExpired(event, undefined, acceptedAt + 21_600_001), true)
  assert.equal(isExpired(event, config({ maximumAgeSeconds: 60 }), acceptedAt + 60_001), true)
})

test('a key says when an event is due, whose it is and how large', () => {
  const key = eventKeyOf(event, acceptedAt)
  assert.deepEqual(readEventKey(key), {
    dueAt: acceptedAt,
    functionKey: '111111111111/us-east-1/f',
    bytes: 10,
  })
  assert.ok(eventKeyOf(event, 5) < eventKeyOf(event, 40))
})

test('destinations are told as AWS tells them', () => {
  const record = JSON.parse(
    invocationRecord({ ...event, failures: 2 }, answered('Unhandled'), 'RetriesExhausted', 0),
  )
  assert.deepEqual(record, {
    version: '1.0',
    timestamp: '1970-01-01T00:00:00.000Z',
    requestContext: {
      requestId: event.requestId,
      functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:f:$LATEST',
      condition: 'RetriesExhausted',
      approximateInvokeCount: 3,
    },
    requestPayload: { a: 'ü' },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: 'Unhandled',
    },
    responsePayload: 1,
  })
})
