import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesOf, type Stored } from '@sekisho/edge'
import { type DiskCacheOptions, openDiskCache } from './disk-cache.ts'

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'sekisho-disk-cache-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const open = (path: string, more: Partial<DiskCacheOptions> = {}) =>
  openDiskCache({
    folder: path,
    limitBytes: 1_000_000,
    keeps: true,
    onFailure: (error) => assert.fail(String(error)),
    ...more,
  })

const stored = (text: string): Stored => ({
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  body: new Uint8Array(Buffer.from(text)),
  storedAt: 1,
  initialAge: 0,
  freshUntil: 2,
  revalidateUntil: 2,
  errorUntil: 3,
  survived: 0,
  uri: '/a',
})

/** What is erased is not waited for by anybody. */
async function until(isSo: () => boolean) {
  for (let turn = 0; turn < 6_000 && !isSo(); turn++) await sleep(5)
}

test('what is kept is found again, while it is written and after', async () => {
  using at = folder()
  const cache = open(at.path)
  cache.keep('a', bytesOf('a', stored('one')))
  assert.deepEqual(await cache.find('a'), stored('one'))
  await cache.flush()
  assert.deepEqual(await cache.find('a'), stored('one'))
  assert.equal(cache.find('b'), undefined)
})

test('a restart finds what was there, unless it is not to be kept', async () => {
  using at = folder()
  const first = open(at.path)
  first.keep('a', bytesOf('a', stored('one')))
  await first.flush()
  const second = open(at.path)
  await second.ready
  assert.deepEqual(await second.find('a'), stored('one'))
  const third = open(at.path, { keeps: false })
  assert.equal(third.find('a'), undefined)
  assert.deepEqual(readdirSync(at.path), [])
})

test('a restart clears away what was half written', async () => {
  using at = folder()
  const first = open(at.path)
  first.keep('a', bytesOf('a', stored('one')))
  await first.flush()
  const names = readdirSync(at.path)
  writeFileSync(join(at.path, `${names[0]}.new`), 'half')
  const second = open(at.path)
  await second.ready
  assert.deepEqual(await second.find('a'), stored('one'))
  await until(() => readdirSync(at.path).length === 1)
  assert.deepEqual(readdirSync(at.path), names)
})

test('the oldest go where there is no room, and what is dropped is gone', async () => {
  using at = folder()
  const cache = open(at.path, { limitBytes: 5_000 })
  for (let count = 0; count < 10; count++) {
    cache.keep(String(count), bytesOf(String(count), stored('x'.repeat(1_000))))
    await cache.flush()
  }
  assert.ok(cache.sizeBytes() <= 5_000)
  assert.equal(cache.find('0'), undefined)
  assert.equal((await cache.find('9'))?.body.length, 1_000)
  cache.drop('9')
  assert.equal(cache.find('9'), undefined)
})

test('a broken file is nothing', async () => {
  using at = folder()
  const cache = open(at.path)
  cache.keep('a', bytesOf('a', stored('one')))
  await cache.flush()
  for (const name of readdirSync(at.path)) writeFileSync(join(at.path, name), 'nonsense')
  assert.equal(await cache.find('a'), undefined)
})

test('what waits to be written is bounded, even where there are no bodies', async () => {
  using at = folder()
  const cache = open(at.path)
  const count = 200
  const uri = `/${'a'.repeat(100_000)}`
  for (let key = 0; key < count; key++)
    cache.keep(String(key), bytesOf(String(key), { ...stored(''), uri }))
  const held = Array.from({ length: count }, (_, key) => cache.find(String(key)))
  const bytes = held.filter((each) => each !== undefined).length * uri.length
  assert.ok(bytes > 1_000_000 && bytes < 5_000_000, String(bytes))
  cache.drop('0')
  await cache.flush()
})

test('what there is no room for does not leave an older one behind', async () => {
  using at = folder()
  const cache = open(at.path)
  cache.keep('a', bytesOf('a', stored('old')))
  await cache.flush()
  for (const key of ['b', 'c']) cache.keep(key, bytesOf(key, stored('x'.repeat(8_000_000))))
  cache.keep('a', bytesOf('a', stored('x'.repeat(2_000_000))))
  assert.equal(cache.find('a'), undefined)
  await cache.flush()
})

test('what comes while an older one is written is what stays', async () => {
  using at = folder()
  const cache = open(at.path)
  for (const text of ['one', 'two', 'three']) {
    cache.keep('a', bytesOf('a', stored(text)))
    await new Promise(setImmediate)
    assert.deepEqual(await cache.find('a'), stored(text))
  }
  await cache.flush()
  assert.deepEqual(await cache.find('a'), stored('three'))
  cache.keep('a', bytesOf('a', stored('four')))
  await new Promise(setImmediate)
  cache.drop('a')
  await cache.flush()
  assert.equal(cache.find('a'), undefined)
  await until(() => readdirSync(at.path).length === 0)
  assert.deepEqual(readdirSync(at.path), [])
})

test('what could not be written does not leave an older one behind', async () => {
  using at = folder()
  const failures: unknown[] = []
  const cache = open(at.path, { onFailure: (error) => failures.push(error) })
  cache.keep('a', bytesOf('a', stored('old')))
  await cache.flush()
  mkdirSync(join(at.path, `${readdirSync(at.path)[0]}.new`))
  cache.keep('a', bytesOf('a', stored('new')))
  await cache.flush()
  assert.equal(failures.length, 1)
  assert.equal(await cache.find('a'), undefined)
})
