/** Times are read strictly: one that does not exist is no time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAmzDate, parseAmzDate, parseDateHeader } from './dates.ts'

test('what is formatted is read back to the second', () => {
  const min = new Date('1000-01-01T00:00:00Z')
  const max = new Date('9999-12-31T23:59:59Z')
  fc.assert(
    fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
      const second = Math.floor(date.getTime() / 1_000) * 1_000
      assert.equal(parseAmzDate(formatAmzDate(date)), second)
    }),
  )
})

for (const text of [
  '',
  '20260230T000000Z',
  '20261320T000000Z',
  '20261120T240000Z',
  '20261120T236000Z',
  '20261120t120000Z',
  '20261120T120000',
  '2026112 T120000Z',
  '-2026112T120000Z',
]) {
  test(`\`${text}\` is no time`, () => {
    assert.equal(parseAmzDate(text), undefined)
    assert.equal(parseDateHeader(text), undefined)
  })
}

test('a Date header with another month or zone is no time', () => {
  assert.equal(parseDateHeader('Fri, 20 Foo 2026 12:00:00 GMT'), undefined)
  assert.equal(parseDateHeader('Fri, 20 Nov 2026 12:00:00 +0100'), undefined)
  assert.equal(parseDateHeader('Fri, 31 Apr 2026 12:00:00 GMT'), undefined)
})
