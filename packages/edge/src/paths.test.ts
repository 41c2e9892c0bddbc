import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePattern, normalizedPath } from './paths.ts'

/** A pattern, a path as viewers write it, and whether it is meant. */
const rows: readonly (readonly [pattern: string, path: string, expected: boolean])[] = [
  ['/private/*', '/private/a', true],
  ['private/*', '/private/a', true],
  ['/private/*', '/public/../private/a', true],
  ['/private/*', '/public/%2e%2e/private/a', true],
  ['/private/*', '//private//a', true],
  ['/private/*', '/%70rivate/a', true],
  ['/private/*', '/Private/a', false],
  ['/private/*', '/public/..%2fprivate/a', false],
  ['/a%2fb/*', '/a%2fb/c', true],
  ['/a%2fb/*', '/a%2Fb/c', true],
  ['/%c3%a9/*', '/%C3%A9/c', true],
  ['/%7euser/*', '/~user/c', true],
  ['/~user/*', '/%7Euser/c', true],
  ['*.jp?g', '/a/b.jpeg', true],
  ['*.jp?g', '/a/b.jpg', false],
]

for (const [pattern, path, expected] of rows)
  test(`${pattern} ${expected ? 'is' : 'is not'} for ${path}`, () => {
    assert.equal(compilePattern(pattern)(normalizedPath(path)), expected)
  })
