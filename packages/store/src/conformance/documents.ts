/** What every engine's Documents and Changes promise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Change, Store } from '../store.ts'

/** @param open  a store without records, for each test its own */
export function documentsConformance(engine: string, open: () => Promise<Store>): void {
  const promise = (name: string, check: (store: Store) => Promise<void>) =>
    test(`${engine}: ${name}`, async () => {
      await using store = await open()
      await check(store)
    })

  promise(
    'a record that was written is read back, with a revision that grows',
    async ({ documents }) => {
      await documents.transact((transaction) => transaction.put('things', 'a', { n: 1 }))
      const first = await documents.get<{ n: number }>('things', 'a')
      await documents.transact((transaction) => transaction.put('things', 'a', { n: 2 }))
      const second = await documents.get<{ n: number }>('things', 'a')
      assert.deepEqual([first?.value, second?.value], [{ n: 1 }, { n: 2 }])
      assert.ok(second!.revision > first!.revision)
    },
  )

  promise('nobody changes what others read', async ({ documents }) => {
    await documents.transact((transaction) => transaction.put('things', 'a', { in: { n: [1] } }))
    const read = (await documents.get<{ in: { n: number[] } }>('things', 'a'))!
    assert.throws(() => read.value.in.n.push(2), TypeError)
    assert.deepEqual((await documents.get('things', 'a'))?.value, { in: { n: [1] } })
  })

  promise('a revision is never reused, not even after a delete', async ({ documents }) => {
    await documents.transact((transaction) => transaction.put('things', 'a', 1))
    const first = await documents.get('things', 'a')
    await documents.transact((transaction) => transaction.delete('things', 'a'))
    assert.equal(await documents.get('things', 'a'), undefined)
    await documents.transact((transaction) => transaction.put('things', 'a', 1))
    assert.ok((await documents.get('things', 'a'))!.revision > first!.revision)
  })

  promise(
    'a range is read in byte order, by prefix, after a key, up to a limit',
    async ({ documents }) => {
      await documents.transact((transaction) => {
        for (const key of ['b/2', 'a', 'b/10', 'b/1', 'c', 'b/é'])
          transaction.put('things', key, key)
        transaction.put('others', 'b/0', 0)
      })
      const keys = async (range: object) =>
        (await documents.list('things', range)).map(({ key }) => key)
      assert.deepEqual(await keys({}), ['a', 'b/1', 'b/10', 'b/2', 'b/é', 'c'])
      assert.deepEqual(await keys({ prefix: 'b/' }), ['b/1', 'b/10', 'b/2', 'b/é'])
      assert.deepEqual(await keys({ prefix: 'b/', after: 'b/1', limit: 2 }), ['b/10', 'b/2'])
      assert.deepEqual(await keys({ after: 'a', before: 'b/2' }), ['b/1', 'b/10'])
      assert.deepEqual(await keys({ prefix: 'b/', isReversed: true, limit: 2 }), ['b/é', 'b/2'])
      assert.deepEqual(await keys({ before: 'b/2', isReversed: true, limit: 1 }), ['b/10'])
    },
  )

  promise('the collections that have records can be listed', async ({ documents, blobs }) => {
    assert.deepEqual(await documents.collections(), [])
    await blobs.put('blob', Buffer.from('bytes'))
    await documents.transact((transaction) => {
      transaction.put('things', 'a', 1)
      transaction.put('others', 'b', 1)
    })
    assert.deepEqual(await documents.collections(), ['others', 'things'])
    await documents.transact((transaction) => transaction.delete('others', 'b'))
    assert.deepEqual(await documents.collections(), ['things'])
  })

  promise('a transaction that throws writes nothing', async ({ documents }) => {
    const failing = documents.transact((transaction) => {
      transaction.put('things', 'a', 1)
      throw new Error('no')
    })
    await assert.rejects(failing, { message: 'no' })
    assert.equal(await documents.get('things', 'a'), undefined)
  })

  promise('a transaction reads its own writes', async ({ documents }) => {
    await documents.transact((transaction) => transaction.put('things', 'a', 1))
    await documents.transact(async (transaction) => {
      transaction.delete('things', 'a')
      transaction.put('things', 'b', 2)
      assert.equal(await transaction.get('things', 'a'), undefined)
      assert.deepEqual(
        (await transaction.list('things')).map(({ key }) => key),
        ['b'],
      )
    })
  })

  promise('a hundred writers of one record lose no update', async ({ documents }) => {
    const increment = () =>
      documents.transact(async (transaction) => {
        const count = await transaction.get<number>('things', 'count')
        await Promise.resolve()
        transaction.put('things', 'count', (count?.value ?? 0) + 1)
      })
    await Promise.all(Array.from({ length: 100 }, increment))
    assert.equal((await documents.get('things', 'count'))?.value, 100)
  })

  promise(
    'what appears in a range that was read makes the transaction run again',
    async ({ documents }) => {
      const addIfFew = (key: string) =>
        documents.transact(async (transaction) => {
          const present = await transaction.list('things')
          await Promise.resolve()
          if (present.length < 5) transaction.put('things', key, true)
        })
      await Promise.all(Array.from({ length: 20 }, (_, at) => addIfFew(`key ${at}`)))
      assert.equal((await documents.list('things')).length, 5)
    },
  )

  promise('changes are told, and only of what was committed', async ({ documents, changes }) => {
    const heard: Change[] = []
    using _subscription = changes.subscribe((told) => heard.push(...told))
    await documents.transact((transaction) => transaction.put('things', 'a', 1))
    await documents.transact(() => Promise.reject(new Error('no'))).catch(() => {})
    await documents.transact((transaction) => transaction.delete('things', 'a'))
    await sleep(20)
    assert.deepEqual(
      heard.map(({ collection, key }) => [collection, key]),
      [
        ['things', 'a'],
        ['things', 'a'],
      ],
    )
  })

  promise('a list sees what its transaction deleted and wrote', async ({ documents }) => {
    await documents.transact((transaction) => {
      for (const key of ['a', 'b', 'd']) transaction.put('things', key, key)
    })
    await documents.transact(async (transaction) => {
      transaction.delete('things', 'a')
      transaction.put('things', 'c', 'c')
      const firstOf = async (limit: number) =>
        (await transaction.list('things', { limit })).map(({ key }) => key)
      assert.deepEqual(await firstOf(1), ['b'])
      assert.deepEqual(await firstOf(2), ['b', 'c'])
      assert.deepEqual(await firstOf(9), ['b', 'c', 'd'])
    })
  })

  promise('keys and values are bounded', async ({ documents }) => {
    const long = documents.transact((transaction) =>
      transaction.put('things', 'k'.repeat(2_201), 1),
    )
    await assert.rejects(long, { code: 'LIMIT' })
    const nothing = documents.transact((transaction) => transaction.put('things', 'a', undefined))
    await assert.rejects(nothing, { code: 'LIMIT' })
  })
}
