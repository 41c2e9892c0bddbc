/** What the schemas do not say: enumerations, patterns, lengths and ranges, checked as AWS words them. */
import { commonError } from './aws-error.ts'
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
  | { readonly pattern: RegExp }
  | { readonly minLength?: number; readonly maxLength?: number }
  | { readonly min?: number; readonly max?: number }

/**
 * Constraints of one operation by the path of the member: `type`, `patchOperations.*.op` (each member of a list),
 * `endpointConfiguration.types.*`.
 */
export type Constraints = Readonly<Record<string, Constraint | readonly Constraint[]>>

/**
 * Checks what the model requires and what `constraints` add.
 *
 * @param prefix  how the service names the input in its messages, as `createRestApiInput`; `` for services that do not
 * @throws AwsError ValidationException (`ValidationError` for query services) that lists every violation
 */
export function validateInput(
  operation: OperationModel,
  input: Values,
  constraints: Constraints,
  options: { readonly prefix: string; readonly code: 'ValidationException' | 'ValidationError' },
): void {
  const violations = [
    ...missingMembers(operation.input, input, options.prefix === '' ? '' : `${options.prefix}.`),
    ...Object.entries(constraints).flatMap(([path, rows]) =>
      violationsAt(path, input, rows, isInBody(operation, path) ? options.prefix : ''),
    ),
  ]
  if (violations.length === 0) return
  const head = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected: `
  throw commonError(options.code, head + violations.join('; '))
}

/** What stands in the path or the query is named without the input's name. */
function isInBody(operation: OperationModel, path: string): boolean {
  const first = path.split('.')[0]
  const member = membersOf(operation.input).find(([name]) => name === first)?.[1]
  return member === undefined || !(traitsOf(member).httpLabel || traitsOf(member).httpQuery)
}

function missingMembers(schema: Schema, value: unknown, path: string): readonly string[] {
  if (value === undefined || value === null) return []
  if (schema.isStructSchema()) {
    const object = value as Values
    const missing = requiredMembersOf(schema)
      .filter((name) => object[name] === undefined || object[name] === null)
      .map(
        (name) =>
          `Value null at '${path}${lowerFirst(name)}' failed to satisfy constraint: Member must not be null`,
      )
    const inner = membersOf(schema).flatMap(([name, member]) =>
      missingMembers(member, object[name], `${path}${lowerFirst(name)}.`),
    )
    return [...missing, ...inner]
  }
  if (schema.isListSchema())
    return (value as readonly unknown[]).flatMap((item, index) =>
      missingMembers(schema.getValueSchema(), item, `${path}${index + 1}.member.`),
    )
  return []
}

function violationsAt(
  path: string,
  input: Values,
  rows: Constraint | readonly Constraint[],
  prefix: string,
): readonly string[] {
  const list = Array.isArray(rows) ? (rows as readonly Constraint[]) : [rows as Constraint]
  return list.flatMap((constraint) =>
    [...valuesAt(path.split('.'), input, prefix)].flatMap(({ value, at }) => {
      const failed = failureOf(constraint, value)
      return failed === undefined
        ? []
        : [
            `Value '${textOf(value)}' at '${at}' failed to satisfy constraint: Member must ${failed}`,
          ]
    }),
  )
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
  else if (first === '*') {
    for (const [index, item] of (value as readonly unknown[]).entries())
      yield* valuesAt(rest, item, `${at}.${index + 1}.member`)
  } else
    yield* valuesAt(
      rest,
      (value as Values)[first],
      at === '' ? lowerFirst(first) : `${at}.${lowerFirst(first)}`,
    )
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
    return constraint.pattern.test(String(value))
      ? undefined
      : `satisfy regular expression pattern: ${constraint.pattern.source.replace(/^\^|\$$/g, '')}`
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
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
