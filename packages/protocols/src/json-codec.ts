/** JSON to and from the values of a schema. */
import { commonError } from './aws-error.ts'
import { membersOf, type Schema, timestampFormatOf, traitsOf } from './model.ts'
import { formatTimestamp, readTimestamp } from './scalars.ts'

/** restJson1 renames members on the wire (`jsonName`); awsJson does not. */
export interface JsonHabits {
  readonly usesJsonName: boolean
}

const maxDepth = 64

/** @throws AwsError SerializationException  not JSON at all */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw commonError('SerializationException', 'Could not parse request body into json')
  }
}

/**
 * Reads JSON as the schema's value; members that the schema lacks are ignored, as AWS does.
 *
 * @throws AwsError SerializationException  a value of the wrong type
 */
export function readJson(schema: Schema, value: unknown, habits: JsonHabits, depth = 0): unknown {
  if (value === null || value === undefined) return undefined
  if (depth > maxDepth)
    throw commonError('SerializationException', 'The request is nested too deeply')
  if (schema.isUnitSchema()) return {}
  if (schema.isDocumentSchema()) return value
  if (schema.isStructSchema()) {
    const object = objectOf(value)
    const read: Record<string, unknown> = {}
    for (const [name, member] of membersOf(schema)) {
      const wireName = (habits.usesJsonName && traitsOf(member).jsonName) || name
      if (!Object.hasOwn(object, wireName)) continue
      const inner = readJson(member, object[wireName], habits, depth + 1)
      if (inner !== undefined) read[name] = inner
    }
    return read
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw wrongType(value, 'a List')
    return value.map((item) => readJson(schema.getValueSchema(), item, habits, depth + 1) ?? null)
  }
  if (schema.isMapSchema()) {
    const entries = Object.entries(objectOf(value))
    return Object.fromEntries(
      entries.map(([key, item]) => [
        key,
        readJson(schema.getValueSchema(), item, habits, depth + 1),
      ]),
    )
  }
  return readScalar(schema, value)
}

function readScalar(schema: Schema, value: unknown): unknown {
  if (schema.isTimestampSchema()) {
    if (typeof value === 'number') return readTimestamp(String(value), 'epoch-seconds')
    if (typeof value === 'string')
      return readTimestamp(value, timestampFormatOf(schema, 'date-time'))
    throw wrongType(value, 'a Timestamp')
  }
  if (schema.isBlobSchema()) {
    if (typeof value !== 'string') throw wrongType(value, 'a Blob')
    return new Uint8Array(Buffer.from(value, 'base64'))
  }
  if (schema.isBooleanSchema()) {
    if (typeof value !== 'boolean') throw wrongType(value, 'a Boolean')
    return value
  }
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) {
    if (typeof value !== 'number') throw wrongType(value, 'a Number')
    return value
  }
  if (typeof value !== 'string') throw wrongType(value, 'an String')
  return value
}

/** The Java classes that AWS's messages name. */
const javaClasses: Readonly<Record<string, string>> = {
  boolean: 'java.lang.Boolean',
  number: 'com.amazon.coral.value.json.numbers.TruncatingBigNumber',
  string: 'java.lang.String',
  array: 'java.util.ArrayList',
  object: 'java.util.HashMap',
}

function wrongType(value: unknown, wanted: string) {
  const kind = Array.isArray(value) ? 'array' : typeof value
  return commonError(
    'SerializationException',
    `class ${javaClasses[kind]} can not be converted to ${wanted}`,
  )
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongType(value, 'an Object')
  return value as Readonly<Record<string, unknown>>
}

/** Values that are undefined (or null) are left out. */
export function writeJson(schema: Schema, value: unknown, habits: JsonHabits): unknown {
  if (value === null || value === undefined) return undefined
  if (schema.isUnitSchema()) return {}
  if (schema.isDocumentSchema()) return value
  if (schema.isStructSchema()) {
    const written: Record<string, unknown> = {}
    const object = value as Readonly<Record<string, unknown>>
    for (const [name, member] of membersOf(schema)) {
      const inner = writeJson(member, object[name], habits)
      if (inner !== undefined)
        written[(habits.usesJsonName && traitsOf(member).jsonName) || name] = inner
    }
    return written
  }
  if (schema.isListSchema())
    return (value as readonly unknown[]).map(
      (item) => writeJson(schema.getValueSchema(), item, habits) ?? null,
    )
  if (schema.isMapSchema())
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        writeJson(schema.getValueSchema(), item, habits) ?? null,
      ]),
    )
  if (value instanceof Date) {
    const text = formatTimestamp(value, timestampFormatOf(schema, 'epoch-seconds'))
    return timestampFormatOf(schema, 'epoch-seconds') === 'epoch-seconds' ? Number(text) : text
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}
