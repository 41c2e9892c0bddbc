/** Timestamps, blobs and other scalars between text and value. */
import { commonError } from './aws-error.ts'
import type { Schema, TimestampFormat } from './model.ts'

export function formatTimestamp(date: Date, format: TimestampFormat): string {
  if (format === 'epoch-seconds') return String(date.getTime() / 1000)
  if (format === 'http-date') return date.toUTCString()
  return date.toISOString().replace('.000Z', 'Z')
}

/** Date.parse() reads much more than dates; older clients write either form where the model asks for the other. */
const anyDate =
  /^(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?|(?:[A-Z][a-z]{2}, )?\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d(?:\.\d+)? (?:GMT|UTC))$/

/** What Date.parse() would take for the time of this machine's zone. */
const hasNoZone = /\dT[^Z+-]+$/

/** @throws AwsError SerializationException */
export function readTimestamp(text: string, format: TimestampFormat): Date {
  const milliseconds =
    format === 'epoch-seconds'
      ? Math.round(readNumber(text) * 1000)
      : anyDate.test(text)
        ? Date.parse(hasNoZone.test(text) ? `${text}Z` : text)
        : Number.NaN
  // Beyond what a Date holds it has no getTime either.
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime()))
    throw commonError('SerializationException', `Unable to parse date: ${text}`)
  return date
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
  if (schema.isBlobSchema()) return readBase64(text)
  return text
}

/** @throws AwsError SerializationException  anything but base64, which Buffer would read around */
export function readBase64(text: string): Uint8Array {
  const compact = text.replace(/[\r\n]/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact))
    throw commonError('SerializationException', 'The blob is not valid base64.')
  return new Uint8Array(Buffer.from(compact, 'base64'))
}

function readBoolean(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw commonError('SerializationException', `'${text}' can not be converted to a Boolean`)
}

function readNumber(text: string): number {
  // Number() also reads `0x10`, ` 7 ` and `Infinity`.
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value))
    throw commonError('SerializationException', `'${text}' can not be converted to a Number`)
  return value
}
