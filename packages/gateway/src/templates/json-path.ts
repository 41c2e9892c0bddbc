/** JSONPath as mapping expressions use it: members, indexes, wildcards, descent. */
import { spend, type Work } from '../work.ts'

type Step = { readonly name: string } | { readonly index: number } | 'every' | 'descend'

const stepPattern = /\.\.|\.?\*|\[\*\]|\.([^.[\]*]+)|\[(-?\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y
const maxFound = 10_000
const mostWork = 2_000_000

/**
 * @param path  `$`, `$.a.b[0]`, `$['a']`, `$..a`, `$.a[*]`
 * @returns undefined when nothing is there or the path cannot be read; a list when the path can find several
 */
export function findJson(value: unknown, path: string, work: Work = { left: mostWork }): unknown {
  const steps = parsePath(path)
  if (steps === undefined) return undefined
  const isMany = steps.some((step) => step === 'every' || step === 'descend')
  let found: unknown[] = [value]
  for (const step of steps)
    found = found.flatMap((each) => apply(each, step, work)).slice(0, maxFound)
  return isMany ? found : found[0]
}

function parsePath(path: string): readonly Step[] | undefined {
  const steps: Step[] = []
  if (!path.startsWith('$')) return undefined
  stepPattern.lastIndex = 1
  while (stepPattern.lastIndex < path.length) {
    const match = stepPattern.exec(path)
    if (match === null) return undefined
    const [whole, name, index, single, double] = match
    if (whole === '..') {
      steps.push('descend')
      // `..name` has its name right behind.
      if (/[^.[*]/.test(path[stepPattern.lastIndex] ?? '')) {
        const rest = /[^.[\]*]+/y
        rest.lastIndex = stepPattern.lastIndex
        const found = rest.exec(path)![0]
        steps.push({ name: found })
        stepPattern.lastIndex += found.length
      }
    } else if (whole.endsWith('*') || whole === '[*]') steps.push('every')
    else if (index !== undefined) steps.push({ index: Number(index) })
    else steps.push({ name: name ?? single ?? double ?? '' })
  }
  return steps
}

function apply(value: unknown, step: Step, work: Work): unknown[] {
  spend(work, 1)
  if (step === 'descend') return [...descendants(value, 0, work)]
  if (typeof value !== 'object' || value === null) return []
  if (step === 'every') {
    const values = Object.values(value)
    spend(work, values.length)
    return values
  }
  if ('index' in step)
    return Array.isArray(value) && value.at(step.index) !== undefined ? [value.at(step.index)] : []
  return !Array.isArray(value) && Object.hasOwn(value, step.name)
    ? [(value as Record<string, unknown>)[step.name]]
    : []
}

function* descendants(value: unknown, depth: number, work: Work): Generator<unknown> {
  spend(work, 1)
  yield value
  if (typeof value !== 'object' || value === null || depth > 64) return
  for (const child of Object.values(value)) yield* descendants(child, depth + 1, work)
}
