/** What the schemas do not say: enumerations, patterns, lengths and ranges, checked as AWS words them. */
import { AwsError } from './aws-error.ts'
import {
  membersOf,
  type OperationModel,
  requiredMembersOf,
  type Schema,
  traitsOf,
} from './model.ts'
import type { Values } from './protocol.ts'

export type Constraint =
  | { readonly enum: readonly string[] }
  /** As AWS prints it, which matches the whole value with or without anchors. */
  | { readonly pattern: RegExp }
  | { readonly minLength?: number; readonly maxLength?: number }
  | { readonly min?: number; readonly max?: number }

/**
 * Constraints of one operation by the path of the member: `type`, `patchOperations.*.op` (each member of a list, each
 * value of a map), `endpointConfiguration.types` (a list whose members have the constraint, as AWS names it).
 */
export type Constraints = Readonly<Record<string, Constraint | readonly Constraint[]>>

export interface ValidationOptions {
  /** How the service names the input in its messages, as `createRestApiInput`; empty for services that do not. */
  readonly prefix: string
  /** `ValidationException`, query services’ `ValidationError`, CloudFront’s `MalformedXML`. */
  readonly code: string
}

/**
 * Checks what the model requires and what `constraints` add.
 *
 * @throws AwsError  of status 400 that lists every violation
 */
export function validateInput(
  operation: OperationModel,
  input: Values,
  constraints: Constraints,
  options: ValidationOptions,
): void {
  const violations = [
    ...missingOf(operation, input, options.prefix),
    ...Object.entries(constraints).flatMap(([path, rows]) =>
      violationsAt(path, operation, input, rows, options.prefix),
    ),
  ]
  if (violations.length === 0) return
  const head = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected: `
  throw new AwsError(options.code, head + violations.join('; '), 400)
}

function missingOf(operation: OperationModel, input: Values, prefix: string): readonly string[] {
  const missing: string[] = []
  for (const { name, member, isRequired } of checkedMembersOf(operation)) {
    const value = input[name]
    const isThere = value !== undefined && value !== null
    if (!isThere && !isRequired) continue
    const at = nameOf(name, prefixFor(member, prefix))
    if (isThere) missing.push(...missingMembers(member, value, at))
    else missing.push(nullAt(at))
  }
  return missing
}

interface CheckedMember {
  readonly name: string
  readonly member: Schema
  readonly isRequired: boolean
}

const checkedMembers = new WeakMap<OperationModel, readonly CheckedMember[]>()

/** Those that have to be there, or that may lack something within. */
function checkedMembersOf(operation: OperationModel): readonly CheckedMember[] {
  let found = checkedMembers.get(operation)
  if (found === undefined) {
    const required = new Set(requiredMembersOf(operation.input))
    found = membersOf(operation.input)
      .map(([name, member]) => ({ name, member, isRequired: required.has(name) }))
      .filter(
        ({ member, isRequired }) =>
          isRequired || member.isStructSchema() || member.isListSchema() || member.isMapSchema(),
      )
    checkedMembers.set(operation, found)
  }
  return found
}

/** What stands in the path, the query or a header is named without the input's name. */
function prefixFor(member: Schema | undefined, prefix: string): string {
  if (member === undefined) return prefix
  const { httpLabel, httpQuery, httpHeader } = traitsOf(member)
  return httpLabel || httpQuery || httpHeader ? '' : prefix
}

/** @param value  that is there */
function missingMembers(schema: Schema, value: unknown, at: string): readonly string[] {
  if (schema.isStructSchema()) {
    const required = new Set(requiredMembersOf(schema))
    return membersOf(schema).flatMap(([name, member]) => {
      const inner = (value as Values)[name]
      const innerAt = nameOf(name, at)
      if (inner !== undefined && inner !== null) return missingMembers(member, inner, innerAt)
      return required.has(name) ? [nullAt(innerAt)] : []
    })
  }
  if (!(schema.isListSchema() || schema.isMapSchema())) return []
  const member = schema.getValueSchema()
  const hasHole = Array.isArray(value) && !traitsOf(schema).sparse && value.includes(null)
  const holes = hasHole ? [holeAt(value, at)] : []
  if (!(member.isStructSchema() || member.isListSchema() || member.isMapSchema())) return holes
  const inner = [...itemsOf(value)].flatMap(([key, item]) =>
    item === undefined || item === null ? [] : missingMembers(member, item, `${at}.${key}.member`),
  )
  return [...holes, ...inner]
}

function holeAt(value: readonly unknown[], at: string): string {
  const text = textOf(value.map((item) => (typeof item === 'object' && item ? '…' : item)))
  return `Value '${text}' at '${at}' failed to satisfy constraint: Member must satisfy constraint: [Member must not be null]`
}

function nullAt(at: string): string {
  return `Value null at '${at}' failed to satisfy constraint: Member must not be null`
}

/** Members of a list count from 1. */
function* itemsOf(value: unknown): Generator<readonly [key: string, item: unknown]> {
  if (Array.isArray(value)) for (const [at, item] of value.entries()) yield [String(at + 1), item]
  else yield* Object.entries(value as object)
}

function violationsAt(
  path: string,
  operation: OperationModel,
  input: Values,
  rows: Constraint | readonly Constraint[],
  prefix: string,
): readonly string[] {
  const [first = '', ...rest] = path.split('.')
  if (input[first] === undefined || input[first] === null) return []
  const member = membersOf(operation.input).find(([name]) => name === first)?.[1]
  const at = nameOf(first, prefixFor(member, prefix))
  const isSecret = member !== undefined && isSensitive(member, rest)
  const list = Array.isArray(rows) ? (rows as readonly Constraint[]) : [rows as Constraint]
  return list.flatMap((constraint) =>
    [...valuesAt(rest, input[first], at)].flatMap((found) => {
      const failed = failureOf(constraint, found.value)
      if (failed === undefined) return []
      // *Observed* with Cognito's passwords: AWS never repeats what a model calls sensitive.
      const value = isSecret ? 'Value' : `Value '${textOf(found.value)}'`
      return [`${value} at '${found.at}' failed to satisfy constraint: Member must ${failed}`]
    }),
  )
}

function isSensitive(schema: Schema, path: readonly string[]): boolean {
  if (traitsOf(schema).sensitive) return true
  const [first, ...rest] = path
  if (first === undefined) return false
  if (schema.isListSchema() || schema.isMapSchema())
    return isSensitive(schema.getValueSchema(), rest)
  const member = membersOf(schema).find(([name]) => name === first)?.[1]
  return member !== undefined && isSensitive(member, rest)
}

interface Found {
  readonly value: unknown
  /** As AWS writes it: list members count from 1. */
  readonly at: string
}

function* valuesAt(path: readonly string[], value: unknown, at: string): Generator<Found> {
  const [first, ...rest] = path
  if (value === undefined || value === null) return
  if (first === undefined) yield { value, at }
  else if (first === '*')
    for (const [key, item] of itemsOf(value)) yield* valuesAt(rest, item, `${at}.${key}.member`)
  else yield* valuesAt(rest, (value as Values)[first], nameOf(first, at))
}

function failureOf(constraint: Constraint, value: unknown): string | undefined {
  if ('enum' in constraint) {
    const set = `satisfy enum value set: [${constraint.enum.join(', ')}]`
    if (Array.isArray(value))
      return value.every((item) => constraint.enum.includes(item))
        ? undefined
        : `satisfy constraint: [Member must ${set}]`
    return constraint.enum.includes(value as string) ? undefined : set
  }
  if ('pattern' in constraint)
    return wholeOf(constraint.pattern).test(String(value))
      ? undefined
      : `satisfy regular expression pattern: ${constraint.pattern.source.replaceAll('\\/', '/')}`
  if ('minLength' in constraint || 'maxLength' in constraint) {
    const { length } = value as string | readonly unknown[]
    if (constraint.minLength !== undefined && length < constraint.minLength)
      return `have length greater than or equal to ${constraint.minLength}`
    return constraint.maxLength !== undefined && length > constraint.maxLength
      ? `have length less than or equal to ${constraint.maxLength}`
      : undefined
  }
  const { min, max } = constraint as { min?: number; max?: number }
  if (min !== undefined && (value as number) < min)
    return `have value greater than or equal to ${min}`
  return max !== undefined && (value as number) > max
    ? `have value less than or equal to ${max}`
    : undefined
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value)
}

const wholes = new WeakMap<RegExp, RegExp>()

function wholeOf(pattern: RegExp): RegExp {
  let whole = wholes.get(pattern)
  if (whole === undefined) {
    whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace('g', ''))
    wholes.set(pattern, whole)
  }
  return whole
}

function nameOf(member: string, parent: string): string {
  const name = member.charAt(0).toLowerCase() + member.slice(1)
  return parent === '' ? name : `${parent}.${name}`
}
