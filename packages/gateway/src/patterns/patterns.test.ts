import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WorkLimitError } from '../work.ts'
import { compilePattern, PatternError } from './match.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n', '0', 'é'), maxLength: 8 })
const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '\\s', '\\b', '^', '$')
const quantifier = fc.constantFrom('', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?')
const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('part'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((parts) => parts.join('')).join('|')),
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(atom, quantifier).map(([one, often]) => (/[b^$]$/.test(one) ? one : one + often)),
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?=', '(?!'), tie('pattern'), quantifier)
      .map(([open, inner, often]) => `${open}${inner})${/[=!]$/.test(open) ? '' : often}`),
  ),
}))

test("whatever the expression and the text, the answer is the engine's", () => {
  fc.assert(
    fc.property(pattern, word, (expression, text) => {
      assert.equal(compilePattern(expression).test(text), new RegExp(expression, 'u').test(text))
    }),
    { numRuns: 1_000 },
  )
})

test("where it matches, and how far, is the engine's too", () => {
  // Empty ways through a loop are counted differently by different engines.
  const plain = pattern.filter(
    (each) =>
      !/\|\||\|\)|\(\||\(\)|^\||\|$|[*+?}]\)?[*+?{]|\(\?[:=!]?\)/.test(each) &&
      !/\)[*+?{]/.test(each),
  )
  fc.assert(
    fc.property(plain, word, (expression, text) => {
      const theirs = new RegExp(expression, 'u').exec(text)
      const ours = compilePattern(expression).find(text, 0, { left: 1e6 })
      assert.equal(ours?.[0], theirs?.index)
      assert.equal(ours && text.slice(ours[0], ours[1]), theirs?.[0])
    }),
    { numRuns: 1_000 },
  )
})

test('groups remember what they matched', () => {
  const ours = compilePattern('(\\w+)@(?:(\\w+)\\.)?(?<last>\\w+)').find('to a@bc.de', 0, {
    left: 1e4,
  })
  assert.deepEqual(ours, [3, 10, 3, 4, 5, 7, 8, 10])
})

test('the whole text matches when it has to', () => {
  const pattern = compilePattern('a|b.*c', { isWhole: true })
  assert.deepEqual(
    ['a', 'bxc', 'ab', 'xa', 'bc\n'].map((text) => pattern.test(text)),
    [true, true, false, false, false],
  )
})

test('a character beyond 16 bits is one', () => {
  assert.equal(compilePattern('^.$').test('😀'), true)
  assert.equal(compilePattern('^[😀]{2}$').test('😀😀'), true)
})

test("Java's leading flags are read", () => {
  assert.equal(compilePattern('(?i)error').test('Some ERROR'), true)
  assert.equal(compilePattern('(?s)a.b').test('a\nb'), true)
  assert.equal(compilePattern('a.b').test('a\nb'), false)
})

const slow = ['^(a+)+$', '^(a|aa)+$', '^(a|a)*$', '^(.*a){12}$', '^(([a-z])+.)+[A-Z]([a-z])+$']
for (const expression of slow)
  test(`${expression} takes no longer on a text made for it`, () => {
    assert.equal(compilePattern(expression).test(`${'a'.repeat(5_000)}!`), false)
  })

test('looking ahead from everywhere to the end gives up instead of going on', () => {
  const pattern = compilePattern('^(?:(?=.*b)a)*$')
  assert.throws(() => pattern.test(`${'a'.repeat(100_000)}b`), WorkLimitError)
})

const refused = [
  ['(', 'no expression'],
  ['[z-a]', 'a range that runs backwards'],
  ['(a)\\1', 'a reference back'],
  ['(?<=a)b', 'looking behind'],
  ['(?:a{1000}){1000}', 'a million repetitions'],
  ['(?:(?=(?:(?=a{70}){70})){70}', 'as many of them looked ahead for'],
  ['(?:(?:(?:){1000}){1000}){1000}a{9000}', 'repetitions of nothing'],
  ['('.repeat(60) + ')'.repeat(60), 'groups in groups'],
  ['a'.repeat(10_001), 'too many characters'],
] as const
for (const [expression, what] of refused)
  test(`${what} is refused`, () => {
    assert.throws(() => compilePattern(expression), PatternError)
  })
