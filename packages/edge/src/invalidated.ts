/** Has what is kept been invalidated since? */
import type { DistributionSnapshot } from './snapshot.ts'
import type { Stored } from './stored.ts'

/** Made ready to be asked with each answer that is kept: the number of the last invalidation that names a path. */
export interface Invalidations {
  readonly paths: ReadonlyMap<string, number>
  /** What paths begin with. */
  readonly beginnings: ReadonlyMap<string, number>
  /** All that are known begin after this one. */
  readonly from: number
  readonly last: number
}

export function compileInvalidations({
  invalidated,
  invalidations,
}: Pick<DistributionSnapshot, 'invalidated' | 'invalidations'>): Invalidations {
  const paths = new Map<string, number>()
  const beginnings = new Map<string, number>()
  for (const { number, paths: patterns } of invalidations)
    for (const pattern of patterns) {
      const [numbers, named] = pattern.endsWith('*')
        ? [beginnings, pattern.slice(0, -1)]
        : [paths, pattern]
      numbers.set(named, Math.max(number, numbers.get(named) ?? 0))
    }
  return { paths, beginnings, from: invalidated - invalidations.length, last: invalidated }
}

/** Where the list no longer reaches back to the answer, nothing speaks for it. */
export function isInvalidated(
  { survived, uri }: Pick<Stored, 'survived' | 'uri'>,
  { paths, beginnings, from, last }: Invalidations,
): boolean {
  if (survived >= last) return false
  if (survived < from) return true
  const question = uri.indexOf('?')
  const isNamed = (named: string) => (paths.get(named) ?? 0) > survived
  if (isNamed(uri) || (question >= 0 && isNamed(uri.slice(0, question)))) return true
  for (const [beginning, number] of beginnings)
    if (number > survived && uri.startsWith(beginning)) return true
  return false
}
