import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRing } from './ring.ts'

const limitBytes = 4_000
const small = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  act: fc.constantFrom('keep', 'keep', 'keep', 'find', 'want', 'drop'),
  length: fc.integer({ min: 4, max: 3_500 }),
})

test('what is found is what was kept last, whatever was written over, and all of it stays within the limit', () => {
  fc.assert(
    fc.property(fc.array(small, { maxLength: 200 }), (steps) => {
      const last = new Map<string, Uint8Array>()
      const ring = createRing(limitBytes, (key, bytes) => {
        assert.deepEqual(bytes, last.get(key), 'what is let go of is what was kept')
        last.delete(key)
      })
      for (const [at, { key, act, length }] of steps.entries()) {
        if (act === 'keep') {
          const bytes = new Uint8Array(length).fill(at)
          last.set(key, bytes)
          ring.keep(key, bytes)
        } else if (act === 'drop') {
          last.delete(key)
          ring.drop(key)
        } else if (act === 'want') assert.equal(ring.want(key), last.has(key))
        for (const each of 'abcdefgh') assert.deepEqual(ring.find(each), last.get(each))
        assert.ok(ring.sizeBytes() <= limitBytes)
        assert.deepEqual([...ring.keys()].toSorted(), [...last.keys()].toSorted())
      }
    }),
  )
})

test('what is still wanted outlives what nobody asked for again', () => {
  const ring = createRing(4_000)
  ring.keep('wanted', new Uint8Array(1_000))
  ring.keep('unwanted', new Uint8Array(1_000))
  for (let count = 0; count < 20; count++) {
    ring.want('wanted')
    ring.keep(String(count), new Uint8Array(900))
  }
  assert.ok(ring.find('wanted'))
  assert.equal(ring.find('unwanted'), undefined)
})

test('a find is a copy: nothing that is written later shows in it', () => {
  const ring = createRing(4_000)
  ring.keep('a', new Uint8Array(2_000).fill(1))
  const found = ring.find('a')
  ring.keep('b', new Uint8Array(2_000).fill(2))
  assert.equal(ring.find('a'), undefined)
  assert.deepEqual(found, new Uint8Array(2_000).fill(1))
})

test('a stretch that goes over the end is one', () => {
  const ring = createRing(8_000_000)
  const bytes = (value: number) => new Uint8Array(1_500_000).fill(value)
  for (let value = 0; value < 10; value++) ring.keep(String(value), bytes(value))
  for (const value of [6, 7, 8, 9]) assert.deepEqual(ring.find(String(value)), bytes(value))
  assert.equal(ring.find('5'), undefined)
})
