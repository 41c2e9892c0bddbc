/** A cache in memory, as large as it is told and no larger; what it lets go of may go to a slower one. */

import { createOwner, ownText } from './owned.ts'
import type { Cache } from './ports.ts'
import { createRecent } from './recent.ts'
import { createRing } from './ring.ts'
import { type Stored, sizeOf } from './stored.ts'
import { bytesOf, storedOf } from './stored-bytes.ts'

/** Where there is more room, and more time is taken. */
export interface Spill {
  /** Undefined at once where it is sure that there is nothing. */
  readonly find: (key: string) => Promise<Stored | undefined> | undefined
  /** @param bytes  of the answer; nobody else has them */
  readonly keep: (key: string, bytes: Uint8Array) => void
  readonly drop: (key: string) => void
}

export interface MemoryCache extends Cache {
  readonly sizeBytes: () => number
  /** As bytes. */
  readonly entries: () => Iterable<readonly [key: string, bytes: Uint8Array]>
}

/** No single object takes more than this share. */
const largestShare = 8
/** The share of what is at hand as viewers are given it. */
const atHandShare = 4

/**
 * Everything is packed as it comes; what is asked for again is at hand too. So what nobody asks for twice is never more
 * than bytes, and the garbage of a million keys is gone before the collector looks for it.
 *
 * @param limitBytes  of all that is kept, with what it costs to keep it
 */
export function createMemoryCache(limitBytes: number, spill?: Spill): MemoryCache {
  const atHandBytes = Math.floor(limitBytes / atHandShare)
  const atHand = createRecent<Stored>()
  const packed = createRing(limitBytes - atHandBytes, spill?.keep)
  const own = createOwner()
  /** What is being read from further away. */
  const fetches = new Map<string, { count: number; isDropped: boolean }>()
  const hold = (givenKey: string, given: Stored) => {
    const sizeBytes = sizeOf(givenKey, given)
    if (sizeBytes > atHandBytes) return
    const { key, stored } = own(givenKey, given)
    atHand.add(key, stored, sizeBytes)
    while (atHand.sizeBytes() > atHandBytes) {
      const oldest = atHand.takeOldest()
      if (oldest === undefined) break
      // Meanwhile it may have been written over.
      if (!packed.want(oldest.key)) packed.keep(oldest.key, bytesOf(oldest.key, oldest.value))
    }
  }
  const find = (key: string): Stored | undefined => {
    const held = atHand.find(key)
    if (held !== undefined) return held
    const bytes = packed.find(key)
    const stored = bytes && storedOf(bytes, key)
    if (stored !== undefined) hold(key, stored)
    return stored
  }
  const keep = (key: string, stored: Stored) => {
    const isAtHand = atHand.find(key) !== undefined
    atHand.remove(key)
    packed.keep(ownText(key), bytesOf(key, stored))
    if (isAtHand) hold(key, stored)
  }
  return {
    largestBytes: Math.floor(limitBytes / largestShare),
    room: { left: limitBytes },
    find(key) {
      const here = find(key)
      if (here !== undefined) return here
      const reading = spill?.find(key)
      if (reading === undefined) return undefined
      const fetch = fetches.get(key) ?? { count: 0, isDropped: false }
      fetch.count++
      fetches.set(key, fetch)
      return reading
        .finally(() => --fetch.count === 0 && fetches.delete(key))
        .then((stored) => {
          // Meanwhile a newer one may have come, or it was not to be kept any more.
          const newer = find(key)
          if (newer !== undefined || fetch.isDropped) return newer
          if (stored !== undefined) keep(key, stored)
          return stored
        })
    },
    keep,
    drop(key) {
      const fetch = fetches.get(key)
      if (fetch !== undefined) fetch.isDropped = true
      atHand.remove(key)
      packed.drop(key)
      spill?.drop(key)
    },
    sizeBytes: () => atHand.sizeBytes() + packed.sizeBytes(),
    *entries() {
      for (const key of packed.keys()) {
        const bytes = packed.find(key)
        if (bytes !== undefined) yield [key, bytes] as const
      }
      for (const [key, stored] of atHand.entries())
        if (!packed.want(key)) yield [key, bytesOf(key, stored)] as const
    },
  }
}
