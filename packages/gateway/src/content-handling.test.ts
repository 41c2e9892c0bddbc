import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convertRequest, convertResponse } from './content-handling.ts'

const list = ['image/png', 'application/octet-stream']
const plain = 'aGVsbG8='
const [text, bytes] = ['text/plain', 'image/png']

/** @see API Gateway Developer Guide, "Content type conversions in API Gateway" */
const requests = [
  [text, [], undefined, plain],
  [text, [], 'CONVERT_TO_BINARY', 'hello'],
  [text, [], 'CONVERT_TO_TEXT', plain],
  [text, list, undefined, plain],
  [text, list, 'CONVERT_TO_BINARY', 'hello'],
  [bytes, list, undefined, plain],
  [bytes, list, 'CONVERT_TO_BINARY', plain],
  [bytes, list, 'CONVERT_TO_TEXT', 'YUdWc2JHOD0='],
] as const
for (const [type, binary, handling, expected] of requests)
  test(`a ${type} request with ${binary.length} binary types and ${handling} becomes ${expected}`, () => {
    assert.equal(
      Buffer.from(convertRequest(Buffer.from(plain), type, binary, handling)).toString(),
      expected,
    )
  })

const responses = [
  [text, text, [], undefined, plain],
  [text, text, [], 'CONVERT_TO_BINARY', 'hello'],
  [text, bytes, list, undefined, 'hello'],
  [text, bytes, list, 'CONVERT_TO_TEXT', plain],
  [bytes, text, list, undefined, 'YUdWc2JHOD0='],
  [bytes, text, list, 'CONVERT_TO_BINARY', plain],
  [bytes, bytes, list, undefined, plain],
  [bytes, bytes, list, 'CONVERT_TO_TEXT', 'YUdWc2JHOD0='],
  [bytes, 'image/png;q=1, text/html', list, undefined, plain],
] as const
for (const [type, accept, binary, handling, expected] of responses)
  test(`a ${type} answer for Accept ${accept}, ${binary.length} binary types and ${handling} becomes ${expected}`, () => {
    const converted = convertResponse(Buffer.from(plain), type, accept, binary, handling)
    assert.equal(Buffer.from(converted).toString(), expected)
  })

test('what should be base64 and is not ends the call', () => {
  assert.throws(() => convertRequest(Buffer.from('no base64!'), text, [], 'CONVERT_TO_BINARY'), {
    name: 'GatewayError',
    type: 'API_CONFIGURATION_ERROR',
  })
})
