/** What kind of value is this, in a schema and in a body? */
import { compilePattern, type Pattern, PatternError } from '../patterns/match.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** The schema is none; `message` says where. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly code: 'INVALID_SCHEMA' | 'UNKNOWN_KEYWORD' | 'INVALID_REFERENCE'

  constructor(message: string, code: SchemaError['code'] = 'INVALID_SCHEMA') {
    super(message)
    this.code = code
  }
}

export type JsonType = (typeof primitiveTypes)[number]
export const primitiveTypes = [
  'array',
  'boolean',
  'integer',
  'null',
  'number',
  'object',
  'string',
] as const

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as 'boolean' | 'object' | 'string'
}

/** A whole number is a number too. */
export function typesAllowed(names: readonly JsonType[]): readonly JsonType[] {
  return primitiveTypes.filter(
    (type) => names.includes(type) || (type === 'integer' && names.includes('number')),
  )
}

/** As messages show it, cut short where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 256 ? `${text.slice(0, 256)}…` : text
}

/** In characters, not in halves of them. */
export function lengthOf(text: string): number {
  let length = 0
  for (let at = 0; at < text.length; at += text.codePointAt(at)! > 0xffff ? 2 : 1) length++
  return length
}

export function isMultiple(value: number, divisor: number): boolean {
  const times = value / divisor
  return Number.isInteger(times) || Math.abs(times - Math.round(times)) < 1e-9 * Math.abs(times)
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectOf(given: unknown, keyword: string): JsonObject {
  if (!isObject(given)) throw new SchemaError(`\`${keyword}\` is not an object`)
  return given
}

export function listOf(given: unknown, keyword: string): readonly unknown[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new SchemaError(`\`${keyword}\` is not a list with something in it`)
  return given
}

export function textOf(given: unknown, keyword: string): string {
  if (typeof given !== 'string') throw new SchemaError(`\`${keyword}\` is not a text`)
  return given
}

export function numberOf(given: unknown, keyword: string): number {
  if (typeof given !== 'number') throw new SchemaError(`\`${keyword}\` is not a number`)
  return given
}

export function booleanOf(given: unknown, keyword: string): boolean {
  if (typeof given !== 'boolean') throw new SchemaError(`\`${keyword}\` is neither true nor false`)
  return given
}

/** @throws SchemaError  not an expression, or not one that can be run in bounded time */
export function patternOf(text: string): Pattern {
  try {
    return compilePattern(text)
  } catch (error) {
    if (error instanceof PatternError)
      throw new SchemaError(
        `the expression ${JSON.stringify(text)} cannot be used: ${error.message}`,
      )
    throw error
  }
}
