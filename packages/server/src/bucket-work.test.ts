import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { s3Collections } from '@sekisho/services'
import { openStore } from '@sekisho/store'
import { openBucketWork } from './bucket-work.ts'
import { machineClock } from './clock.ts'
import { randomIds } from './ids.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

test('an event whose telling fails here is told again, without anything new', async () => {
  await using store = await openStore('memory:')
  await store.documents.transact((transaction) =>
    transaction.put(s3Collections.events, '0/e', {
      functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:f',
      bucketArn: 'arn:aws:s3:::b',
      accountId: '111111111111',
      region: 'us-east-1',
      causedBy: 'id',
      payload: '{}',
      notedAt: Date.now(),
      attempts: 0,
      dueAt: 0,
    }),
  )
  let asked = 0
  const aws = async () => {
    if (asked++ === 0) throw new Error('the disk is full')
    return {}
  }
  using _work = openBucketWork({
    store,
    aws,
    clock: machineClock,
    ids: randomIds,
    log,
    againMs: 20,
  })
  const left = () => store.documents.list(s3Collections.events)
  for (let tries = 0; tries < 3_000 && (await left()).length > 0; tries++) await sleep(10)
  assert.deepEqual(await left(), [])
  assert.equal(asked, 2)
})
