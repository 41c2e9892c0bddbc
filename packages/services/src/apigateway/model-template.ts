/** A mapping template to begin with: the structure of a model, with sample values. */
import { OpenApiError } from './openapi/open-api-error.ts'
import { isNode, type Node } from './openapi/parse.ts'
import { resolve } from './openapi/references.ts'

/** Deeper than this a model is taken for one that contains itself. */
const deepest = 8
/** Members that are shown: whatever contains itself several times would have no end of them. */
const most = 1_000

/** What is shown of a model, and how much more may be. */
interface Showing {
  readonly root: Node
  left: number
}

/** @param schema  with all that it refers to among its own definitions */
export function modelTemplate(schema: Node): string {
  const showing = { root: schema, left: most }
  return `#set($inputRoot = $input.path('$'))\n${sample(showing, schema, '$inputRoot', '', 0)}`
}

/** What a part of a model refers to, as far as it can be followed here. */
function followed({ root }: Showing, given: unknown): unknown {
  if (isNode(given) && given['$ref'] === '#') return root
  try {
    return resolve(root, given)
  } catch (error) {
    if (error instanceof OpenApiError) return undefined
    throw error
  }
}

const samples: Readonly<Record<string, string>> = {
  string: '"foo"',
  integer: '42',
  number: '3.14',
  boolean: 'true',
  null: 'null',
}

function sample(
  showing: Showing,
  given: unknown,
  from: string,
  indent: string,
  depth: number,
): string {
  const schema = followed(showing, given)
  if (!isNode(schema) || depth > deepest || showing.left-- <= 0) return '{}'
  const { type, properties, items } = schema
  const kind = Array.isArray(type) ? type[0] : type
  const inner = `${indent}  `
  if (kind === 'array' || (kind === undefined && items !== undefined)) {
    const loop = [
      `##TODO: Update this foreach loop to reference array from input json`,
      `#foreach($elem in ${from})`,
      ` ${sample(showing, items ?? {}, '$elem', inner, depth + 1)}`,
      '#if($foreach.hasNext),#end',
      '#end',
    ]
    return `[\n${loop.join('\n')}\n${indent}]`
  }
  if (typeof kind === 'string' && Object.hasOwn(samples, kind)) return samples[kind]!
  const members = Object.entries(isNode(properties) ? properties : {}).map(
    ([name, each]) =>
      `${inner}${JSON.stringify(name)} : ${sample(showing, each, from, inner, depth + 1)}`,
  )
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
}
