import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import fc from 'fast-check'
import { type Page, walk } from './walk.ts'

interface Entry {
  readonly key: string
}

const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** As one would do it with all keys at hand. */
function naive(keys: readonly string[], prefix: string, delimiter: string): readonly string[] {
  const shown = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return at < 0 ? `key ${key}` : `prefix ${key.slice(0, at + delimiter.length)}`
    })
  return [...new Set(shown)]
}

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '\0', 'ü', '\u{10ffff}', ' '),
  minLength: 1,
  maxLength: 6,
})

test('pages of any size, one after another, are the whole list', async () => {
  const keys = fc.uniqueArray(key, { maxLength: 30 })
  const prefix = fc.string({ unit: fc.constantFrom('a', '/', 'b'), maxLength: 2 })
  const delimiter = fc.constantFrom('', '/', 'ab')
  const most = fc.integer({ min: 1, max: 7 })
  await fc.assert(
    fc.asyncProperty(keys, prefix, delimiter, most, async (given, prefix, delimiter, most) => {
      await using store = await openStore('memory:')
      await store.documents.transact((transaction) => {
        for (const key of given) transaction.put('keys', `b/${key}`, { key })
        transaction.put('keys', 'a/other', { key: 'other' })
        transaction.put('keys', 'c/other', { key: 'other' })
      })
      const seen: string[] = []
      let last: Page<Entry>['last']
      for (let pages = 0; pages <= given.length; pages++) {
        const page: Page<Entry> = await walk<Entry>(store.documents, {
          collection: 'keys',
          prefixed: (text) => `b/${text}`,
          prefix,
          delimiter,
          most,
          after: last && 'entry' in last ? `b/${last.entry.key}` : undefined,
          afterPrefix: last && 'prefix' in last ? last.prefix : undefined,
        })
        seen.push(...page.entries.map(({ key }) => `key ${key}`))
        seen.push(...page.prefixes.map((each) => `prefix ${each}`))
        last = page.last
        if (!page.isTruncated) break
      }
      const expected = naive([...given].sort(byBytes), prefix, delimiter)
      assert.deepEqual([...seen].sort(byBytes), [...expected].sort(byBytes))
    }),
  )
})

test('keys with the last of all characters are passed over once, not for ever', async () => {
  await using store = await openStore('memory:')
  await store.documents.transact((transaction) => {
    for (const name of ['1', '2', '3', '4', '5'])
      transaction.put('keys', `a/\u{10ffff}${name}`, { key: `a/\u{10ffff}${name}` })
    transaction.put('keys', 'b', { key: 'b' })
  })
  const page = await walk<Entry>(store.documents, {
    collection: 'keys',
    prefixed: (text) => text,
    prefix: '',
    delimiter: '/',
    most: 2,
    after: undefined,
    afterPrefix: undefined,
  })
  assert.deepEqual([page.prefixes, page.entries], [['a/'], [{ key: 'b' }]])
})
