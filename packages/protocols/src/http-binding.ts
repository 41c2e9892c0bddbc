/** Which members of an operation stand in the path, the query and the headers, and which are the body. */
import { commonError } from './aws-error.ts'
import {
  membersOf,
  type OperationModel,
  type Schema,
  timestampFormatOf,
  traitsOf,
} from './model.ts'
import { formatTimestamp, readText } from './scalars.ts'
import { headerOf, queryEntries, type WireRequest } from './wire.ts'

export type Labels = Readonly<Record<string, string>>

export interface BoundInput {
  /** What path, query and headers gave. */
  readonly values: Record<string, unknown>
  /** The member that is the whole body, if any. */
  readonly payload?: readonly [name: string, schema: Schema]
  /** The members that the body's document holds. */
  readonly bodyMembers: readonly (readonly [name: string, schema: Schema])[]
}

/** @throws AwsError SerializationException  a number, boolean or date that is none */
export function readBindings(
  operation: OperationModel,
  labels: Labels,
  request: WireRequest,
): BoundInput {
  const values: Record<string, unknown> = {}
  const bodyMembers: (readonly [string, Schema])[] = []
  const query = queryEntries(request.rawQuery)
  let payload: readonly [string, Schema] | undefined
  const bound = new Set(operation.http?.query.map(([name]) => name))
  for (const [, member] of membersOf(operation.input)) {
    const { httpQuery } = traitsOf(member)
    if (httpQuery) bound.add(httpQuery)
  }
  for (const [name, member] of membersOf(operation.input)) {
    const traits = traitsOf(member)
    const value = traits.httpLabel
      ? readText(member, labels[name] ?? '', 'date-time', timestampFormatOf)
      : traits.httpQuery
        ? readQuery(member, traits.httpQuery, query)
        : traits.httpQueryParams
          ? readQueryParams(
              member,
              query.filter(([key]) => !bound.has(key)),
            )
          : traits.httpHeader
            ? readHeader(member, headerOf(request.headers, traits.httpHeader.toLowerCase()))
            : traits.httpPrefixHeaders !== undefined
              ? readPrefixHeaders(traits.httpPrefixHeaders.toLowerCase(), request.headers)
              : undefined
    if (value !== undefined) values[name] = value
    else if (traits.httpPayload) payload = [name, member]
    else if (!isBound(traits)) bodyMembers.push([name, member])
  }
  return { values, ...(payload && { payload }), bodyMembers }
}

function isBound(traits: ReturnType<typeof traitsOf>): boolean {
  return Boolean(
    traits.httpLabel ||
      traits.httpQuery ||
      traits.httpQueryParams ||
      traits.httpHeader ||
      traits.httpPrefixHeaders !== undefined ||
      traits.httpPayload,
  )
}

type Query = readonly (readonly [string, string])[]

function readQuery(member: Schema, name: string, query: Query): unknown {
  const found = query.filter(([key]) => key === name).map(([, value]) => value)
  if (found.length === 0) return undefined
  if (member.isListSchema())
    return found.map((text) =>
      readText(member.getValueSchema(), text, 'date-time', timestampFormatOf),
    )
  return readText(member, found[0]!, 'date-time', timestampFormatOf)
}

function readQueryParams(member: Schema, query: Query): unknown {
  if (query.length === 0) return undefined
  const isLists = member.getValueSchema().isListSchema()
  const grouped = Map.groupBy(query, ([key]) => key)
  return Object.fromEntries(
    [...grouped].map(([key, all]) => [
      key,
      isLists ? all.map(([, value]) => value) : all.at(-1)![1],
    ]),
  )
}

function readHeader(member: Schema, text: string | undefined): unknown {
  if (text === undefined) return undefined
  if (member.isListSchema())
    return splitList(text).map((item) =>
      readText(member.getValueSchema(), item, 'http-date', timestampFormatOf),
    )
  return readText(member, text, 'http-date', timestampFormatOf)
}

/** Items may be quoted, with `\"` inside. */
function splitList(text: string): readonly string[] {
  const items = text.match(/\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+/g) ?? []
  return items
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) =>
      item.startsWith('"') && item.endsWith('"') ? item.slice(1, -1).replace(/\\(.)/g, '$1') : item,
    )
}

function readPrefixHeaders(prefix: string, headers: readonly string[]): unknown {
  const found: [string, string][] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    if (name.startsWith(prefix) && name !== prefix)
      found.push([name.slice(prefix.length), headers[at + 1]!])
  }
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

export interface BoundOutput {
  readonly status: number
  readonly headers: string[]
  readonly payload?: readonly [schema: Schema, value: unknown]
  readonly bodyMembers: readonly (readonly [name: string, schema: Schema])[]
}

export function writeBindings(
  operation: OperationModel,
  output: Readonly<Record<string, unknown>>,
): BoundOutput {
  const headers: string[] = []
  const bodyMembers: (readonly [string, Schema])[] = []
  let status = operation.http?.status ?? 200
  let payload: readonly [Schema, unknown] | undefined
  for (const [name, member] of membersOf(operation.output)) {
    const traits = traitsOf(member)
    const value = output[name]
    if (traits.httpResponseCode) status = typeof value === 'number' ? value : status
    else if (traits.httpHeader) {
      if (value !== undefined && value !== null)
        headers.push(traits.httpHeader, writeHeader(member, value))
    } else if (traits.httpPrefixHeaders !== undefined) {
      for (const [key, text] of Object.entries((value as Record<string, string> | undefined) ?? {}))
        headers.push(`${traits.httpPrefixHeaders}${key}`, text)
    } else if (traits.httpPayload) payload = [member, value]
    else bodyMembers.push([name, member])
  }
  return { status, headers, ...(payload && { payload }), bodyMembers }
}

function writeHeader(member: Schema, value: unknown): string {
  const text =
    value instanceof Date
      ? formatTimestamp(value, timestampFormatOf(member, 'http-date'))
      : Array.isArray(value)
        ? value.map((item) => quoted(String(item))).join(', ')
        : String(value)
  // A value with a line break would be another header.
  if (/[\r\n\0]/.test(text)) throw commonError('InternalFailure', 'a header value has a line break')
  return text
}

/** An item with a comma or a quote would be read as two. */
function quoted(item: string): string {
  return /[",]/.test(item) ? `"${item.replace(/["\\]/g, '\\$&')}"` : item
}
