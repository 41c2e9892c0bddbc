/** Has what is kept been invalidated since? */
import type { DistributionSnapshot } from './snapshot.ts'
import type { Stored } from './stored.ts'

/** Where the list no longer reaches back to the answer, nothing speaks for it. */
export function isInvalidated(
  { survived, uri }: Pick<Stored, 'survived' | 'uri'>,
  { invalidated, invalidations }: DistributionSnapshot,
): boolean {
  if (survived >= invalidated) return false
  if (invalidated - survived > invalidations.length) return true
  const path = uri.split('?', 1)[0]!
  return invalidations.some(
    ({ number, paths }) =>
      number > survived && paths.some((pattern) => meets(pattern, uri) || meets(pattern, path)),
  )
}

function meets(pattern: string, uri: string): boolean {
  return pattern.endsWith('*') ? uri.startsWith(pattern.slice(0, -1)) : uri === pattern
}
