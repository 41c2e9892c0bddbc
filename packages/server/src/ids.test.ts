import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extendedRequestId } from './ids.ts'

test('an extended request id has the form of AWS, and no other has it', () => {
  const ids = Array.from({ length: 2_000 }, () => extendedRequestId())
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{15}=$/)
  assert.equal(new Set(ids).size, ids.length)
})
