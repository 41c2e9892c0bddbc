/** Is this text an OpenAPI document, and of which version? */
import { parseJson } from '@sekisho/policy'
import { OpenApiError } from './open-api-error.ts'
import { readYaml } from './yaml.ts'

export type OpenApiVersion = 'swagger' | 'oas30'

/** A JSON object of the document. Members are read with the helpers below: nothing about their form is known yet. */
export type Node = Readonly<Record<string, unknown>>

export interface OpenApiSource {
  readonly version: OpenApiVersion
  readonly root: Node
}

const maxBytes = 6 * 1024 * 1024
const maxDepth = 100
/**
 * Reads OpenAPI 2.0 or 3.0, in JSON or YAML.
 *
 * @param bytes  at most 6 MB, UTF-8
 * @throws OpenApiError  not JSON or YAML, too deep, too large, or no OpenAPI version that is known here
 * @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (size of an import file)
 */
export function parseOpenApi(bytes: Uint8Array): OpenApiSource {
  let found = read.get(bytes)
  if (found === undefined) read.set(bytes, (found = parsedOrNot(bytes)))
  if (found instanceof OpenApiError) throw found
  return found
}

/** Asked for what it needs and then taken, a document is read once. */
const read = new WeakMap<Uint8Array, OpenApiSource | OpenApiError>()

function parsedOrNot(bytes: Uint8Array): OpenApiSource | OpenApiError {
  try {
    return parsed(bytes)
  } catch (error) {
    if (error instanceof OpenApiError) return error
    throw error
  }
}

function parsed(bytes: Uint8Array): OpenApiSource {
  if (bytes.length > maxBytes) throw new OpenApiError('the document is larger than 6 MB')
  const root = readText(new TextDecoder('utf-8', { fatal: false }).decode(bytes))
  if (!isNode(root)) throw new OpenApiError('the document is not an object')
  refuseDepth(root, 0)
  return { version: versionOf(root), root }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member as an object, empty when it is absent or something else. */
export function nodeAt(node: Node, key: string): Node {
  const value = member(node, key)
  return isNode(value) ? value : {}
}

export function textAt(node: Node, key: string): string | undefined {
  const value = member(node, key)
  return typeof value === 'string' ? value : undefined
}

export function listAt(node: Node, key: string): readonly unknown[] {
  const value = member(node, key)
  return Array.isArray(value) ? value : []
}

/** Own members only: a document may not reach into Object.prototype. */
export function member(node: Node, key: string): unknown {
  return Object.hasOwn(node, key) ? node[key] : undefined
}

function readText(text: string): unknown {
  const start = text.trimStart()[0]
  try {
    if (start === '{') return parseJson(text)
  } catch (cause) {
    throw new OpenApiError(`the document is not JSON: ${(cause as Error).message}`, { cause })
  }
  return readYaml(text)
}

function refuseDepth(value: unknown, depth: number): void {
  if (depth > maxDepth) throw new OpenApiError(`the document is nested deeper than ${maxDepth}`)
  if (typeof value !== 'object' || value === null) return
  for (const child of Object.values(value)) refuseDepth(child, depth + 1)
}

function versionOf(root: Node): OpenApiVersion {
  if (String(member(root, 'swagger')) === '2.0') return 'swagger'
  if (/^3\.0\.\d+$/.test(String(member(root, 'openapi')))) return 'oas30'
  throw new OpenApiError('neither `swagger: "2.0"` nor `openapi: 3.0.x` is at its head')
}
