import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DecisionEntry } from './record.ts'
import { openTrail } from './trail.ts'

const retention = { maxAgeMs: 1e9, totalBytes: 1e9, segmentBytes: 1e6 }
const open = () =>
  openTrail({
    folder: mkdtempSync(join(tmpdir(), 'sekisho-trail-')),
    retention,
    now: Date.now,
    onFailure: (error) => assert.fail(String(error)),
  })
const entry = (requestId: string, outcome = 'allow'): DecisionEntry => ({
  at: 0,
  requestId,
  road: 'execute-api',
  method: 'GET',
  path: '/',
  sourceIp: '127.0.0.1',
  principal: 'anonymous',
  action: 'execute-api:Invoke',
  resource: '*',
  outcome,
  status: 200,
})

test('a record is found at once, also after the log was read while empty', async () => {
  await using trail = open()
  assert.equal(await trail.find('one'), undefined)
  trail.record(entry('one'))
  assert.equal((await trail.find('one'))?.requestId, 'one')
  trail.record(entry('two'))
  assert.equal((await trail.find('two'))?.requestId, 'two')
})

test('what caused a request is told with it, and costs no line of its own', async () => {
  await using trail = open()
  for (const id of ['a', 'b']) trail.record({ ...entry(id), causedBy: `cause-of-${id}` })
  trail.record(entry('c'))
  assert.equal((await trail.find('a'))?.causedBy, 'cause-of-a')
  assert.equal((await trail.find('b'))?.causedBy, 'cause-of-b')
  assert.equal((await trail.find('c'))?.causedBy, undefined)
  assert.equal(await trail.find('cause-of-a'), undefined)
})

test('the last lines come oldest first, filtered', async () => {
  await using trail = open()
  for (const id of ['a', 'b', 'c']) trail.record(entry(id, id === 'b' ? 'allow' : 'explicit-deny'))
  const ids = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).requestId)
  assert.deepEqual(ids(await trail.last(2, {})), ['b', 'c'])
  assert.deepEqual(ids(await trail.last(5, { denied: true })), ['a', 'c'])
})
