import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepReads } from './kept.ts'
import { openStore } from './open.ts'
import type { Documents } from './store.ts'

async function opened() {
  const store = await openStore('memory:')
  const put = (value: unknown, collection = 'things') =>
    store.documents.transact((transaction) => transaction.put(collection, 'a', value))
  let reads = 0
  const documents: Documents = {
    ...store.documents,
    get: (...args) => {
      reads++
      return store.documents.get(...args)
    },
    list: (...args) => store.documents.list(...args),
    collections: () => store.documents.collections(),
    transact: (work) => store.documents.transact(work),
  }
  const kept = keepReads({ documents, changes: store.changes }, { collections: ['things'] })
  const read = async (collection = 'things') => (await kept.get(collection, 'a'))?.value
  return { store, kept, put, read, reads: () => reads }
}

test('a record is read once, and again when it has changed', async () => {
  const { put, read, reads } = await opened()
  await put({ size: 1 })
  assert.equal(await read(), await read())
  assert.equal(reads(), 1)
  await put({ size: 2 })
  assert.deepEqual(await read(), { size: 2 })
})

test('that there is none is kept, too, until there is one', async () => {
  const { put, read, reads } = await opened()
  assert.equal(await read(), undefined)
  assert.equal(await read(), undefined)
  assert.equal(reads(), 1)
  await put(1)
  assert.equal(await read(), 1)
})

test('what changes while it is read is read again', async () => {
  const { put, read } = await opened()
  await put(1)
  const reading = read()
  await put(2)
  await reading
  assert.equal(await read(), 2)
})

test('other collections are read as ever', async () => {
  const { put, read, reads } = await opened()
  await put(1, 'others')
  assert.equal(await read('others'), 1)
  assert.equal(await read('others'), 1)
  assert.equal(reads(), 2)
})

test('nobody can change what others will read', async () => {
  const { put, kept } = await opened()
  await put({ tags: ['a'] })
  const { value } = (await kept.get<{ tags: string[] }>('things', 'a'))!
  assert.throws(() => value.tags.push('b'), TypeError)
})

test('whoever else keeps the record hears of the change', async () => {
  const { store, kept, put } = await opened()
  await put(1)
  const other = keepReads(store, { collections: ['things'] })
  assert.equal((await other.get('things', 'a'))?.value, 1)
  await kept.transact((transaction) => transaction.put('things', 'a', 2))
  assert.equal((await other.get('things', 'a'))?.value, 2)
})
