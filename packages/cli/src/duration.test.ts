import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationMs } from './duration.ts'

for (const [text, expected] of [
  ['1d', 86_400_000],
  ['36h', 129_600_000],
  ['1w2d3h4m5s6ms', 788_645_006],
  ['500ms', 500],
  ['0s', 0],
  ['', undefined],
  ['1', undefined],
  ['1h1d', undefined],
  ['-1h', undefined],
  ['1.5h', undefined],
  ['1 h', undefined],
  ['1h1h', undefined],
] as const)
  test(`\`${text}\` is ${expected ?? 'no duration'}`, () => {
    assert.equal(durationMs(text), expected)
  })
