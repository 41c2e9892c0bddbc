/** Does a JSON message fit `{ $.status = 404 && $.user.name = "a*" }`? */
import { parseJson } from '@sekisho/policy'
import { invalidPattern, readExpression } from './expressions.ts'
import type { FilterPattern } from './pattern.ts'

type Segment = { readonly name: string } | { readonly index: number } | 'any'

/** @throws AwsError InvalidParameterException */
export function readJsonPattern(text: string): FilterPattern {
  if (!text.endsWith('}')) throw invalidPattern()
  const { test, selectors } = readExpression(
    text.slice(1, -1),
    (word) => word.startsWith('$'),
    false,
  )
  const paths = new Map(selectors.map((selector) => [selector, pathOf(selector)]))
  return {
    match(message) {
      const value = parsed(message)
      if (typeof value !== 'object' || value === null) return undefined
      const lookup = (selector: string) => valueAt(value, paths.get(selector)!)
      if (!test(lookup)) return undefined
      const found = selectors.map((selector) => [selector, lookup(selector)] as const)
      return Object.fromEntries(
        found.flatMap(([selector, each]) =>
          each === undefined
            ? []
            : [[selector, typeof each === 'string' ? each : JSON.stringify(each)]],
        ),
      )
    },
  }
}

const segment = /\.([\p{L}\p{N}_\-@$:]+)|\.?\[(?:(\d{1,9})|(\*)|'([^']*)'|"([^"]*)")\]/uy

function pathOf(selector: string): readonly Segment[] {
  const path: Segment[] = []
  for (let at = 1; at < selector.length; at = segment.lastIndex) {
    segment.lastIndex = at
    const match = segment.exec(selector)
    if (match === null) throw invalidPattern()
    const [, name, index, any, quoted, doubleQuoted] = match
    if (any !== undefined) path.push('any')
    else if (index !== undefined) path.push({ index: Number(index) })
    else path.push({ name: name ?? quoted ?? doubleQuoted ?? '' })
  }
  return path
}

function valueAt(value: unknown, path: readonly Segment[]): unknown {
  let found = value
  for (const [at, each] of path.entries()) {
    if (typeof found !== 'object' || found === null) return undefined
    if (each === 'any') {
      // The first element that has it stands for all.
      if (!Array.isArray(found)) return undefined
      const rest = path.slice(at + 1)
      return found.map((element) => valueAt(element, rest)).find((one) => one !== undefined)
    }
    if ('index' in each) found = Array.isArray(found) ? found[each.index] : undefined
    else
      found = Object.hasOwn(found, each.name)
        ? (found as Record<string, unknown>)[each.name]
        : undefined
  }
  return found
}

function parsed(message: string): unknown {
  if (!/^\s*[{[]/.test(message)) return undefined
  try {
    return parseJson(message)
  } catch {
    return undefined
  }
}
