/** Where does a `$ref` of the document lead? */
import { OpenApiError } from './open-api-error.ts'
import { isNode, member, type Node } from './parse.ts'

/** Chains longer than this are taken for a circle. */
const maxHops = 20

/**
 * Follows `$ref` inside the document until something that is no reference.
 *
 * @throws OpenApiError  the reference leaves the document (never fetched), leads nowhere or in a circle
 * @see API Gateway Developer Guide, "Amazon API Gateway important notes for REST APIs" (no remote references)
 */
export function resolve(root: Node, value: unknown): unknown {
  let current = value
  for (let hop = 0; hop < maxHops; hop++) {
    if (!isNode(current)) return current
    const reference = member(current, '$ref')
    if (typeof reference !== 'string') return current
    current = follow(root, reference)
  }
  throw new OpenApiError(`\`$ref\` leads in a circle: ${JSON.stringify(value)}`)
}

/** As `resolve`, for members that must be objects; anything else reads as an empty one. */
export function resolveNode(root: Node, value: unknown): Node {
  const found = resolve(root, value)
  return isNode(found) ? found : {}
}

/** `Pet` for `#/definitions/Pet` and `#/components/schemas/Pet`; undefined for an inline schema. */
export function modelNameOf(schema: unknown): string | undefined {
  const reference = isNode(schema) ? member(schema, '$ref') : undefined
  if (typeof reference !== 'string') return undefined
  refuseRemote(reference)
  return /^#\/(?:definitions|components\/schemas)\/([^/]+)$/.exec(reference)?.[1]
}

function follow(root: Node, reference: string): unknown {
  refuseRemote(reference)
  let node: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    node = isNode(node) ? member(node, key) : undefined
  }
  if (node === undefined) throw new OpenApiError(`\`$ref\` \`${reference}\` leads nowhere`)
  return node
}

function refuseRemote(reference: string): void {
  if (!reference.startsWith('#/'))
    throw new OpenApiError(
      `\`$ref\` \`${reference}\` leaves the document; only \`#/…\` is followed`,
    )
}
