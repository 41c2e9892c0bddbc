import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { nextRunAt, type Occur, planRun, takeUpRuns } from './runs.ts'

const ids = { text: () => '', uuid: () => '' }
const refuse: Occur = async () => {
  throw new Error('this one cannot')
}

test('what cannot be taken up stays due, and holds up nobody', async () => {
  await using store = await openStore('memory:')
  const { documents } = store
  const plan = (kind: 'rule' | 'schedule', key: string, atMs: number) =>
    documents.transact(async (transaction) => planRun(transaction, { kind, key }, undefined, atMs))
  await plan('schedule', 'broken', 1_000)
  await plan('rule', 'a', 2_000)
  await plan('rule', 'b', 3_000)
  await plan('rule', 'later', 9_000)
  const taken: string[] = []
  const failed: string[] = []
  const take = () =>
    takeUpRuns(
      documents,
      {
        rule: async (_, key) => void taken.push(key),
        schedule: refuse,
      },
      5_000,
      ids,
      (error, { key }) => failed.push(`${key}: ${(error as Error).message}`),
    )
  assert.equal(await take(), 2)
  // The first attempt, all together, came as far as the broken one.
  assert.deepEqual(taken, ['a', 'b'])
  assert.deepEqual(failed, ['broken: this one cannot'])
  assert.equal(await take(), 0)
  assert.deepEqual(failed.length, 2)
  assert.equal(await nextRunAt(documents, 5_000), 9_000)
})
