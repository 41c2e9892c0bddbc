/** JSONPath as mapping expressions use it: members, indexes, slices, wildcards, descent, filters. */
import { spend, type Work } from '../work.ts'
import { type Filter, parseFilter } from './json-filter.ts'

type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number; readonly to: number }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'every' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'length' }

const maxFound = 10_000
const mostWork = 2_000_000

/**
 * @param path  `$`, `$.a.b[0]`, `$['a','b']`, `$..a`, `$.a[*]`, `$.a[1:3]`, `$.a[?(@.b > 1)]`, `$.a.length()`
 * @returns undefined when nothing is there or the path cannot be read; a list when the path can find several
 */
export function findJson(value: unknown, path: string, work: Work = { left: mostWork }): unknown {
  spend(work, path.length)
  const steps = parsePath(path, work)
  if (steps === undefined) return undefined
  const isMany = steps.some(findsSeveral)
  let found: unknown[] = [value]
  for (const step of steps) {
    // The length of what was found, not of each.
    if (step.kind === 'length' && isMany) return found.length
    found = found.flatMap((each) => apply(each, step, value, work)).slice(0, maxFound)
  }
  return isMany ? found : found[0]
}

function findsSeveral(step: Step): boolean {
  if (step.kind === 'names') return step.names.length > 1
  if (step.kind === 'indexes') return step.indexes.length > 1
  return step.kind !== 'length'
}

const quoted = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/.source
/** Each form, and what it says; the first that fits. */
const forms: readonly (readonly [
  RegExp,
  (found: RegExpExecArray, work: Work) => Step | undefined,
])[] = [
  [/\.\.(?=[^.])/y, () => ({ kind: 'descend' })],
  [/\.?\*|\[\s*\*\s*\]/y, () => ({ kind: 'every' })],
  [/\.(?:length|size)\(\)/y, () => ({ kind: 'length' })],
  [/\.?([^.[\]*()?'"\s]+)/y, ([, name = '']) => ({ kind: 'names', names: [name] })],
  [
    new RegExp(`\\[\\s*((?:${quoted})(?:\\s*,\\s*(?:${quoted}))*)\\s*\\]`, 'y'),
    ([, list = '']) => ({
      kind: 'names',
      names: [...list.matchAll(new RegExp(quoted, 'g'))].map(([name]) =>
        name.slice(1, -1).replace(/\\(.)/gs, '$1'),
      ),
    }),
  ],
  [
    /\[\s*(-?\d{1,9}(?:\s*,\s*-?\d{1,9})*)\s*\]/y,
    ([, list = '']) => ({ kind: 'indexes', indexes: list.split(',').map(Number) }),
  ],
  [
    /\[\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*\]/y,
    ([, from, to]) => ({
      kind: 'slice',
      from: Number(from ?? 0),
      to: to === undefined ? Number.POSITIVE_INFINITY : Number(to),
    }),
  ],
  [
    // A bracket closes the one before it: there is one way to read each text.
    new RegExp(
      `\\[\\s*\\?\\(((?:${quoted}|[^'"\\]]|\\[(?:${quoted}|[^'"[\\]])*\\])*)\\)\\s*\\]`,
      'y',
    ),
    ([, text = ''], work) => {
      const filter = parseFilter(text, (value, path) => findJson(value, path, work))
      return filter && { kind: 'filter', filter }
    },
  ],
]

function parsePath(path: string, work: Work): readonly Step[] | undefined {
  if (!path.startsWith('$') || path.length > longest) return undefined
  const steps: Step[] = []
  for (let at = 1; at < path.length; ) {
    const before = steps.length
    for (const [form, stepOf] of forms) {
      form.lastIndex = at
      const found = form.exec(path)
      // A name without its dot stands behind `..` alone.
      const isBare = found !== null && /^[^.[*]/.test(found[0])
      if (found === null || (isBare && steps.at(-1)?.kind !== 'descend')) continue
      const step = stepOf(found, work)
      if (step === undefined) return undefined
      steps.push(step)
      at += found[0].length
      break
    }
    if (steps.length === before) return undefined
  }
  return steps
}

const longest = 2_000

function apply(value: unknown, step: Step, root: unknown, work: Work): unknown[] {
  spend(work, 1)
  if (step.kind === 'descend') return [...descendants(value, 0, work)]
  if (step.kind === 'length') return lengthOf(value)
  if (typeof value !== 'object' || value === null) return []
  if (step.kind === 'every') return counted(Object.values(value), work)
  if (step.kind === 'filter') {
    const items = counted(Array.isArray(value) ? value : [value], work)
    return items.filter((item) => step.filter(item, root, work))
  }
  if (step.kind === 'names')
    return step.names.flatMap((name) =>
      !Array.isArray(value) && Object.hasOwn(value, name)
        ? [(value as Record<string, unknown>)[name]]
        : [],
    )
  if (!Array.isArray(value)) return []
  if (step.kind === 'slice') return counted(value.slice(step.from, step.to), work)
  return step.indexes.flatMap((index) => {
    const found = value.at(index)
    return found === undefined ? [] : [found]
  })
}

function counted<T>(items: T[], work: Work): T[] {
  spend(work, items.length)
  return items
}

function lengthOf(value: unknown): unknown[] {
  if (Array.isArray(value) || typeof value === 'string') return [value.length]
  return typeof value === 'object' && value !== null ? [Object.keys(value).length] : []
}

function* descendants(value: unknown, depth: number, work: Work): Generator<unknown> {
  spend(work, 1)
  yield value
  if (typeof value !== 'object' || value === null || depth > 64) return
  for (const child of Object.values(value)) yield* descendants(child, depth + 1, work)
}
