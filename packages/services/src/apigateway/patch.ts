/** PATCH: which paths of a resource may be added to, replaced or removed, and what each does. */
import type { PatchOperation } from '@aws-sdk/client-api-gateway'
import type { AwsError, Constraints } from '@sekisho/protocols'
import { badRequest, notFound } from './errors.ts'

export type PatchOp = 'add' | 'replace' | 'remove'

/** What one operation says, with its path taken apart. */
export interface Patch {
  readonly op: PatchOp
  readonly path: string
  /** Empty for `remove` and where nothing was given. */
  readonly value: string
  /** Values of the `{…}` in the row's path, unescaped (`~1` is `/`). */
  readonly parameters: readonly string[]
}

export interface PatchRow<R> {
  readonly ops: readonly PatchOp[]
  readonly apply: (record: R, patch: Patch) => R
}

/** Rows by path: `/description`, `/binaryMediaTypes/{type}`. A parameter takes one segment. */
export type PatchTable<R> = Readonly<Record<string, PatchRow<R>>>

/** How a kind of resource refuses. Its words differ from kind to kind. */
export interface PatchWording {
  readonly unknownPath: (path: string, op: PatchOp, known: readonly string[]) => AwsError
  readonly unsupportedOp: (path: string, op: PatchOp, ops: readonly PatchOp[]) => AwsError
  /** `copy`, `move` and `test` are in the model's enumeration, and only stages copy. */
  readonly otherOp: (operation: PatchOperation) => AwsError
}

const onlyThree = () =>
  badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")

/** Most resources repeat the wrong path. */
export const plainWording: PatchWording = {
  unknownPath: (path) => badRequest(`Invalid patch path ${path}`),
  unsupportedOp: (_path, _op, ops) =>
    badRequest(`Invalid patch operation specified. Must be one of: [${ops.join(', ')}]`),
  otherOp: onlyThree,
}

/** Others list the paths that can be replaced. The two spaces are AWS's. */
export const listingWording: PatchWording = {
  unknownPath: (path, op, known) =>
    op === 'replace'
      ? badRequest(
          `Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${known.join(', ')}]`,
        )
      : listingWording.unsupportedOp(path, op, []),
  unsupportedOp: (path, op) =>
    badRequest(
      `Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`,
    ),
  otherOp: onlyThree,
}

/** What the model says of `op`, in the order in which AWS lists it. */
export const patchConstraints: Constraints = {
  'patchOperations.*.op': { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] },
}

/**
 * Applies all operations in order, or none: the record is not touched when one is refused.
 *
 * @param copied  what copying makes of the record; undefined: nothing of this kind is copied there
 * @throws AwsError BadRequestException  in AWS's words for this resource
 * @see API Gateway API Reference, "Patch operations"
 */
export function applyPatches<R>(
  record: R,
  operations: readonly PatchOperation[] | undefined,
  table: PatchTable<R>,
  wording: PatchWording = plainWording,
  copied?: (record: R, path: string, from: string) => R | undefined,
): R {
  let patched = record
  for (const operation of operations ?? []) {
    const { op, path, value, from } = operation
    if (path === undefined || path === null) throw badRequest('Invalid patch path null')
    if (op === 'copy') {
      const copy = copied?.(patched, path, from ?? '')
      if (copy === undefined) throw wording.otherOp(operation)
      patched = copy
      continue
    }
    if (from !== undefined || (op !== 'add' && op !== 'replace' && op !== 'remove'))
      throw wording.otherOp(operation)
    const found = findRow(table, path)
    if (found === undefined) throw wording.unknownPath(path, op, pathsFor(op, table))
    if (!found.row.ops.includes(op)) throw wording.unsupportedOp(path, op, found.row.ops)
    const { parameters } = found
    patched = found.row.apply(patched, { op, path, value: value ?? '', parameters })
  }
  return patched
}

/** Only `true` and `false` are booleans on the wire. */
export function booleanOf({ value }: Patch, what: string): boolean {
  if (value !== 'true' && value !== 'false')
    throw badRequest(`Invalid value '${value}' for ${what}, must be 'true' or 'false'`)
  return value === 'true'
}

export function integerOf({ value }: Patch, what: string): number {
  if (!/^-?\d{1,9}$/.test(value))
    throw badRequest(`Invalid value '${value}' for ${what}, must be an integer`)
  return Number(value)
}

/** A row that sets one member to the text given; nothing given removes it where that is allowed. */
export function textRow<R>(
  set: (record: R, value: string | undefined) => R,
  ops: readonly PatchOp[] = ['replace'],
): PatchRow<R> {
  return {
    ops,
    apply: (record, { op, value }) =>
      set(record, op === 'remove' || value === '' ? undefined : value),
  }
}

/**
 * A row `/{map}/{key}` that adds, replaces and removes one entry.
 *
 * @param write  gets undefined for a map that has become empty: AWS leaves it out of its answers
 * @param missing  AWS's words where it refuses to replace or remove what is not there
 */
export function entryRow<R, V>(
  read: (record: R) => Readonly<Record<string, V>> | undefined,
  write: (record: R, entries: Record<string, V> | undefined) => R,
  valueFrom: (patch: Patch) => V,
  missing?: string,
): PatchRow<R> {
  return {
    ops: ['add', 'replace', 'remove'],
    apply(record, patch) {
      const key = patch.parameters.at(-1)!
      const before = read(record) ?? {}
      if (missing !== undefined && patch.op !== 'add' && !Object.hasOwn(before, key))
        throw notFound(missing)
      const { [key]: _, ...others } = before
      const entries = patch.op === 'remove' ? others : { ...others, [key]: valueFrom(patch) }
      return write(
        record,
        Object.keys(entries).length > 0 ? (entries as Record<string, V>) : undefined,
      )
    },
  }
}

function pathsFor<R>(op: PatchOp, table: PatchTable<R>): readonly string[] {
  return Object.entries(table).flatMap(([path, { ops }]) => (ops.includes(op) ? [path] : []))
}

function findRow<R>(
  table: PatchTable<R>,
  path: string,
): { row: PatchRow<R>; parameters: readonly string[] } | undefined {
  for (const [template, row] of Object.entries(table)) {
    const parameters = matchPath(template, path)
    if (parameters) return { row, parameters }
  }
  return undefined
}

function matchPath(template: string, path: string): readonly string[] | undefined {
  const wanted = template.split('/')
  const given = path.split('/')
  if (given.length !== wanted.length) return undefined
  const parameters: string[] = []
  for (const [index, part] of wanted.entries()) {
    const text = given[index]!
    if (part.startsWith('{')) {
      if (text === '') return undefined
      parameters.push(unescaped(text))
    } else if (part !== text) return undefined
  }
  return parameters
}

/** @see RFC 6901, section 4: `~1` first, so that `~01` stays `~1` */
function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}
