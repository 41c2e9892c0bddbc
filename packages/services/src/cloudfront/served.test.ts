import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { cloudfrontCollections } from './records.ts'
import { findServedId } from './served.ts'

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
