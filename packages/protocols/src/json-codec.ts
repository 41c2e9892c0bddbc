/** JSON to and from the values of a schema. */
import { parseJson } from '@sekisho/policy'
import { type AwsError, commonError } from './aws-error.ts'
import { membersOf, type Schema, timestampFormatOf, traitsOf } from './model.ts'
import { formatTimestamp, readBase64, readTimestamp } from './scalars.ts'

export interface JsonHabits {
  /** restJson1 renames members on the wire (`jsonName`); awsJson does not. */
  readonly usesJsonName: boolean
  /** How a value of the wrong type is called: by its Java class, or by its token. */
  readonly names: WrongTypeNames
  /** Bytes are written as the text that they are; otherwise in base64. */
  readonly hasTextBlobs?: true
}

interface WrongTypeNames {
  readonly scalar: (kind: JsonKind, wanted: WantedType) => string
  readonly list: string
  readonly structure: string
}

type JsonKind = 'boolean' | 'number' | 'string'
type WantedType = 'String' | 'Integer' | 'Boolean' | 'Timestamp' | 'Blob'

const javaClasses = {
  boolean: 'java.lang.Boolean',
  number: 'com.amazon.coral.value.json.numbers.TruncatingBigNumber',
  string: 'java.lang.String',
} as const satisfies Record<JsonKind, string>

const tokens = {
  boolean: 'TRUE_VALUE',
  number: 'NUMBER_VALUE',
  string: 'STRING_VALUE',
} as const satisfies Record<JsonKind, string>

/** Recorded from API Gateway: `class java.lang.Boolean can not be converted to an String`. The article is theirs. */
export const javaClassNames: WrongTypeNames = {
  scalar: (kind, wanted) => `class ${javaClasses[kind]} can not be converted to an ${wanted}`,
  list: 'Start of list found where not expected',
  structure: 'Start of structure or map found where not expected.',
}

/** Observed with JSON 1.1 services: `STRING_VALUE can not be converted to an Integer`. */
export const tokenNames: WrongTypeNames = {
  ...javaClassNames,
  scalar: (kind, wanted) =>
    `${tokens[kind]} can not be converted to ${/^[AEIOU]/.test(wanted) ? 'an' : 'a'} ${wanted}`,
}

const maxDepth = 64

/** @throws AwsError SerializationException  not JSON at all */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body))
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
  if (schema.isDocumentSchema()) return readDocument(value, depth)
  if (schema.isStructSchema()) {
    const object = objectOf(value, habits)
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
    if (!Array.isArray(value)) throw unexpected(value, habits)
    return value.map((item) => readJson(schema.getValueSchema(), item, habits, depth + 1) ?? null)
  }
  if (schema.isMapSchema()) {
    const entries = Object.entries(objectOf(value, habits))
    return Object.fromEntries(
      entries.map(([key, item]) => [
        key,
        readJson(schema.getValueSchema(), item, habits, depth + 1),
      ]),
    )
  }
  return readScalar(schema, value, habits)
}

function readDocument(value: unknown, depth: number): unknown {
  if (depth > maxDepth)
    throw commonError('SerializationException', 'The request is nested too deeply')
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) readDocument(inner, depth + 1)
  return value
}

function readScalar(schema: Schema, value: unknown, habits: JsonHabits): unknown {
  if (typeof value === 'object') throw unexpected(value, habits)
  if (schema.isTimestampSchema()) {
    if (typeof value === 'number') return readTimestamp(String(value), 'epoch-seconds')
    if (typeof value === 'string')
      return readTimestamp(value, timestampFormatOf(schema, 'date-time'))
    throw wrongType(value, 'Timestamp', habits)
  }
  if (schema.isBlobSchema()) {
    if (typeof value !== 'string') throw wrongType(value, 'Blob', habits)
    return habits.hasTextBlobs ? new TextEncoder().encode(value) : readBase64(value)
  }
  if (schema.isBooleanSchema()) {
    if (typeof value !== 'boolean') throw wrongType(value, 'Boolean', habits)
    return value
  }
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) {
    if (typeof value !== 'number') throw wrongType(value, 'Integer', habits)
    return value
  }
  if (typeof value !== 'string') throw wrongType(value, 'String', habits)
  return value
}

function wrongType(value: unknown, wanted: WantedType, { names }: JsonHabits): AwsError {
  return commonError('SerializationException', names.scalar(typeof value as JsonKind, wanted))
}

/** A list or structure where another was due, or a scalar where one was. */
function unexpected(value: unknown, { names }: JsonHabits): AwsError {
  const message = Array.isArray(value)
    ? names.list
    : typeof value === 'object'
      ? names.structure
      : `Unrecognized collection type class ${javaClasses[typeof value as JsonKind]}`
  return commonError('SerializationException', message)
}

function objectOf(value: unknown, habits: JsonHabits): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unexpected(value, habits)
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
