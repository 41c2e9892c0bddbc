import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cbor } from '@smithy/core/cbor'
import fc from 'fast-check'
import { parseCbor, Tagged, writeCbor } from './cbor.ts'

const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
)
const key = fc.string().filter((name) => name !== '__proto__')
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
}))

test('what the SDK writes is read, what is written the SDK reads', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepEqual(plain(parseCbor(cbor.serialize(value))), normal(value))
      assert.deepEqual(normal(cbor.deserialize(writeCbor(value))), normal(value))
    }),
  )
})

/** Written down in the appendix of RFC 8949, "Examples of Encoded CBOR Data Items". */
const examples: readonly (readonly [hex: string, value: unknown])[] = [
  ['00', 0],
  ['1903e8', 1000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['3903e7', -1000],
  ['f93c00', 1],
  ['fb3ff199999999999a', 1.1],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['c11a514b67b0', new Tagged(1, 1_363_896_240)],
  ['4401020304', Buffer.from([1, 2, 3, 4])],
  ['62c3bc', 'ü'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['5f42010243030405ff', Buffer.from([1, 2, 3, 4, 5])],
  [
    'bf61610161629f0203ffff',
    new Map<string, unknown>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
]

for (const [hex, value] of examples)
  test(`${hex} is read as the RFC says`, () => {
    assert.deepEqual(parseCbor(Buffer.from(hex, 'hex')), value)
  })

const malformed = [
  '',
  '18',
  '1c',
  '1f',
  '5f00ff',
  '7f5f4100ffff',
  '61ff',
  'ff',
  'fc',
  'a1',
  '1bffffffffffffffff',
]

for (const hex of malformed)
  test(`${hex || 'nothing'} is no CBOR`, () => {
    assert.throws(() => parseCbor(Buffer.from(hex, 'hex')), { code: 'SerializationException' })
  })

/** Maps as objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]))
  return value === 0 ? 0 : value
}

/** There is one zero. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normal(item)]))
  return value === 0 ? 0 : value
}
