/** A mapping template to begin with: the structure of a model, with sample values. */
import { isNode, type Node } from './openapi/parse.ts'
import { resolve } from './openapi/references.ts'

/** Deeper than this a model is taken for one that contains itself. */
const deepest = 8

/** @param schema  with all that it refers to among its own definitions */
export function modelTemplate(schema: Node): string {
  return `#set($inputRoot = $input.path('$'))\n${sample(schema, schema, '$inputRoot', '', 0)}`
}

const samples: Readonly<Record<string, string>> = {
  string: '"foo"',
  integer: '42',
  number: '3.14',
  boolean: 'true',
  null: 'null',
}

function sample(root: Node, given: unknown, from: string, indent: string, depth: number): string {
  const schema = resolve(root, given)
  if (!isNode(schema) || depth > deepest) return '{}'
  const { type, properties, items } = schema
  const kind = Array.isArray(type) ? type[0] : type
  const inner = `${indent}  `
  if (kind === 'array' || (kind === undefined && items !== undefined)) {
    const loop = [
      `##TODO: Update this foreach loop to reference array from input json`,
      `#foreach($elem in ${from})`,
      ` ${sample(root, items ?? {}, '$elem', inner, depth + 1)}`,
      '#if($foreach.hasNext),#end',
      '#end',
    ]
    return `[\n${loop.join('\n')}\n${indent}]`
  }
  if (typeof kind === 'string' && Object.hasOwn(samples, kind)) return samples[kind]!
  const members = Object.entries(isNode(properties) ? properties : {}).map(
    ([name, each]) =>
      `${inner}${JSON.stringify(name)} : ${sample(root, each, from, inner, depth + 1)}`,
  )
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
}
