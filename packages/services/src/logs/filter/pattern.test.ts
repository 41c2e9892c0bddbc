import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPattern } from './pattern.ts'

interface Case {
  readonly pattern: string
  readonly source: string
  readonly fits: readonly string[]
  readonly fitsNot: readonly string[]
}

const file = join(import.meta.dirname, '..', 'cases', 'filter-patterns.json')
for (const { pattern, source, fits, fitsNot } of JSON.parse(readFileSync(file, 'utf8')) as Case[])
  test(`the filter pattern ${pattern || '(empty)'} finds what it should (${source})`, () => {
    const { match } = readPattern(pattern)
    for (const message of fits) assert.notEqual(match(message), undefined, message)
    for (const message of fitsNot) assert.equal(match(message), undefined, message)
  })

for (const pattern of [
  '{ $.a = }',
  '{ $.a = 1',
  '{ a = 1 }',
  '{ $.a > "x" }',
  '{ $.a }',
  '{ ($.a = 1 }',
  '[a, b',
  '[..., a, ...]',
  '[a=1 && b=2]',
  '"open',
  'not-a-word',
  '%(a)%',
  '%a{2000}%',
  '%[b-a]%',
  '%é%',
])
  test(`the filter pattern ${pattern} is refused`, () => {
    assert.throws(() => readPattern(pattern), { code: 'InvalidParameterException' })
  })

test('what a pattern names is extracted', () => {
  const line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /a.gif HTTP/1.0" 404 1534'
  assert.deepEqual(readPattern('[ip, user, ..., status=4*, bytes > 1000]').match(line), {
    $ip: '127.0.0.1',
    $user: '-',
    $status: '404',
    $bytes: '1534',
  })
  assert.deepEqual(readPattern('{ $.n > 1 && $.s = "a*" }').match('{"n":2,"s":"ab"}'), {
    '$.n': '2',
    '$.s': 'ab',
  })
})

test('a regular expression takes no longer than the text is long', () => {
  const { match } = readPattern(`%${'a*'.repeat(40)}b%`)
  const begin = process.cpuUsage().user
  assert.equal(match('a'.repeat(20_000)), undefined)
  assert.ok(process.cpuUsage().user - begin < 3_000_000)
})
