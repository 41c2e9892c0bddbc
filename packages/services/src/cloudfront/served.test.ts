import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { harness } from '../harness.fixture.ts'
import { create, elementOf, root } from './cloudfront.fixture.ts'
import { cloudfrontCollections } from './records.ts'
import { findServedId, loadDistribution } from './served.ts'

test('a distribution is found by its id, its label, its domain name and its aliases', async () => {
  await using store = await openStore('memory:')
  const id = 'E1A2B3C4D5E6F7'
  await store.documents.transact((transaction) => {
    transaction.put(cloudfrontCollections.distributions, id, { id })
    transaction.put(cloudfrontCollections.domains, 'd111111abcdef8', id)
    transaction.put(cloudfrontCollections.aliases, 'www.example.com', id)
    transaction.put(cloudfrontCollections.aliases, '*.shop.example', id)
  })
  for (const [name, expected] of [
    ['E1A2B3C4D5E6F7', true],
    ['e1a2b3c4d5e6f7', true],
    ['E0000000000000', false],
    ['d111111abcdef8', true],
    ['d111111abcdef8.cloudfront.net', true],
    ['d000000000000.cloudfront.net', false],
    ['WWW.example.com', true],
    ['example.com', false],
    ['a.shop.example', true],
    ['a.b.shop.example', true],
    ['shop.example', false],
    ['a.shop.example.evil.example', false],
  ] as const)
    assert.equal(await findServedId(store.documents, name), expected ? id : undefined, name)
})

test('of all paths that were invalidated the newest are held against what is kept', async () => {
  await using cloudfront = await harness('cloudfront')
  const id = elementOf((await create(cloudfront)).text, 'Id') ?? ''
  const paths = Array.from({ length: 3_000 }, (_, at) => `<Path>/${at}</Path>`).join('')
  for (let batch = 1; batch <= 4; batch++) {
    const { status } = await cloudfront.ask(
      'POST',
      `${root}/distribution/${id}/invalidation`,
      `<InvalidationBatch><Paths><Quantity>3000</Quantity><Items>${paths}</Items></Paths><CallerReference>${batch}</CallerReference></InvalidationBatch>`,
    )
    assert.equal(status, 201)
  }
  const served = await loadDistribution(cloudfront.store.documents, id)
  assert.deepEqual(
    [served?.invalidated, served?.invalidations.map(({ number }) => number)],
    [4, [2, 3, 4]],
  )
})
