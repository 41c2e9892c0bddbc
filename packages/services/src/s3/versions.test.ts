import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore, type Store } from '@sekisho/store'
import fc from 'fast-check'
import { type BucketRecord, s3Collections, type VersionRecord, versionsOf } from './records.ts'
import {
  addVersion,
  currentOf,
  hideKey,
  nullVersion,
  placeBehind,
  removeVersion,
  versionOf,
} from './versions.ts'
import { walkMarked } from './walk.ts'

const bucket = (versioning?: BucketRecord['versioning']): BucketRecord => ({
  name: 'bucket',
  id: 'id',
  accountId: '000000000000',
  region: 'us-east-1',
  createdAt: 0,
  ...(versioning && { versioning }),
})

/** What is kept, as a list with the newest first. */
interface Model {
  readonly id: string
  readonly etag: string
  readonly isMarker: boolean
}

type Step =
  | { readonly do: 'put' | 'hide'; readonly versioning: BucketRecord['versioning'] }
  | { readonly do: 'remove'; readonly at: number }

const states = fc.constantFrom('Enabled' as const, 'Suspended' as const)
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('put' as const, 'hide' as const), versioning: states }),
    fc.record({ do: fc.constant('remove' as const), at: fc.nat(5) }),
  ),
  { maxLength: 15 },
)

async function play(store: Store, plan: readonly Step[]): Promise<readonly Model[]> {
  let model: Model[] = []
  let count = 0
  for (const step of plan) {
    count++
    const random = String(count).padStart(23, '0')
    await store.documents.transact(async (transaction) => {
      if (step.do === 'remove') {
        const target = model[step.at]
        if (target === undefined) return
        const version = await versionOf(transaction, bucket('Enabled'), 'key', target.id)
        assert.ok(version)
        await removeVersion(transaction, bucket('Enabled'), version, 0)
        model = model.filter(({ id }) => id !== target.id)
        return
      }
      const in_ = bucket(step.versioning)
      const made = { key: 'key', modifiedAt: 1_000, size: 1, etag: random }
      const { result } =
        step.do === 'put'
          ? await addVersion(transaction, in_, made, random)
          : await hideKey(transaction, in_, 'key', random, 1_000)
      const { versionId: id, etag } = result as VersionRecord
      const kept = id === nullVersion ? model.filter((each) => each.id !== id) : model
      model = [{ id, etag, isMarker: step.do === 'hide' }, ...kept]
    })
  }
  return model
}

test('whatever comes and goes, the newest version is the current one, unless it is a marker', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      await using store = await openStore('memory:')
      const model = await play(store, plan)
      const stored = await store.documents.list<VersionRecord>(s3Collections.versions, {
        prefix: versionsOf(bucket(), 'key'),
      })
      assert.deepEqual(
        stored.map(({ value }) => value.versionId),
        model.map(({ id }) => id),
      )
      const current = await currentOf(store.documents, bucket('Enabled'), 'key')
      const newest = model[0]
      assert.equal(current?.etag, newest?.isMarker ? undefined : newest?.etag)
    }),
  )
})

test('whoever lists versions and deletes each page as it comes sees every one of them', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (plan, most) => {
      await using store = await openStore('memory:')
      const { documents } = store
      const model = await play(store, plan)
      const seen = new Set<string>()
      for (let last = ''; ; ) {
        const behind = last === '' ? undefined : await placeBehind(documents, bucket(), 'key', last)
        const marked = { KeyMarker: last === '' ? '' : 'key' }
        const page = await walkMarked<VersionRecord>(
          documents,
          bucket(),
          s3Collections.versions,
          marked,
          most,
          behind,
        )
        for (const version of page.entries) {
          seen.add(version.versionId)
          await documents.transact((transaction) =>
            removeVersion(transaction, bucket('Enabled'), version, 0),
          )
        }
        if (!page.isTruncated) break
        last = page.entries.at(-1)!.versionId
      }
      assert.deepEqual(seen, new Set(model.map(({ id }) => id)))
    }),
  )
})

test('without versions a key has one, and nothing is left when it is deleted', async () => {
  await using store = await openStore('memory:')
  const made = { key: 'key', modifiedAt: 0, size: 1, etag: 'etag' }
  const content = { kind: 'blob', id: 'one' } as const
  await store.documents.transact(async (transaction) => {
    await addVersion(transaction, bucket(), { ...made, content }, '')
    const { loose } = await addVersion(transaction, bucket(), made, '')
    assert.deepEqual(loose, [content])
    await hideKey(transaction, bucket(), 'key', '', 0)
  })
  assert.deepEqual(await store.documents.list(s3Collections.versions), [])
  assert.deepEqual(await store.documents.list(s3Collections.objects), [])
})
