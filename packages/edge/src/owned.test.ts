import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOwner } from './owned.ts'
import { stored } from './stored.fixture.ts'

test('what is owned is what was given, whatever is in it', () => {
  const own = createOwner()
  const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(text, text, fc.array(text), fc.uint8Array(), (key, uri, headers, body) => {
      const given = stored({ uri, headers, body })
      assert.deepEqual(own(key, given), { key, stored: given })
    }),
  )
})

test('a body that was cut out of a larger buffer lets go of it', () => {
  const whole = new Uint8Array(65_536).fill(1)
  const { body } = createOwner()('a', stored({ body: whole.subarray(100, 110) })).stored
  assert.deepEqual([body.length, body.buffer.byteLength], [10, 10])
})

test('a body that has its buffer for itself is not copied', () => {
  const body = new Uint8Array(1_024)
  assert.equal(createOwner()('a', stored({ body })).stored.body.buffer, body.buffer)
})

test('more texts than are shared are still told apart', () => {
  const own = createOwner()
  for (let at = 0; at < 10_000; at++) {
    const headers = ['ETag', `"${at}"`]
    assert.deepEqual(own('a', stored({ headers })).stored.headers, headers)
  }
})
