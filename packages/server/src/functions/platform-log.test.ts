import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunnableFunction } from '@sekisho/services'
import { platformLog } from './platform-log.ts'

const fn = (more: Partial<RunnableFunction> = {}) =>
  ({
    name: 'f',
    functionArn: 'arn:f',
    version: '$LATEST',
    runtime: 'nodejs22.x',
    memoryMb: 128,
    timeoutSeconds: 3,
    logFormat: 'Text',
    ...more,
  }) as RunnableFunction
const done = { requestId: 'id', durationMs: 1.234_56, peakMb: 40.4, status: 'success' } as const

test('a text log has the lines of Lambda', () => {
  const log = platformLog(fn(), () => 0)
  assert.deepEqual(log.start('id'), ['START RequestId: id Version: $LATEST'])
  assert.deepEqual(log.timedOut('id'), [
    '1970-01-01T00:00:00.000Z id Task timed out after 3.00 seconds',
  ])
  assert.deepEqual(log.end({ ...done, initMs: 10 }), [
    'END RequestId: id',
    'REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 10.00 ms\t',
  ])
  assert.match(log.end({ ...done, status: 'timeout' })[1]!, /\tStatus: timeout\t$/)
  assert.match(
    log.end({ ...done, status: 'failure', errorType: 'Runtime.ExitError' })[1]!,
    /\tStatus: error\tError Type: Runtime.ExitError\t$/,
  )
})

test('a JSON log has objects, from the level that was asked for', () => {
  const log = platformLog(fn({ logFormat: 'JSON' }), () => 0)
  const [line] = log.end(done)
  assert.deepEqual(JSON.parse(line!), {
    time: '1970-01-01T00:00:00.000Z',
    type: 'platform.report',
    record: {
      requestId: 'id',
      metrics: {
        durationMs: 1.235,
        billedDurationMs: 2,
        memorySizeMB: 128,
        maxMemoryUsedMB: 40,
      },
      status: 'success',
    },
  })
  const quiet = platformLog(fn({ logFormat: 'JSON', systemLogLevel: 'WARN' }), () => 0)
  assert.deepEqual([quiet.start('id'), quiet.end(done)], [[], []])
  assert.equal(quiet.end({ ...done, status: 'timeout' }).length, 1)
})
