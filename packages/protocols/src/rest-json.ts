/** restJson1: API Gateway, Lambda, EventBridge Scheduler, IAM Access Analyzer. */
import { eventStreamType, isEventStream, writeEventStream } from './event-stream.ts'
import { readBindings, writeBindings } from './http-binding.ts'
import { javaClassNames, parseJsonBody, readJson, writeJson } from './json-codec.ts'
import { jsonErrorOf } from './json-error.ts'
import { type Schema, traitsOf } from './model.ts'
import type { Protocol, Values } from './protocol.ts'

const habits = { usesJsonName: true, names: javaClassNames }

/** @see Smithy 2.0 specification, "AWS restJson1 protocol" */
export const restJson: Protocol = {
  decode(operation, request, labels) {
    const { values, payload, bodyMembers } = readBindings(operation, labels, request)
    if (payload) {
      const [name, schema] = payload
      const value = readPayload(schema, request.body)
      return value === undefined ? values : { ...values, [name]: value }
    }
    if (bodyMembers.length === 0) return values
    const body = (readJson(operation.input, parseJsonBody(request.body), habits) ?? {}) as Values
    for (const [name] of bodyMembers) if (body[name] !== undefined) values[name] = body[name]
    return values
  },

  encode(operation, output, { requestId }) {
    const { status, headers, payload, bodyMembers } = writeBindings(operation, output)
    const common = ['x-amzn-RequestId', requestId, ...headers]
    if (payload) {
      const [schema, value] = payload
      if (schema.isBlobSchema() || schema.isStringSchema())
        return {
          status,
          headers: withType(common, 'application/octet-stream'),
          body: (value as Uint8Array | string | undefined) ?? '',
        }
      if (isEventStream(schema, value))
        return {
          status,
          headers: withType(common, eventStreamType),
          body: writeEventStream(schema, value, (kind, event) =>
            JSON.stringify(writeJson(kind, event, habits) ?? {}),
          ),
        }
      return {
        status,
        headers: withType(common, 'application/json'),
        body: JSON.stringify(writeJson(schema, value, habits) ?? {}),
      }
    }
    if (bodyMembers.length === 0) return { status, headers: common, body: '' }
    const written = writeJson(operation.output, output, habits) as Values
    const names = new Set(bodyMembers.map(([name, schema]) => wireNameOf(name, schema)))
    const body = Object.fromEntries(Object.entries(written).filter(([name]) => names.has(name)))
    return { status, headers: withType(common, 'application/json'), body: JSON.stringify(body) }
  },

  encodeError(error, { requestId, model }) {
    const { body, headers } = jsonErrorOf(error, { model }, habits)
    return {
      status: error.status,
      headers: [
        'x-amzn-RequestId',
        requestId,
        'x-amzn-ErrorType',
        error.code,
        ...headers,
        'Content-Type',
        'application/json',
      ],
      body: JSON.stringify(body),
    }
  },
}

function readPayload(schema: Schema, body: Uint8Array): unknown {
  if (schema.isBlobSchema()) return body
  if (schema.isStringSchema()) return new TextDecoder().decode(body)
  return readJson(schema, parseJsonBody(body), habits)
}

function wireNameOf(name: string, schema: Schema): string {
  return traitsOf(schema).jsonName ?? name
}

function withType(headers: string[], type: string): string[] {
  const hasType = headers.some(
    (header, at) => at % 2 === 0 && header.toLowerCase() === 'content-type',
  )
  return hasType ? headers : [...headers, 'Content-Type', type]
}
