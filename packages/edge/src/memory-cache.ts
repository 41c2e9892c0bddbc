/** A cache in memory, as large as it is told and no larger; what it lets go of may go to a slower one. */

import { createOwner } from './owned.ts'
import type { Cache } from './ports.ts'
import { type Stored, sizeOf } from './stored.ts'

/** Where there is more room, and more time is taken. */
export interface Spill {
  /** Undefined at once where it is sure that there is nothing. */
  readonly find: (key: string) => Promise<Stored | undefined> | undefined
  readonly keep: (key: string, stored: Stored) => void
  readonly drop: (key: string) => void
}

interface Kept {
  readonly stored: Stored
  readonly sizeBytes: number
}

export interface MemoryCache extends Cache {
  readonly sizeBytes: () => number
  readonly entries: () => Iterable<readonly [key: string, stored: Stored]>
}

/** No single object takes more than this share. */
const largestShare = 8

/** @param limitBytes  of all that is kept, with what it costs to keep it */
export function createMemoryCache(limitBytes: number, spill?: Spill): MemoryCache {
  // In the order of their last use, the oldest first.
  const recent = new Map<string, Kept>()
  const own = createOwner()
  let total = 0
  const forget = (key: string, kept: Kept) => {
    recent.delete(key)
    total -= kept.sizeBytes
  }
  const keep = (givenKey: string, given: Stored) => {
    const before = recent.get(givenKey)
    if (before !== undefined) forget(givenKey, before)
    const sizeBytes = sizeOf(givenKey, given)
    if (sizeBytes > limitBytes) {
      spill?.drop(givenKey)
      return
    }
    const { key, stored } = own(givenKey, given)
    recent.set(key, { stored, sizeBytes })
    total += sizeBytes
    for (const [oldest, kept] of recent) {
      if (total <= limitBytes) break
      forget(oldest, kept)
      spill?.keep(oldest, kept.stored)
    }
  }
  return {
    largestBytes: Math.floor(limitBytes / largestShare),
    find(key) {
      const kept = recent.get(key)
      if (kept !== undefined) {
        recent.delete(key)
        recent.set(key, kept)
        return kept.stored
      }
      return spill?.find(key)?.then((stored) => {
        // Meanwhile a newer one may have come.
        const newer = recent.get(key)
        if (newer !== undefined) return newer.stored
        if (stored !== undefined) keep(key, stored)
        return stored
      })
    },
    keep(key, stored) {
      keep(key, stored)
    },
    drop(key) {
      const kept = recent.get(key)
      if (kept !== undefined) forget(key, kept)
      spill?.drop(key)
    },
    sizeBytes: () => total,
    *entries() {
      for (const [key, { stored }] of recent) yield [key, stored] as const
    },
  }
}
