/** Schemas of a document and models of an API: they name each other differently, and a document's say more. */
import { modelUrl, schemaKeywords } from '@sekisho/gateway'
import { withReferences } from '../model-rules.ts'
import { isNode, type Node, type OpenApiVersion } from './parse.ts'

const inDocument = /^#\/(?:definitions|components\/schemas)\/([^/]+)$/

const maps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'definitions',
  'dependencies',
])
const lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'items'])
const schemas: ReadonlySet<string> = new Set([
  'additionalProperties',
  'additionalItems',
  'items',
  'not',
])

/**
 * The schema as a model: what models do not know is left out and named, references lead to models.
 * @see API Gateway Developer Guide, "Amazon API Gateway important notes for REST APIs" (what is dropped)
 */
export function modelSchema(
  schema: Node,
  restApiId: string,
): { readonly schema: Node; readonly dropped: ReadonlySet<string> } {
  const dropped = new Set<string>()
  const known = (each: unknown): unknown => {
    if (!isNode(each) || Object.hasOwn(each, '$ref')) return each
    return Object.fromEntries(
      Object.entries(each).flatMap(([keyword, value]) => {
        if (!schemaKeywords.has(keyword)) {
          dropped.add(keyword)
          return []
        }
        if (maps.has(keyword) && isNode(value))
          return [
            [
              keyword,
              Object.fromEntries(Object.entries(value).map(([name, of]) => [name, known(of)])),
            ],
          ]
        if (lists.has(keyword) && Array.isArray(value)) return [[keyword, value.map(known)]]
        return [[keyword, schemas.has(keyword) ? known(value) : value]]
      }),
    )
  }
  const renamed = withReferences(known(schema), (reference) => {
    const name = inDocument.exec(reference)?.[1]
    return name === undefined ? reference : modelUrl(restApiId, name)
  })
  return { schema: renamed as Node, dropped }
}

/** A model's schema as a document of this version has it. */
export function documentSchema(schema: Node, restApiId: string, version: OpenApiVersion): Node {
  const start = modelUrl(restApiId, '')
  const place = version === 'swagger' ? '#/definitions/' : '#/components/schemas/'
  return withReferences(schema, (reference) =>
    reference.startsWith(start) ? `${place}${reference.slice(start.length)}` : reference,
  ) as Node
}
