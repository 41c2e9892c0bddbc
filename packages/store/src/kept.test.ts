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
  const valueOf = async (collection = 'things') => (await kept.get(collection, 'a'))?.value
  return { store, kept, put, valueOf, reads: () => reads }
}

test('a record is read once, and again when it has changed', async () => {
  const { put, valueOf, reads } = await opened()
  await put({ size: 1 })
  assert.equal(await valueOf(), await valueOf())
  assert.equal(reads(), 1)
  await put({ size: 2 })
  assert.deepEqual(await valueOf(), { size: 2 })
})

test('that there is none is kept, too, until there is one', async () => {
  const { put, valueOf, reads } = await opened()
  assert.equal(await valueOf(), undefined)
  assert.equal(await valueOf(), undefined)
  assert.equal(reads(), 1)
  await put(1)
  assert.equal(await valueOf(), 1)
})

test('what changes while it is read is read again', async () => {
  const { put, valueOf } = await opened()
  await put(1)
  const reading = valueOf()
  await put(2)
  await reading
  assert.equal(await valueOf(), 2)
})

test('other collections are read as ever', async () => {
  const { put, valueOf, reads } = await opened()
  await put(1, 'others')
  assert.equal(await valueOf('others'), 1)
  assert.equal(await valueOf('others'), 1)
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
