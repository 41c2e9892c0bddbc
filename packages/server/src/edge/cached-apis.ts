/** Which distributions keep answers of APIs, so that a hit asks neither key nor quota nor policy? */
import type { DistributionSnapshot } from '@sekisho/edge'
import { cloudfrontCollections, loadDistribution } from '@sekisho/services'
import type { State } from '@sekisho/store'
import { ownName } from './own-origin.ts'

/** Path patterns of behaviours that do. */
export function cachedApis({
  behaviours,
  groups,
  origins,
}: DistributionSnapshot): readonly string[] {
  const isApi = (id: string) =>
    origins.some(
      (origin) =>
        origin.id === id &&
        /\.execute-api\.(?:[a-z0-9-]+\.)?localhost$/.test(ownName(origin.domainName.toLowerCase())),
    )
  return behaviours
    .filter(({ cache, targetId }) => {
      const members = groups.find(({ id }) => id === targetId)?.members ?? [targetId]
      return cache.maxTtl > 0 && members.some(isApi)
    })
    .map(({ pathPattern }) => pathPattern)
}

/** Hears of distributions that are made or changed, and says so of those that do. */
export function watchCachedApis(
  { documents, changes }: Pick<State, 'documents' | 'changes'>,
  say: (distributionId: string, pathPatterns: readonly string[]) => void,
  onFailure: (error: unknown) => void,
): Disposable {
  const said = new Map<string, string>()
  const look = async (id: string): Promise<void> => {
    const snapshot = await loadDistribution(documents, id)
    const patterns = snapshot === undefined ? [] : cachedApis(snapshot)
    if (said.get(id) === patterns.join()) return
    if (patterns.length > 0) say(id, patterns)
    if (said.size > 10_000) said.clear()
    said.set(id, patterns.join())
  }
  return changes.subscribe((told) => {
    for (const { collection, key } of told)
      if (collection === cloudfrontCollections.distributions) void look(key).catch(onFailure)
  })
}
