/** rpcv2Cbor, which newer clients may choose for services that began with awsJson. */
import { type AwsError, commonError } from './aws-error.ts'
import { parseCbor, Tagged, writeCbor } from './cbor.ts'
import { membersOf, type Schema } from './model.ts'
import type { AnswerContext, Protocol, Values } from './protocol.ts'
import { readTimestamp } from './scalars.ts'

/** @see Smithy 2.0 specification, "Smithy RPC v2 CBOR protocol" */
export const rpcV2Cbor: Protocol = {
  decode: (operation, request) =>
    request.body.length === 0
      ? {}
      : ((readCbor(operation.input, parseCbor(request.body)) ?? {}) as Values),
  encode: (operation, output, { requestId }) => ({
    status: 200,
    headers: headersOf(requestId),
    body: writeCbor(cborOf(operation.output, output) ?? {}),
  }),
  encodeError: (error, { requestId, model }) => ({
    status: error.status,
    headers: headersOf(requestId),
    body: writeCbor({
      __type: error.code,
      ...contentOf(error, model),
      message: error.message,
    }),
  }),
}

function headersOf(requestId: string): string[] {
  const marks = ['smithy-protocol', 'rpc-v2-cbor', 'x-amzn-RequestId', requestId]
  return [...marks, 'Content-Type', 'application/cbor']
}

function contentOf({ code, details }: AwsError, model: AnswerContext['model']): Values {
  const shape = model.errors.get(code)?.schema
  return shape ? (cborOf(shape, details) as Values) : details
}

/** Members that the schema lacks are ignored. */
function readCbor(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  if (schema.isUnitSchema()) return {}
  if (schema.isStructSchema()) {
    const map = mapOf(value)
    const read: Record<string, unknown> = {}
    for (const [name, member] of membersOf(schema)) {
      const inner = readCbor(member, map.get(name))
      if (inner !== undefined) read[name] = inner
    }
    return read
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw wrongType()
    return value.map((item) => readCbor(schema.getValueSchema(), item) ?? null)
  }
  if (schema.isMapSchema())
    return Object.fromEntries(
      [...mapOf(value)].map(([key, item]) => [key, readCbor(schema.getValueSchema(), item)]),
    )
  return readScalar(schema, value)
}

function readScalar(schema: Schema, value: unknown): unknown {
  if (schema.isTimestampSchema()) {
    if (!(value instanceof Tagged) || value.tag !== 1 || typeof value.value !== 'number')
      throw wrongType()
    return readTimestamp(String(value.value), 'epoch-seconds')
  }
  const isRight = schema.isBlobSchema()
    ? value instanceof Uint8Array
    : schema.isBooleanSchema()
      ? typeof value === 'boolean'
      : schema.isNumericSchema()
        ? typeof value === 'number'
        : typeof value === 'string'
  if (!isRight) throw wrongType()
  return value
}

function mapOf(value: unknown): ReadonlyMap<string, unknown> {
  if (!(value instanceof Map)) throw wrongType()
  return value
}

function wrongType(): AwsError {
  return commonError('SerializationException', 'A member has a value of another type')
}

/** Values that are undefined (or null) are left out; timestamps stand under tag 1. */
function cborOf(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  if (schema.isUnitSchema()) return {}
  if (schema.isStructSchema())
    return Object.fromEntries(
      membersOf(schema).map(([name, member]) => [name, cborOf(member, (value as Values)[name])]),
    )
  if (schema.isListSchema())
    return (value as readonly unknown[]).map(
      (item) => cborOf(schema.getValueSchema(), item) ?? null,
    )
  if (schema.isMapSchema())
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, cborOf(schema.getValueSchema(), item)]),
    )
  return value instanceof Date ? new Tagged(1, value.getTime() / 1000) : value
}
