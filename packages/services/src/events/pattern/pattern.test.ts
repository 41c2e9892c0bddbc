import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesPattern, parsePattern } from './pattern.ts'
import { matchesWildcard, parseWildcard } from './wildcard.ts'

const event = {
  version: '0',
  id: '1',
  'detail-type': 'Order Placed',
  source: 'shop.orders',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: ['arn:a', 'arn:b'],
  detail: {
    state: 'Open',
    amount: 12.5,
    isGift: false,
    note: null,
    address: '10.0.0.17',
    six: '2001:db8::7',
    path: 'images/cat.png',
    items: [
      { sku: 'a', count: 1 },
      { sku: 'b', count: 2 },
    ],
    empty: [],
    nested: { deep: { value: 'x' } },
  },
}

const matching: readonly object[] = [
  { source: ['shop.orders'] },
  { source: ['other', 'shop.orders'], account: ['123456789012'] },
  { resources: ['arn:b'] },
  { detail: { state: ['Open'], amount: [12.5], isGift: [false], note: [null] } },
  { detail: { nested: { deep: { value: ['x'] } } } },
  { source: [{ prefix: 'shop.' }] },
  { source: [{ prefix: { 'equals-ignore-case': 'SHOP' } }] },
  { source: [{ suffix: '.orders' }] },
  { detail: { path: [{ suffix: { 'equals-ignore-case': '.PNG' } }] } },
  { detail: { state: [{ 'equals-ignore-case': 'oPEN' }] } },
  { detail: { state: [{ 'anything-but': 'Closed' }] } },
  { detail: { state: [{ 'anything-but': ['Closed', 'Lost'] }] } },
  { detail: { state: [{ 'anything-but': { prefix: 'Cl' } }] } },
  { detail: { state: [{ 'anything-but': { prefix: ['Cl', 'X'] } }] } },
  { detail: { path: [{ 'anything-but': { suffix: '.jpg' } }] } },
  { detail: { state: [{ 'anything-but': { 'equals-ignore-case': ['CLOSED', 'x'] } }] } },
  { detail: { path: [{ 'anything-but': { wildcard: '*.jpg' } }] } },
  { detail: { amount: [{ 'anything-but': [1, 2] }] } },
  // One of the two is not in the list.
  { resources: [{ 'anything-but': ['arn:a'] }] },
  { detail: { amount: [{ numeric: ['=', 12.5] }] } },
  { detail: { amount: [{ numeric: ['>', 0, '<=', 12.5] }] } },
  { detail: { amount: [{ numeric: ['>=', 12.5] }] } },
  { detail: { state: [{ exists: true }], missing: [{ exists: false }] } },
  { detail: { note: [{ exists: true }] } },
  { detail: { empty: [{ exists: false }] } },
  { detail: { gone: { deeper: [{ exists: false }] } } },
  // Objects are no leaves.
  { detail: { nested: [{ exists: false }] } },
  { detail: { address: [{ cidr: '10.0.0.0/24' }] } },
  { detail: { six: [{ cidr: '2001:db8::/32' }] } },
  { detail: { path: [{ wildcard: 'images/*.png' }] } },
  { detail: { items: { sku: ['b'], count: [2] } } },
  { $or: [{ source: ['other'] }, { detail: { state: ['Open'] } }] },
  { source: ['shop.orders'], detail: { $or: [{ amount: [1] }, { isGift: [false] }] } },
]

const different: readonly object[] = [
  { source: ['shop'] },
  { account: [123456789012] },
  { detail: { amount: ['12.5'] } },
  { detail: { isGift: ['false'] } },
  { detail: { state: ['open'] } },
  { detail: { state: [{ prefix: 'open' }] } },
  { detail: { state: [{ 'anything-but': 'Open' }] } },
  { detail: { state: [{ 'anything-but': { prefix: ['Op'] } }] } },
  { detail: { missing: [{ 'anything-but': 'x' }] } },
  { detail: { amount: [{ numeric: ['>', 12.5] }] } },
  { detail: { state: [{ numeric: ['>', 0] }] } },
  { detail: { state: [{ exists: false }] } },
  { detail: { missing: [{ exists: true }] } },
  { detail: { nested: [{ exists: true }] } },
  { detail: { address: [{ cidr: '10.0.1.0/24' }] } },
  { detail: { state: [{ cidr: '10.0.1.0/24' }] } },
  { detail: { path: [{ wildcard: 'images/*.jpg' }] } },
  // In the same member of the list, not one here and one there.
  { detail: { items: { sku: ['a'], count: [2] } } },
  { detail: { state: { deeper: ['x'] } } },
  { $or: [{ source: ['other'] }, { detail: { state: ['Closed'] } }] },
  { toString: [{ exists: true }] },
]

test('an event matches what every field of a pattern asks for', () => {
  for (const pattern of matching)
    assert.ok(matchesPattern(parsePattern(JSON.stringify(pattern)), event), JSON.stringify(pattern))
  for (const pattern of different)
    assert.ok(
      !matchesPattern(parsePattern(JSON.stringify(pattern)), event),
      JSON.stringify(pattern),
    )
})

const refused: readonly (readonly [string, string])[] = [
  ['{bad', 'Invalid JSON'],
  ['[]', 'Filter is not an object'],
  ['"x"', 'Filter is not an object'],
  ['{}', 'Empty objects are not allowed'],
  ['{"source":"a"}', '"source" must be an object or an array'],
  ['{"detail":{"a":{"b":{"c":"plain"}}}}', '"c" must be an object or an array'],
  ['{"source":[]}', 'Empty arrays are not allowed'],
  ['{"source":[{"begins":"a"}]}', 'Unrecognized match type begins'],
  ['{"source":[{"constructor":"a"}]}', 'Unrecognized match type constructor'],
  ['{"source":[{"prefix":1}]}', 'prefix match pattern must be a string'],
  ['{"source":[{"prefix":"a","suffix":"b"}]}', 'Only one key allowed in match expression'],
  ['{"source":[{"exists":"yes"}]}', 'exists match pattern must be either true or false.'],
  ['{"a":[{"numeric":["~",1]}]}', 'Unrecognized numeric range operator: ~'],
  ['{"a":[{"numeric":[">","1"]}]}', 'Value of > must be numeric'],
  ['{"a":[{"numeric":[">",5,"<",5]}]}', 'Bottom must be less than top'],
  ['{"a":[{"numeric":["<",5,">",1]}]}', 'Too many elements in numeric expression'],
  ['{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"],
  ['{"a":[{"cidr":"10.0.0.0/33"}]}', 'Nonstandard IP address: 10.0.0.0/33'],
  ['{"a":[{"wildcard":"a**b"}]}', 'Consecutive wildcard characters at pos 1'],
  ['{"a":[{"wildcard":"a\\\\b"}]}', 'Invalid escape character at pos 1'],
  [
    '{"a":[{"anything-but":[true]}]}',
    'Inside anything but list, start|null|boolean is not supported.',
  ],
]
for (const [pattern, reason] of refused)
  test(`no pattern: ${pattern}`, () =>
    assert.throws(() => parsePattern(pattern), { message: reason }))

test('a pattern with too many combinations is refused', () => {
  const choice = Array.from({ length: 11 }, (_, at) => ({ a: [at] }))
  const nested = choice.map((each) => ({ ...each, $or: choice }))
  assert.throws(() =>
    parsePattern(JSON.stringify({ $or: nested.map((each) => ({ ...each, b: { $or: nested } })) })),
  )
})

test('wildcards match as a regular expression would', () => {
  const letter = fc.constantFrom('a', 'b', '*')
  const patterns = fc
    .array(letter, { maxLength: 8 })
    .map((letters) => letters.join('').replaceAll(/\*+/g, '*'))
  const texts = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((all) => all.join(''))
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      return matchesWildcard(parseWildcard(pattern), text) === same.test(text)
    }),
  )
})
