/** PATCH: which paths of a resource may be added to, replaced or removed, and what each does. */
import type { PatchOperation } from '@aws-sdk/client-api-gateway'
import { badRequest } from './errors.ts'

export type PatchOp = 'add' | 'replace' | 'remove'

/** What one operation says, with its path taken apart. */
export interface Patch {
  readonly op: PatchOp
  /** Empty for `remove` and where nothing was given. */
  readonly value: string
  /** Values of the `{…}` in the row's path, unescaped (`~1` is `/`). */
  readonly parameters: readonly string[]
}

export interface PatchRow<R> {
  readonly ops: readonly PatchOp[]
  readonly apply: (record: R, patch: Patch) => R
}

/** Rows by path: `/description`, `/binaryMediaTypes/{type}`; a parameter takes the whole rest when it stands last. */
export type PatchTable<R> = Readonly<Record<string, PatchRow<R>>>

export interface PatchWording {
  /** Some resources list the paths that they know, others only repeat the wrong one. */
  readonly lists: boolean
}

/**
 * Applies all operations in order, or none: the record is not touched when one is refused.
 *
 * @throws AwsError BadRequestException  in AWS's words for this resource
 * @see API Gateway API Reference, "Patch operations"
 */
export function applyPatches<R>(
  record: R,
  operations: readonly PatchOperation[] | undefined,
  table: PatchTable<R>,
  wording: PatchWording,
): R {
  let patched = record
  for (const { op, path, value, from } of operations ?? []) {
    if (path === undefined) throw badRequest('Invalid patch path null')
    if (from !== undefined || op === 'copy' || op === 'move' || op === 'test' || op === undefined)
      throw badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    const found = findRow(table, path)
    if (found === undefined) throw unknownPath(path, op, table, wording)
    if (!found.row.ops.includes(op)) throw unsupportedOp(path, op, found.row, wording)
    patched = found.row.apply(patched, { op, value: value ?? '', parameters: found.parameters })
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

/** A row `/{map}/{key}` that adds, replaces and removes one entry. */
export function entryRow<R, V>(
  read: (record: R) => Readonly<Record<string, V>> | undefined,
  write: (record: R, entries: Record<string, V>) => R,
  valueFrom: (patch: Patch) => V,
): PatchRow<R> {
  return {
    ops: ['add', 'replace', 'remove'],
    apply(record, patch) {
      const key = patch.parameters.at(-1)!
      const { [key]: _, ...others } = read(record) ?? {}
      return write(
        record,
        (patch.op === 'remove' ? others : { ...others, [key]: valueFrom(patch) }) as Record<
          string,
          V
        >,
      )
    },
  }
}

function findRow<R>(
  table: PatchTable<R>,
  path: string,
): { row: PatchRow<R>; parameters: readonly string[] } | undefined {
  if (Object.hasOwn(table, path)) return { row: table[path]!, parameters: [] }
  for (const [template, row] of Object.entries(table)) {
    const parameters = matchPath(template, path)
    if (parameters) return { row, parameters }
  }
  return undefined
}

function matchPath(template: string, path: string): readonly string[] | undefined {
  const wanted = template.split('/')
  const given = path.split('/')
  if (!template.includes('{') || given.length < wanted.length) return undefined
  const takesRest = wanted.at(-1)!.startsWith('{')
  if (!takesRest && given.length !== wanted.length) return undefined
  const parameters: string[] = []
  for (const [index, part] of wanted.entries()) {
    const isLast = index === wanted.length - 1
    const text = isLast && takesRest ? given.slice(index).join('/') : given[index]!
    if (part.startsWith('{')) {
      if (text === '') return undefined
      parameters.push(text.replaceAll('~1', '/').replaceAll('~0', '~'))
    } else if (part !== text) return undefined
  }
  return parameters
}

function unknownPath<R>(
  path: string,
  op: string,
  table: PatchTable<R>,
  { lists }: PatchWording,
): Error {
  if (!lists) return badRequest(`Invalid patch path ${path}`)
  if (op !== 'replace')
    return badRequest(
      `Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`,
    )
  return badRequest(
    `Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${Object.keys(table).join(', ')}]`,
  )
}

function unsupportedOp<R>(
  path: string,
  op: string,
  row: PatchRow<R>,
  { lists }: PatchWording,
): Error {
  return badRequest(
    lists
      ? `Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`
      : `Invalid patch operation specified. Must be one of: [${row.ops.join(', ')}]`,
  )
}
