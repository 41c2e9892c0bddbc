/** Timestamps, blobs and other scalars between text and value. */
import { commonError } from './aws-error.ts'
import type { Schema, TimestampFormat } from './model.ts'

export function formatTimestamp(date: Date, format: TimestampFormat): string {
  if (format === 'epoch-seconds') return String(date.getTime() / 1000)
  if (format === 'http-date') return date.toUTCString()
  return date.toISOString().replace('.000Z', 'Z')
}

/** @throws AwsError SerializationException */
export function readTimestamp(text: string, format: TimestampFormat): Date {
  const milliseconds = format === 'epoch-seconds' ? Number(text) * 1000 : Date.parse(text)
  if (text.trim() === '' || Number.isNaN(milliseconds))
    throw commonError('SerializationException', `Unable to parse date: ${text}`)
  return new Date(milliseconds)
}

/**
 * Text of a query, header, path or XML element as the schema's value.
 *
 * @param habit  of the place where the text stood
 * @throws AwsError SerializationException
 */
export function readText(
  schema: Schema,
  text: string,
  habit: TimestampFormat,
  formatOf: (schema: Schema, habit: TimestampFormat) => TimestampFormat,
): unknown {
  if (schema.isTimestampSchema()) return readTimestamp(text, formatOf(schema, habit))
  if (schema.isBooleanSchema()) return readBoolean(text)
  if (schema.isNumericSchema()) return readNumber(text)
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(text, 'base64'))
  return text
}

function readBoolean(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw commonError('SerializationException', `'${text}' can not be converted to a Boolean`)
}

function readNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value))
    throw commonError('SerializationException', `'${text}' can not be converted to a Number`)
  return value
}
