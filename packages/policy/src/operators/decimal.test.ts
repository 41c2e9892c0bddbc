import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDecimals, readDecimal } from './decimal.ts'

const order = (one: string, other: string) =>
  Math.sign(compareDecimals(readDecimal(one)!, readDecimal(other)!))

const equal = [
  ['10', '10.0', '+10', '010', '1e1', '1E+1', '0.1e2', '10.', '1000e-2'],
  ['0', '-0', '0.000', '0e9', '.0'],
  ['-2.50', '-2.5', '-25e-1'],
]
for (const [first, ...others] of equal)
  for (const other of others)
    test(`${other} is ${first}`, () => assert.equal(order(other, first!), 0))

/** Each less than the next. */
const ascending = [
  '-1e999',
  '-1e998',
  '-9007199254740993',
  '-9007199254740992',
  '-0.1',
  '0',
  '1e-999',
  '0.1',
  '0.10000000000000000001',
  '1.1',
  '9.99',
  '10',
  '9007199254740992',
  '9007199254740993',
  '1e998',
  '1e999',
]
for (const [at, less] of ascending.entries())
  for (const greater of ascending.slice(at + 1))
    test(`${less} is less than ${greater}`, () => {
      assert.equal(order(less, greater), -1)
      assert.equal(order(greater, less), 1)
    })

for (const text of ['', '.', '+', '1e', '0x10', '1,5', '12abc', ' 1', '1 ', 'NaN', '1'.repeat(401)])
  test(`\`${text.slice(0, 20)}\` is no number`, () => assert.equal(readDecimal(text), undefined))

test('whole numbers compare as they do everywhere', () => {
  const numbers = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
  fc.assert(
    fc.property(numbers, numbers, fc.nat(5), (one, other, zeros) => {
      const expected = one < other ? -1 : one > other ? 1 : 0
      assert.equal(order(`${one}.${'0'.repeat(zeros)}`, String(other)), expected)
    }),
  )
})
