import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlAnswer } from './url-event.ts'

test('a name with escapes in an answer is not taken for one that was read before', () => {
  const answerOf = (text: string) => urlAnswer(Buffer.from(text))
  answerOf(String.raw`{"statusCode":201,"\\u00":1}`)
  const answer = answerOf(String.raw`{"statusCode":201,"\u0062ody":"mine"}`)
  assert.deepEqual([answer?.status, String(answer?.body)], [201, 'mine'])
})
