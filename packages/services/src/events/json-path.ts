/** Which part of an event does a path name (`$.detail.items[0]['a b']`)? */

export type JsonPath = readonly Step[]

/** A name, a place in a list, or every member. */
type Step = string | number | typeof everything

const everything = Symbol('*')

const step = /\.(?:([^.[\]'"*\s]+)|(\*))|\[(?:(-?\d+)|(\*)|'([^']*)'|"([^"]*)")\]/y

/** @returns undefined: it is none */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined
  const steps: Step[] = []
  step.lastIndex = 1
  while (step.lastIndex < text.length) {
    const match = step.exec(text)
    if (match === null) return undefined
    const [, name, star, index, inner, single, double] = match
    if (star !== undefined || inner !== undefined) steps.push(everything)
    else if (index !== undefined) steps.push(Number(index))
    else steps.push(name ?? single ?? double ?? '')
  }
  return steps
}

/** @returns undefined: nothing is there; a list where the path asks for every member */
export function valueAt(path: JsonPath, root: unknown): unknown {
  let found: readonly unknown[] = [root]
  for (const each of path) found = found.flatMap((value) => membersAt(each, value))
  return path.includes(everything) ? found : found[0]
}

function membersAt(at: Step, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (at === everything) return Object.values(value)
  if (typeof at === 'number')
    return Array.isArray(value) && value.at(at) !== undefined ? [value.at(at)] : []
  return Object.hasOwn(value, at) ? [(value as Record<string, unknown>)[at]] : []
}
