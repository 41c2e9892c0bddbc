import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRegex } from './regex.ts'

/** Both languages have all of these, and mean the same by them. */
const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '^', '$')
const times = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}')
const sequence = fc
  .array(fc.tuple(atom, times), { minLength: 1, maxLength: 6 })
  .map((steps) => steps.map(([one, many]) => (/[$^]$/.test(one) ? one : one + many)).join(''))
const expression = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((all) => all.join('|'))
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', '_', '\n'), { maxLength: 12 })
  .map((characters) => characters.join(''))

test('an expression is found where JavaScript finds it', () => {
  fc.assert(
    fc.property(expression, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
      const isFound = readRegex(source)
      // One after the other: what is known of one text holds for the next.
      for (const each of texts)
        assert.equal(isFound(each), new RegExp(source).test(each), `${source} in ${each}`)
    }),
    { numRuns: 2_000 },
  )
})

test('more places than there is room for are forgotten, and found again', () => {
  const isFound = readRegex('a.{40}b.{40}c')
  const noise = Array.from({ length: 20_000 }, (_, at) => 'ab'[((at * at * 7 + at * 3) % 11) % 2])
  assert.equal(isFound(noise.join('')), false)
  const hit = `a${'x'.repeat(40)}b${'x'.repeat(40)}c`
  assert.equal(isFound(noise.join('') + hit), true)
})
