/** What query services answer to who asks them for JSON: API Gateway, and tools that check a caller's identity. */
import type { AwsError } from './aws-error.ts'
import { membersOf, type OperationModel, type Schema } from './model.ts'
import type { AnswerContext, Values } from './protocol.ts'
import type { WireResponse } from './wire.ts'

/** The first of the two that is named; who takes anything gets XML. */
export function wantsJson({ accept = '' }: Pick<AnswerContext, 'accept'>): boolean {
  const [first] = /\b(?:application\/json|(?:application|text)\/xml)\b/i.exec(accept) ?? []
  return first?.toLowerCase() === 'application/json'
}

/** *Observed* with STS, SNS and SQS: members by the alphabet, those without a value null, times in seconds. */
export function encodeAsJson(
  { name, output: schema }: OperationModel,
  output: Values,
  { requestId }: AnswerContext,
): WireResponse {
  return jsonAnswer(200, requestId, {
    [`${name}Response`]: {
      ...(!schema.isUnitSchema() && { [`${name}Result`]: jsonValueOf(schema, output) }),
      ResponseMetadata: { RequestId: requestId },
    },
  })
}

/** *Observed* with STS. */
export function encodeErrorAsJson(
  { code, message, status }: AwsError,
  { requestId }: AnswerContext,
): WireResponse {
  return jsonAnswer(status, requestId, {
    Error: { Code: code, Message: message, Type: status >= 500 ? 'Receiver' : 'Sender' },
    RequestId: requestId,
  })
}

function jsonAnswer(status: number, requestId: string, content: object): WireResponse {
  return {
    status,
    headers: ['x-amzn-RequestId', requestId, 'Content-Type', 'application/json'],
    body: JSON.stringify(content),
  }
}

function jsonValueOf(schema: Schema, value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (schema.isStructSchema()) {
    const members = membersOf(schema).toSorted(([one], [other]) => (one < other ? -1 : 1))
    return Object.fromEntries(
      members.map(([name, member]) => [name, jsonValueOf(member, (value as Values)[name])]),
    )
  }
  if (schema.isListSchema())
    return (value as readonly unknown[]).map((item) => jsonValueOf(schema.getValueSchema(), item))
  if (schema.isMapSchema())
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, jsonValueOf(schema.getValueSchema(), item)]),
    )
  if (value instanceof Date) return value.getTime() / 1000
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}
