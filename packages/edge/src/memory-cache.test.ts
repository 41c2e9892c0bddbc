import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryCache, type Spill } from './memory-cache.ts'
import { stored as storedAs } from './stored.fixture.ts'
import type { Stored } from './stored.ts'
import { bytesOf, storedOf } from './stored-bytes.ts'

const stored = (text: string, more: Partial<Stored> = {}): Stored =>
  storedAs({
    headers: ['Content-Type', 'text/plain', 'X-Letters', 'é \u2028'],
    body: new Uint8Array(Buffer.from(text)),
    ...more,
  })

/** Far more than is at hand, all of which there is room for. */
const many = 200
const fill = (cache: ReturnType<typeof createMemoryCache>, from = 0) => {
  for (let at = from; at < from + many; at++) cache.keep(`key ${at}`, stored(`body ${at}`))
}

test('what is packed comes out as it was kept', () => {
  const cache = createMemoryCache(400_000)
  fill(cache)
  for (let at = 0; at < many; at++) assert.deepEqual(cache.find(`key ${at}`), stored(`body ${at}`))
})

test('what is kept anew, or dropped, is not found as it was, packed or not', () => {
  const cache = createMemoryCache(400_000)
  fill(cache)
  cache.keep('key 0', stored('new'))
  cache.drop('key 1')
  fill(cache, many)
  assert.deepEqual(cache.find('key 0'), stored('new'))
  assert.equal(cache.find('key 1'), undefined)
})

test('what there is no room for goes on, once it is the oldest', async () => {
  const further = new Map<string, Uint8Array>()
  const spill: Spill = {
    find: (key) => {
      const bytes = further.get(key)
      return bytes && Promise.resolve(storedOf(bytes, key))
    },
    keep: (key, bytes) => further.set(key, bytes),
    drop: (key) => further.delete(key),
  }
  const limitBytes = 100_000
  const cache = createMemoryCache(limitBytes, spill)
  for (let at = 0; at < 5; at++) fill(cache, at * many)
  assert.ok(cache.sizeBytes() <= limitBytes, String(cache.sizeBytes()))
  assert.ok(further.has('key 0') && !further.has(`key ${5 * many - 1}`))
  for (let at = 0; at < 5 * many; at++)
    assert.deepEqual(await cache.find(`key ${at}`), stored(`body ${at}`))
  assert.ok(cache.sizeBytes() <= limitBytes, String(cache.sizeBytes()))
})

test('what is dropped while it is being fetched from further away stays so', async () => {
  const further = new Map([['key', bytesOf('key', stored('old'))]])
  const spill: Spill = {
    find: (key) => {
      const bytes = further.get(key)
      return bytes && Promise.resolve(storedOf(bytes, key))
    },
    keep: (key, bytes) => further.set(key, bytes),
    drop: (key) => further.delete(key),
  }
  const cache = createMemoryCache(100_000, spill)
  const both = [cache.find('key'), cache.find('key')]
  cache.drop('key')
  assert.deepEqual(await Promise.all(both), [undefined, undefined])
  assert.equal(cache.find('key'), undefined)
  const replaced = cache.find('key')
  cache.keep('key', stored('new'))
  assert.equal(await replaced, undefined)
  assert.deepEqual(cache.find('key'), stored('new'))
})

test('all that is kept is among the entries', () => {
  const cache = createMemoryCache(400_000)
  fill(cache)
  const found = new Map(
    [...cache.entries()].map(([key, bytes]) => [key, storedOf(bytes, key)] as const),
  )
  for (let at = 0; at < many; at++) assert.deepEqual(found.get(`key ${at}`), stored(`body ${at}`))
})
