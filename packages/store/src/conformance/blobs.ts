/** What every engine's Blobs promise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../store.ts'

export function blobsConformance(engine: string, open: () => Promise<Store>): void {
  const promise = (name: string, check: (store: Store) => Promise<void>) =>
    test(`${engine}: ${name}`, async () => {
      await using store = await open()
      await check(store)
    })
  const read = async (bytes: AsyncIterable<Uint8Array> | undefined) =>
    bytes && Buffer.concat(await Array.fromAsync(bytes)).toString()

  promise('a blob is read back whole and in part, under any name', async ({ blobs }) => {
    for (const name of ['plain', '../../etc/passwd', 'a/b//c', 'ü\u0000']) {
      assert.deepEqual(await blobs.put(name, Buffer.from('0123456789')), { sizeBytes: 10 })
      assert.equal(await read(await blobs.get(name)), '0123456789')
      assert.equal(await read(await blobs.get(name, { start: 2, end: 5 })), '234')
      assert.equal(await read(await blobs.get(name, { start: 8 })), '89')
      assert.equal(await read(await blobs.get(name, { start: 10 })), '')
    }
  })

  promise('a later put replaces, a delete removes', async ({ blobs }) => {
    await blobs.put('a', Buffer.from('one'))
    await blobs.put('a', Buffer.from('two'))
    assert.equal(await read(await blobs.get('a')), 'two')
    await blobs.delete('a')
    assert.equal(await blobs.get('a'), undefined)
  })

  promise('a put that fails half-way leaves what was there', async ({ blobs }) => {
    await blobs.put('a', Buffer.from('old'))
    const failing = async function* () {
      yield Buffer.from('new')
      throw new Error('cut off')
    }
    await assert.rejects(blobs.put('a', failing()), { message: 'cut off' })
    assert.equal(await read(await blobs.get('a')), 'old')
  })

  promise('what is beside a blob is written with it', async ({ blobs, documents }) => {
    const note = async () => (await documents.get('notes', 'a'))?.value
    await blobs.put('a', Buffer.from('one'), (transaction) => transaction.put('notes', 'a', 1))
    assert.equal(await note(), 1)
    await blobs.delete('a', (transaction) => transaction.delete('notes', 'a'))
    assert.equal(await note(), undefined)
    await blobs.delete('a', (transaction) => transaction.put('notes', 'a', 2))
    assert.equal(await note(), 2)
    const failing = async function* () {
      yield Buffer.from('new')
      throw new Error('cut off')
    }
    await assert.rejects(
      blobs.put('a', failing(), (transaction) => transaction.put('notes', 'a', 3)),
    )
    assert.equal(await note(), 2)
  })

  promise('names are listed by prefix, in byte order', async ({ blobs }) => {
    for (const name of ['b/2', 'a', 'b/1']) await blobs.put(name, Buffer.from(''))
    assert.deepEqual(await Array.fromAsync(blobs.list('b/')), ['b/1', 'b/2'])
  })
}
