/** Is this a model that bodies can be held against, and to which others does it refer? */

import { modelUrl, SchemaError, schemaCompiler } from '@sekisho/gateway'
import { parseJson } from '@sekisho/policy'
import type { AwsError } from '@sekisho/protocols'
import { badRequest } from './errors.ts'
import { isNode, type Node } from './openapi/parse.ts'
import type { RestApiRecord } from './records.ts'

/** @throws AwsError BadRequestException */
export function checkModelName(name: string): void {
  if (name === '') throw badRequest('Model name must be non-empty')
  if (!/^[a-zA-Z0-9]+$/.test(name)) throw badRequest(`Model name must be alphanumeric: ${name}`)
}

type Models = Pick<RestApiRecord, 'id' | 'models'>

/** @throws AwsError BadRequestException  what cannot be read would let every body pass, or none */
export function checkModel(api: Models, name: string): void {
  modelCheck(api)(name)
}

/** Of many models, each read once however often others refer to it. */
export function modelCheck({ id, models }: Models): (name: string) => void {
  const schemas = new Map(Object.values(models).map((model) => [model.name, model.schema]))
  const compile = schemaCompiler({ restApiId: id, schemas })
  return (name) => {
    try {
      compile(name)
    } catch (error) {
      throw error instanceof SchemaError ? invalidModel(error) : error
    }
  }
}

const reasons = {
  INVALID_SCHEMA: ({ message }) => `Invalid model schema specified. ${message}`,
  UNKNOWN_KEYWORD: ({ message }) =>
    `Invalid model schema specified. Unsupported keyword(s): ${message}`,
  INVALID_REFERENCE: ({ message }) => `Invalid model schema specified, ${message}`,
} satisfies Record<SchemaError['code'], (error: SchemaError) => string>

function invalidModel(error: SchemaError): AwsError {
  return badRequest(
    `Invalid model specified: Validation Result: warnings : [], errors : [${reasons[error.code](error)}]`,
  )
}

/** Names of the API's models that a schema refers to. */
export function modelsReferredTo({ id }: Models, schema: string): ReadonlySet<string> {
  const start = modelUrl(id, '')
  const found = new Set<string>()
  let open: readonly unknown[] = [parseJson(schema)]
  for (; open.length > 0; open = open.flatMap(childrenOf))
    for (const node of open.filter(isNode)) {
      const reference = node['$ref']
      if (typeof reference === 'string' && reference.startsWith(start))
        found.add(reference.slice(start.length).split('#')[0]!)
    }
  return found
}

/** @param rename  the reference that stands for another */
export function withReferences(value: unknown, rename: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withReferences(each, rename))
  if (!isNode(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === '$ref' && typeof each === 'string' ? rename(each) : withReferences(each, rename),
    ]),
  )
}

/** The schema with those that it refers to among its own definitions. */
export function resolvedSchema(api: Models, name: string): Node {
  const start = modelUrl(api.id, '')
  const definitions: Record<string, unknown> = {}
  const inlined = (text: string): Node => {
    for (const other of modelsReferredTo(api, text)) {
      if (Object.hasOwn(definitions, other) || !Object.hasOwn(api.models, other)) continue
      definitions[other] = {}
      definitions[other] = inlined(api.models[other]!.schema)
    }
    return withReferences(parseJson(text), (reference) =>
      reference.startsWith(start) ? `#/definitions/${reference.slice(start.length)}` : reference,
    ) as Node
  }
  const schema = inlined(api.models[name]!.schema)
  const own = isNode(schema['definitions']) ? schema['definitions'] : {}
  const all = { ...own, ...definitions }
  return Object.keys(all).length > 0 ? { ...schema, definitions: all } : schema
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}
