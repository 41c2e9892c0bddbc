import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonBody } from './json-codec.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('a name with escapes is not taken for another that was read before', () => {
  parseJsonBody(bytes(String.raw`{"sku":null,"\\u00":1}`))
  const body = bytes(String.raw`{"sku":null,"\u0072ole":"reader"}`)
  assert.deepEqual(parseJsonBody(body), { sku: null, role: 'reader' })
})
