import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WorkLimitError } from '../work.ts'
import { findJson } from './json-path.ts'

const json = {
  store: {
    book: [
      { title: 'A', price: 8, tags: ['x'] },
      { title: 'B', price: 12, isbn: '1-2' },
      { title: 'C', price: 22 },
    ],
    'a.b': 1,
    "it's": 2,
  },
  limit: 10,
  none: null,
}

const rows: readonly (readonly [path: string, found: unknown])[] = [
  ['$.limit', 10],
  ['$.none', null],
  ['$.store.book[0].title', 'A'],
  ['$.store.book[-1].title', 'C'],
  ["$['store']['a.b']", 1],
  ["$.store['it\\'s']", 2],
  ['$.store.book[*].title', ['A', 'B', 'C']],
  ['$..title', ['A', 'B', 'C']],
  ['$..book[1].title', ['B']],
  ['$.store.book[0,2].title', ['A', 'C']],
  ["$.store.book[0]['title','price']", ['A', 8]],
  ['$.store.book[1:].title', ['B', 'C']],
  ['$.store.book[:2].title', ['A', 'B']],
  ['$.store.book[-2:-1].title', ['B']],
  ['$.store.book[?(@.price < 10)].title', ['A']],
  ['$.store.book[?(@.price > $.limit && @.isbn)].title', ['B']],
  ['$.store.book[?(@.title == \'A\' || @.title == "C")].price', [8, 22]],
  ['$.store.book[?(!(@.isbn))].title', ['A', 'C']],
  ["$.store.book[?(@['title'] != 'A')].price", [12, 22]],
  ['$.store.book[?(@.tags.length() > 0)].title', ['A']],
  ['$.store.book.length()', 3],
  ['$.store.book[?(@.price > 10)].length()', 2],
  ['$.store.none', undefined],
  ['$.store.book.title', undefined],
  ['$.constructor', undefined],
  ["$['__proto__']", undefined],
]
for (const [path, found] of rows)
  test(`${path} finds ${JSON.stringify(found)}`, () => {
    assert.deepEqual(findJson(json, path), found)
  })

const unreadable = [
  'name',
  '$.',
  '$name',
  '$[',
  '$[?(',
  '$[?(@.a',
  '$[?(@.a =~ /x/)]',
  '$[1',
  '$...a',
  '$[?()]',
]
for (const path of unreadable)
  test(`${path} is no path, and finds nothing`, () => {
    assert.equal(findJson(json, path), undefined)
  })

test('whatever the path, it ends', () => {
  const piece = fc.constantFrom(
    '$',
    '.',
    '..',
    '*',
    '[',
    ']',
    '?(',
    ')',
    '@',
    "'",
    'a',
    '0',
    ':',
    ',',
    '&&',
    '==',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      findJson(json, `$${pieces.join('')}`)
    }),
    { numRuns: 2_000 },
  )
})

test('brackets in a filter that nothing closes end at once', () => {
  assert.equal(findJson(json, `$[?(${'[[[[[[a]'.repeat(30)}`), undefined)
  assert.deepEqual(findJson({ a: [{ 'b]': 1 }, {}] }, "$.a[?(@['b]'] == 1)]"), [{ 'b]': 1 }])
})

test('a path that multiplies is stopped', () => {
  const wide = Array.from({ length: 1_000 }, () => Array.from({ length: 1_000 }, () => ({ a: 1 })))
  assert.throws(() => findJson(wide, '$..*..*..a'), WorkLimitError)
})
