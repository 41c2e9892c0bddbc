/** A model made ready: its schema and those that it refers to, read once. */

import { parseJson } from '@sekisho/policy'
import { WorkLimitError } from '../work.ts'
import { keywords } from './keywords.ts'
import { Run, type SchemaNode } from './run.ts'
import { isObject, type JsonObject, SchemaError, typeOf } from './values.ts'

export interface Schema {
  /** What is wrong with a body; empty: nothing. */
  readonly faultsOf: (body: unknown) => readonly string[]
}

/** The models of one API: the text of each by its name. */
export interface Models {
  readonly restApiId: string
  readonly schemas: ReadonlyMap<string, string>
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const longest = 400_000
const deepest = 100
/** Chains of references longer than this are taken for a circle. */
const mostHops = 20

/** How models refer to each other. */
export function modelUrl(restApiId: string, name: string): string {
  return `https://apigateway.amazonaws.com/restapis/${restApiId}/models/${name}`
}

/**
 * @param name  of one of the models
 * @throws SchemaError
 */
export function compileSchema(name: string, models: Models): Schema {
  return schemaCompiler(models)(name)
}

/** One after the other. What cannot be read is told of where it is first met: behind a refusal none of them counts. */
export function schemaCompiler(models: Models): (name: string) => Schema {
  const reading = new Reading(models)
  return (name) => {
    const root = reading.model(name)
    return {
      faultsOf(body) {
        const run = new Run()
        try {
          run.visit(root, body)
        } catch (error) {
          if (error instanceof WorkLimitError) return [`validation ${error.message}`]
          throw error
        }
        return run.faults
      },
    }
  }
}

/** A schema, and the model that it stands in: references within it begin there. */
interface Place {
  readonly schema: unknown
  readonly model: string
}

class Reading {
  readonly #models: Models
  readonly #parsed = new Map<string, JsonObject>()
  readonly #nodes = new Map<unknown, SchemaNode>()
  /** What is still to be done for nodes that are referred to already. */
  readonly #open: (() => void)[] = []

  constructor(models: Models) {
    this.#models = models
  }

  /** However long the chain of models is: one is read behind the other. */
  model(name: string): SchemaNode {
    const root = this.#node({ schema: this.#parse(name), model: name })
    try {
      for (let fill = this.#open.pop(); fill !== undefined; fill = this.#open.pop()) fill()
    } finally {
      this.#open.length = 0
    }
    return root
  }

  #parse(name: string): JsonObject {
    const known = this.#parsed.get(name)
    if (known !== undefined) return known
    const text = this.#models.schemas.get(name)
    if (text === undefined)
      throw new SchemaError(`there is no model \`${name}\``, 'INVALID_REFERENCE')
    const schema = readSchema(text)
    this.#parsed.set(name, schema)
    return schema
  }

  #node(place: Place): SchemaNode {
    const { schema, model } = this.#followed(place)
    if (!isObject(schema)) throw new SchemaError(`a schema is not ${JSON.stringify(schema)}`)
    const known = this.#nodes.get(schema)
    if (known !== undefined) return known
    const node: SchemaNode = { own: [], inner: [] }
    this.#nodes.set(schema, node)
    this.#open.push(() => this.#fill(node, schema, model))
    return node
  }

  #fill(node: SchemaNode, schema: JsonObject, model: string): void {
    const unknown = Object.keys(schema).filter((keyword) => !Object.hasOwn(keywords, keyword))
    if (unknown.length > 0) throw new SchemaError(JSON.stringify(unknown), 'UNKNOWN_KEYWORD')
    const around = { schema, nodeOf: (inner: unknown) => this.#node({ schema: inner, model }) }
    for (const [keyword, { of, own, inner }] of Object.entries(keywords)) {
      if (!Object.hasOwn(schema, keyword)) continue
      for (const kind of ['own', 'inner'] as const) {
        const check = { own, inner }[kind]?.(schema[keyword], around, keyword)
        if (check === undefined) continue
        node[kind].push(
          of === undefined
            ? check
            : (value, run) => {
                if (of.includes(typeOf(value))) check(value, run)
              },
        )
      }
    }
  }

  /** Beside `$ref` nothing else counts. */
  #followed(place: Place): Place {
    let current = place
    for (let hop = 0; hop < mostHops; hop++) {
      const { schema, model } = current
      if (!isObject(schema) || !Object.hasOwn(schema, '$ref')) return current
      current = this.#target(schema['$ref'], model)
    }
    throw new SchemaError('`$ref` leads in a circle', 'INVALID_REFERENCE')
  }

  /** Into the same model, or to another of the same API; nothing is ever fetched. */
  #target(reference: unknown, model: string): Place {
    const [address = '', pointer = ''] = typeof reference === 'string' ? reference.split('#') : []
    const start = modelUrl(this.#models.restApiId, '')
    const name = address === '' ? model : address.slice(start.length)
    if (typeof reference !== 'string' || (address !== '' && !address.startsWith(start)))
      throw new SchemaError('Model reference must be in canonical form', 'INVALID_REFERENCE')
    let schema: unknown = this.#parse(name)
    for (const part of pointer.split('/').slice(1)) {
      const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
      schema =
        (isObject(schema) || Array.isArray(schema)) && Object.hasOwn(schema, key)
          ? (schema as JsonObject)[key]
          : undefined
    }
    if (schema === undefined)
      throw new SchemaError(`\`$ref\` \`${reference}\` leads nowhere`, 'INVALID_REFERENCE')
    return { schema, model: name }
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function readSchema(text: string): JsonObject {
  if (text.length > longest) throw new SchemaError(`longer than ${longest} characters`)
  let schema: unknown
  try {
    schema = parseJson(text)
  } catch (cause) {
    throw new SchemaError((cause as Error).message)
  }
  if (!isObject(schema)) throw new SchemaError('the schema is not an object')
  refuseDepth(schema, 0)
  return schema
}

function refuseDepth(value: unknown, depth: number): void {
  if (depth > deepest) throw new SchemaError(`nested deeper than ${deepest}`)
  if (typeof value !== 'object' || value === null) return
  for (const child of Object.values(value)) refuseDepth(child, depth + 1)
}

/** What a schema may say. */
export const schemaKeywords: ReadonlySet<string> = new Set(Object.keys(keywords))
