/** What does this distribution serve now? Compiled distributions, kept warm, dropped when something changes. */
import { compileDistribution, type Distribution, type DistributionSnapshot } from '@sekisho/edge'
import {
  cloudfrontCollections,
  deliveriesOf,
  deliveryCollections,
  findServedId,
  loadDistribution,
} from '@sekisho/services'
import type { State } from '@sekisho/store'

/** Undefined: there is none of that name. A promise only when it has to be read and compiled first. */
export interface Distributions extends Disposable {
  /** @param name  an id, the first label of a domain name, or an alternate domain name, lower case */
  readonly find: (name: string) => Distribution | undefined | Promise<Distribution | undefined>
}

/** Names are chosen by callers: what is remembered of them is bounded. */
const mostNames = 4_096

export function openDistributions({
  documents,
  changes,
}: Pick<State, 'documents' | 'changes'>): Distributions {
  const known = new Map<string, Distribution | undefined>()
  const watched: ReadonlySet<string> = new Set([
    ...Object.values(cloudfrontCollections),
    ...Object.values(deliveryCollections),
  ])
  let changeCount = 0
  const subscription = changes.subscribe((told) => {
    if (!told.some(({ collection }) => watched.has(collection))) return
    changeCount++
    known.clear()
  })
  /** With what other services do for it. */
  const loadServed = async (id: string): Promise<DistributionSnapshot | undefined> => {
    const snapshot = await loadDistribution(documents, id)
    if (snapshot === undefined) return undefined
    const arn = `arn:aws:cloudfront::${snapshot.accountId}:distribution/${id}`
    const deliveries = await deliveriesOf(documents, snapshot.accountId, arn)
    return deliveries.length === 0 ? snapshot : { ...snapshot, deliveries }
  }
  const load = async (name: string): Promise<Distribution | undefined> => {
    for (;;) {
      const seen = changeCount
      const id = await findServedId(documents, name)
      const snapshot = id === undefined ? undefined : await loadServed(id)
      // Changed while it was read: what was read may be old.
      if (seen !== changeCount) continue
      const distribution = snapshot && compileDistribution(snapshot)
      if (known.size >= mostNames) known.clear()
      known.set(name, distribution)
      return distribution
    }
  }
  return {
    find: (name) => (known.has(name) ? known.get(name) : load(name)),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
