/** From the cache, or from the origin: once for all who ask for the same at the same time. */
import { letGo } from './bodies.ts'
import { cacheKeyOf, encodingOf } from './cache-key.ts'
import { type Answer, type Asking, type Flight, fly, passOn, replay } from './flight.ts'
import { isInvalidated } from './invalidated.ts'
import { ownText } from './owned.ts'
import { createRecent, type Recent } from './recent.ts'
import type { Stored } from './stored.ts'

/** What is under way, and what has shown that it cannot be shared. Of one process. */
export interface Flights {
  readonly open: Map<string, Open>
  /** Until when the requests for a key go each its own way; epoch milliseconds. */
  readonly apart: Recent<number>
}

interface Open {
  /** Invalidations before it. */
  readonly survived: number
  readonly shared: Promise<Answer | undefined>
}

export function createFlights(): Flights {
  return { open: new Map(), apart: createRecent() }
}

export interface Lookup extends Omit<Asking, 'encoding'> {
  readonly flights: Flights
}

export function answerOf(lookup: Lookup): Answer | Promise<Answer> {
  const { admitted, path, ports } = lookup
  const { behaviour, viewer } = admitted
  const encoding = encodingOf(admitted)
  if (behaviour.isUncached || !behaviour.cached.has(viewer.method))
    return passOn({ admitted, path, encoding, ports })
  const key = cacheKeyOf(admitted, path, encoding, ports.countryOf)
  const found = ports.cache.find(key)
  return found instanceof Promise
    ? found.then((stored) => withStored(lookup, encoding, key, stored))
    : withStored(lookup, encoding, key, found)
}

function withStored(
  { admitted, path, ports, flights }: Lookup,
  encoding: string,
  key: string,
  stored: Stored | undefined,
): Answer | Promise<Answer> {
  const flight = { admitted, path, encoding, ports, key }
  if (stored === undefined) return collapse({ ...flight, stale: undefined }, flights)
  if (isInvalidated(stored, admitted.distribution.invalidations)) {
    ports.cache.drop(key)
    return collapse({ ...flight, stale: undefined }, flights)
  }
  const nowMs = ports.nowMs()
  if (nowMs < stored.freshUntil) return replay(stored, nowMs)
  if (nowMs >= stored.revalidateUntil) return collapse({ ...flight, stale: stored }, flights)
  // The next one gets the new one; what a HEAD brings is nothing to keep.
  const viewer = { ...admitted.viewer, method: 'GET' }
  const behind: Flight = { ...flight, admitted: { ...admitted, viewer }, stale: stored }
  collapse(behind, flights)
    .then(({ body }) => letGo(body))
    .catch(ports.onFailure)
  return replay(stored, nowMs)
}

/** How long the requests for what could not be kept go apart. */
const apartMs = 10_000
/** Of all keys of such, and what it costs to find them. */
const mostApartBytes = 4 * 1_048_576
const apartBytes = 160

/** Waits for the one that is under way, or is the one. */
async function collapse(flight: Flight, flights: Flights): Promise<Answer> {
  const { admitted, key, ports } = flight
  const { open, apart } = flights
  const survived = admitted.distribution.snapshot.invalidated
  // What one viewer's cookies or a HEAD brought is no answer for others.
  const isAlone =
    admitted.behaviour.sendsCookies ||
    admitted.viewer.method === 'HEAD' ||
    (apart.find(key) ?? 0) > ports.nowMs()
  if (isAlone) return (await fly(flight)).answer
  const underWay = open.get(key)
  // What set out before an invalidation brings nothing for who comes after it.
  if (underWay !== undefined && underWay.survived >= survived)
    return (await underWay.shared) ?? (await fly(flight)).answer
  const flying = fly(flight)
  const shared = flying.then(
    (flown) => flown.shared,
    () => undefined,
  )
  const own: Open = { survived, shared }
  open.set(key, own)
  try {
    const flown = await flying
    if (flown.shared === undefined) {
      apart.add(ownText(key), ports.nowMs() + apartMs, apartBytes + key.length)
      while (apart.sizeBytes() > mostApartBytes) apart.takeOldest()
    }
    return flown.answer
  } finally {
    if (open.get(key) === own) open.delete(key)
  }
}
