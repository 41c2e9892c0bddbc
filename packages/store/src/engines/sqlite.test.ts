import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { storeConformance } from '../conformance/index.ts'
import { lockFolder } from '../lock.ts'
import { openStore } from '../open.ts'
import type { Change } from '../store.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'sekisho-store-'))

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(2)
}

storeConformance('sqlite', () => openStore(`sqlite:${folder()}`))

test('state is there again after a restart', async () => {
  const path = folder()
  {
    await using store = await openStore(`sqlite:${path}`)
    await store.documents.transact((transaction) => transaction.put('things', 'a', { kept: true }))
    await store.blobs.put('b', Buffer.from('bytes'))
  }
  await using store = await openStore(`sqlite:${path}`)
  assert.deepEqual((await store.documents.get('things', 'a'))?.value, { kept: true })
  assert.equal(
    Buffer.concat(await Array.fromAsync((await store.blobs.get('b'))!)).toString(),
    'bytes',
  )
})

test('what others are still writing stays when one more opens the folder', async () => {
  const path = folder()
  await (await openStore(`sqlite:${path}`))[Symbol.asyncDispose]()
  const gone = spawnSync(process.execPath, ['--version']).pid
  const unfinished = join(path, 'blobs', 'unfinished')
  for (const pid of [process.ppid, process.pid, gone])
    writeFileSync(join(unfinished, `${pid}.half`), 'half')
  await using _store = await openStore(`sqlite:${path}`)
  assert.deepEqual(readdirSync(unfinished), [`${process.ppid}.half`])
})

test('another store on the same folder hears of changes and loses no update', async () => {
  const path = folder()
  await using one = await openStore(`sqlite:${path}`)
  await using other = await openStore(`sqlite:${path}`)
  const heard: Change[] = []
  using _subscription = other.changes.subscribe((changes) => heard.push(...changes))
  await one.documents.transact((transaction) => transaction.put('things', 'a', 0))
  await until(() => heard.length > 0)
  assert.deepEqual(heard, [{ collection: 'things', key: 'a' }])
  const increment = ({ documents }: typeof one) =>
    documents.transact(async (transaction) => {
      const count = await transaction.get<number>('things', 'a')
      transaction.put('things', 'a', (count?.value ?? 0) + 1)
    })
  await Promise.all(Array.from({ length: 40 }, (_, at) => increment(at % 2 === 0 ? one : other)))
  assert.equal((await one.documents.get('things', 'a'))?.value, 40)
})

test('what was written by a process that was killed before it could tell is heard of', async () => {
  const path = folder()
  await using store = await openStore(`sqlite:${path}`)
  const { promise: heard, resolve } = Promise.withResolvers<readonly Change[]>()
  using _subscription = store.changes.subscribe(resolve)
  const database = new DatabaseSync(join(path, 'state.db'))
  database.exec("INSERT INTO changes (revision, collection, key) VALUES (1, 'things', 'a')")
  database.close()
  // Nobody rang; the store's own timer does not keep a process alive.
  const alive = setTimeout(() => {}, 10_000)
  assert.deepEqual(await heard, [{ collection: 'things', key: 'a' }])
  clearTimeout(alive)
})

test('who has missed what is no longer noted is told of everything', async () => {
  const path = folder()
  await using one = await openStore(`sqlite:${path}`)
  await using other = await openStore(`sqlite:${path}`)
  await one.documents.transact((transaction) => {
    for (const key of ['changed', 'gone']) transaction.put('things', key, 1)
  })
  await other.changes.catchUp()
  assert.equal((await other.documents.get('things', 'gone'))?.value, 1)
  const heard = new Set<string>()
  using _subscription = other.changes.subscribe((changes) => {
    for (const { collection, key } of changes) heard.add(`${collection}/${key}`)
  })
  await one.documents.transact((transaction) => {
    transaction.put('things', 'changed', 2)
    transaction.delete('things', 'gone')
    for (let n = 0; n < 12_000; n++) transaction.put('others', String(n), n)
  })
  await other.changes.catchUp()
  for (const name of ['things/changed', 'things/gone', 'others/0', 'others/11999'])
    assert.ok(heard.has(name), name)
  assert.equal(await other.documents.get('things', 'gone'), undefined)
})

test('what was read before is read anew once another store has written it', async () => {
  const path = folder()
  await using one = await openStore(`sqlite:${path}`)
  await using other = await openStore(`sqlite:${path}`)
  for (let n = 0; n < 20; n++) {
    await one.documents.transact((transaction) => transaction.put('things', 'a', n))
    // In a later turn of the event loop, as another process's requests are.
    await sleep(0)
    assert.equal((await other.documents.get('things', 'a'))?.value, n)
    assert.equal((await one.documents.get('things', 'a'))?.value, n)
  }
})

test('what comes after the end is refused, and takes nobody down', async () => {
  const store = await openStore(`sqlite:${folder()}`)
  await store[Symbol.asyncDispose]()
  const late = store.documents.transact((transaction) => transaction.put('things', 'b', 1))
  await assert.rejects(late, { message: 'the store is closed' })
})

test('a newer format is refused', async () => {
  const path = folder()
  await (await openStore(`sqlite:${path}`))[Symbol.asyncDispose]()
  const database = new DatabaseSync(join(path, 'state.db'))
  database.exec('PRAGMA user_version = 999')
  database.close()
  await assert.rejects(openStore(`sqlite:${path}`), { code: 'FORMAT' })
})

test('a folder is locked once, and free again after', () => {
  const path = folder()
  {
    using _lock = lockFolder(path)
    assert.throws(() => lockFolder(path), { code: 'LOCKED' })
  }
  using _lock = lockFolder(path)
})

test('files are for their owner alone', async () => {
  const path = folder()
  await using _store = await openStore(`sqlite:${path}`)
  assert.equal(statSync(join(path, 'state.db')).mode & 0o777, 0o600)
  assert.ok(readdirSync(path).includes('blobs'))
})

test('an unknown scheme is named', async () => {
  await assert.rejects(openStore('mongo://x'), {
    message: 'unknown storage scheme `mongo:`; use `memory:` or `sqlite:`',
  })
})
