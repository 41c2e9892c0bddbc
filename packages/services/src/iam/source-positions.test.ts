import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfValue } from './source-positions.ts'

const rows = [
  ['{"a":1}', { line: 1, column: 1 }, { line: 1, column: 8 }],
  ['[{"a":"}\\"]"}, 2]', { line: 1, column: 2 }, { line: 1, column: 14 }],
  ['{\n  "a": [\n    {"b": {}}\n  ]\n}', { line: 3, column: 5 }, { line: 3, column: 14 }],
  ['{\n  "a": [\n    {"b": {}}\n  ]\n}', { line: 1, column: 1 }, { line: 5, column: 2 }],
] as const
for (const [text, start, end] of rows)
  test(`what begins at ${start.line}:${start.column} ends at ${end.line}:${end.column}`, () =>
    assert.deepEqual(endOfValue(text, start), end))
