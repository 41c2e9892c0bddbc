/** awsJson 1.0 and 1.1: Organizations, EventBridge, CloudWatch Logs. */
import { parseJsonBody, readJson, tokenNames, writeJson } from './json-codec.ts'
import { jsonErrorOf } from './json-error.ts'
import type { Protocol, Values } from './protocol.ts'

const habits = { usesJsonName: false, names: tokenNames }

/** @see Smithy 2.0 specification, "AWS JSON 1.0 protocol", "AWS JSON 1.1 protocol" */
function awsJson(version: '1.0' | '1.1'): Protocol {
  const contentType = `application/x-amz-json-${version}`
  return {
    decode: (operation, request) =>
      (readJson(operation.input, parseJsonBody(request.body), habits) ?? {}) as Values,
    encode: (operation, output, { requestId }) => ({
      status: 200,
      headers: ['x-amzn-RequestId', requestId, 'Content-Type', contentType],
      body: JSON.stringify(writeJson(operation.output, output, habits) ?? {}),
    }),
    encodeError: (error, { requestId, model }) => ({
      // JSON 1.x answers what a client did wrong with 400, whatever it was.
      status: error.status >= 500 ? error.status : 400,
      headers: ['x-amzn-RequestId', requestId, 'Content-Type', contentType],
      body: JSON.stringify({
        __type: error.code,
        ...jsonErrorOf(error, { model }, habits).body,
      }),
    }),
  }
}

export const awsJson10 = awsJson('1.0')
export const awsJson11 = awsJson('1.1')
