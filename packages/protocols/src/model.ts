/** What a service can be asked, read from the schemas that its SDK client carries at run time. */
import { NormalizedSchema } from '@smithy/core/schema'
import type { SdkModule } from './operations.ts'

export type Schema = NormalizedSchema

export interface HttpTrait {
  readonly method: string
  /** `/restapis/{restApiId}`, `/{Bucket}/{Key+}`; query literals stand apart. */
  readonly path: string
  /** `mode=import` of `/restapis?mode=import`. */
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly status: number
}

export interface OperationModel {
  readonly name: string
  readonly http?: HttpTrait
  readonly input: Schema
  readonly output: Schema
}

export interface ErrorModel {
  readonly name: string
  /** What stands on the wire; query services have codes of their own (`NoSuchEntity`). */
  readonly code: string
  readonly status: number
  readonly schema: Schema
}

export interface ServiceModel {
  readonly operations: ReadonlyMap<string, OperationModel>
  readonly errors: ReadonlyMap<string, ErrorModel>
}

/** Schema ids as the clients write them: `[kind, namespace, name, traits, …]`. */
const operationKind = 9
const errorKind = -3

/** Reads a client's exports once; `npm update` of the client brings new operations. */
export function readModel(sdk: SdkModule): ServiceModel {
  const operations = new Map<string, OperationModel>()
  const errors = new Map<string, ErrorModel>()
  for (const [key, value] of Object.entries(sdk)) {
    if (!key.endsWith('$') || !Array.isArray(value)) continue
    if (value[0] === operationKind) operations.set(value[2], operationOf(value))
    else if (value[0] === errorKind) errors.set(value[2], errorOf(value))
  }
  return { operations, errors }
}

function operationOf(schema: readonly unknown[]): OperationModel {
  const [, , name, traits, input, output] = schema
  const http = httpOf(traits)
  return {
    name: name as string,
    ...(http && { http }),
    input: NormalizedSchema.of(deref(input)),
    output: NormalizedSchema.of(deref(output)),
  }
}

function errorOf(schema: readonly unknown[]): ErrorModel {
  const normalized = NormalizedSchema.of(schema as never)
  const traits = normalized.getMergedTraits() as {
    httpError?: number
    error?: string
    awsQueryError?: readonly [string, number]
  }
  const name = schema[2] as string
  const [code, status] = traits.awsQueryError ?? []
  return {
    name,
    code: code ?? name,
    status: traits.httpError ?? status ?? (traits.error === 'server' ? 500 : 400),
    schema: normalized,
  }
}

function httpOf(traits: unknown): HttpTrait | undefined {
  const http = (traits as { http?: readonly [string, string, number] } | undefined)?.http
  if (!http) return undefined
  const [method, uri, status] = http
  const [path = '/', query = ''] = uri.split('?')
  return { method, path, query: query === '' ? [] : [...new URLSearchParams(query)], status }
}

/** Clients write references that would run in a circle as functions. */
function deref(schema: unknown): never {
  return (typeof schema === 'function' ? schema() : schema) as never
}

/** Its body is read as it arrives, not as a whole. */
export function takesStream({ input }: OperationModel): boolean {
  return membersOf(input).some(([, member]) => traitsOf(member).httpPayload && member.isStreaming())
}

export type Members = readonly (readonly [name: string, schema: Schema])[]

const membersOfStructures = new WeakMap<object, Members>()
const noMembers: Members = []

/** Members of a structure in the model's order; none for a unit. */
export function membersOf(schema: Schema): Members {
  const raw = schema.getSchema()
  if (typeof raw !== 'object') return noMembers
  let members = membersOfStructures.get(raw)
  if (members === undefined) {
    members = schema.isStructSchema() ? [...schema.structIterator()] : noMembers
    membersOfStructures.set(raw, members)
  }
  return members
}

/** Names of the members that must be there: the schema keeps them first. */
export function requiredMembersOf(schema: Schema): readonly string[] {
  const raw = schema.getSchema()
  if (!Array.isArray(raw)) return []
  const count = typeof raw[6] === 'number' ? raw[6] : 0
  return (raw[4] as readonly string[]).slice(0, count)
}

export interface Traits {
  readonly jsonName?: string
  readonly sensitive?: unknown
  readonly sparse?: unknown
  readonly xmlName?: string
  readonly xmlFlattened?: unknown
  readonly xmlAttribute?: unknown
  readonly xmlNamespace?: string | readonly [string, string]
  readonly httpLabel?: unknown
  readonly httpQuery?: string
  readonly httpQueryParams?: unknown
  readonly httpHeader?: string
  readonly httpPrefixHeaders?: string
  readonly httpPayload?: unknown
  readonly httpResponseCode?: unknown
}

export function traitsOf(schema: Schema): Traits {
  return schema.getMergedTraits() as Traits
}

/** How a timestamp is written: the model's own word, else the protocol's habit at that place. */
export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds'

const timestampFormats: Readonly<Record<number, TimestampFormat>> = {
  5: 'date-time',
  6: 'http-date',
  7: 'epoch-seconds',
}

export function timestampFormatOf(schema: Schema, habit: TimestampFormat): TimestampFormat {
  const raw = schema.getSchema()
  return (typeof raw === 'number' ? timestampFormats[raw] : undefined) ?? habit
}
