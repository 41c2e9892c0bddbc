/**
 * Bytes in memory that is taken once and written over from the oldest: what goes leaves nothing for a garbage collector
 * to find, so that the whole takes what it is told to.
 */

export interface Ring {
  /** A copy, which is wanted; undefined: there is none. */
  readonly find: (key: string) => Uint8Array | undefined
  readonly keep: (key: string, bytes: Uint8Array) => void
  readonly drop: (key: string) => void
  /** Says that it is still wanted: it stays for another turn. @returns whether it is here */
  readonly want: (key: string) => boolean
  readonly keys: () => Iterable<string>
  /** Of all that is kept, with what it costs to find it. */
  readonly sizeBytes: () => number
}

interface Place {
  readonly key: string
  readonly at: number
  readonly length: number
  isWanted: boolean
  isGone: boolean
  /** Written after it. */
  next: Place | undefined
}

/** What finding it costs beside the letters of its key. */
const placeBytes = 160
/** Of the limit that bytes take; the rest is for finding them. */
const bytesShare = 3 / 4
/** So large that the system takes it by the page as it is reached, apart from what comes and goes. */
const slabBytes = 64 * 1_048_576
/** As many of those that are still wanted go on for each that comes. */
const mostTurns = 4

/** @param letGo  of what is written over */
export function createRing(
  limitBytes: number,
  letGo?: (key: string, bytes: Uint8Array) => void,
): Ring {
  const capacity = Math.floor(limitBytes * bytesShare)
  const memory = createSlabs(capacity)
  const places = new Map<string, Place>()
  // What is gone stays in line until its bytes are reached.
  let oldest: Place | undefined
  let newest: Place | undefined
  let end = 0
  let findingBytes = 0
  let keptBytes = 0

  const free = () => (oldest === undefined ? capacity : (oldest.at - end + capacity) % capacity)
  const drop = (key: string) => {
    const place = places.get(key)
    if (place === undefined) return
    places.delete(key)
    place.isGone = true
    keptBytes -= place.length
  }
  const append = (key: string, bytes: Uint8Array) => {
    const { length } = bytes
    const place: Place = { key, at: end, length, isWanted: false, isGone: false, next: undefined }
    memory.write(end, bytes)
    end = (end + length) % capacity
    if (newest === undefined) oldest = place
    else newest.next = place
    newest = place
    places.set(key, place)
    keptBytes += length
    findingBytes += placeBytes + key.length
  }
  const takeOldest = (): Place | undefined => {
    const place = oldest
    if (place === undefined) return undefined
    oldest = place.next
    if (oldest === undefined) newest = undefined
    findingBytes -= placeBytes + place.key.length
    return place
  }

  return {
    find(key) {
      const place = places.get(key)
      if (place === undefined) return undefined
      place.isWanted = true
      return memory.read(place.at, place.length)
    },
    keep(key, bytes) {
      drop(key)
      const finding = placeBytes + key.length
      const mostFinding = limitBytes - capacity
      if (bytes.length > capacity || finding > mostFinding) return letGo?.(key, bytes)
      let turns = mostTurns
      while (free() < bytes.length || findingBytes + finding > mostFinding) {
        const place = takeOldest()
        if (place === undefined) break
        if (place.isGone) continue
        drop(place.key)
        if (place.isWanted && turns-- > 0) append(place.key, memory.read(place.at, place.length))
        else letGo?.(place.key, memory.read(place.at, place.length))
      }
      append(key, bytes)
    },
    drop,
    want(key) {
      const place = places.get(key)
      if (place !== undefined) place.isWanted = true
      return place !== undefined
    },
    keys: () => places.keys(),
    sizeBytes: () => keptBytes + findingBytes,
  }
}

/** One stretch of bytes with the end at its beginning, of which only what has been reached takes memory. */
function createSlabs(capacity: number) {
  const slabs: Uint8Array[] = []
  /** Calls for each piece of the stretch that lies in one slab. */
  const each = (
    at: number,
    length: number,
    visit: (slab: Uint8Array, from: number, done: number, count: number) => void,
  ) => {
    for (let done = 0; done < length; ) {
      const from = (at + done) % capacity
      const index = Math.floor(from / slabBytes)
      const inSlab = from % slabBytes
      const count = Math.min(length - done, slabBytes - inSlab, capacity - from)
      slabs[index] ??= new Uint8Array(Math.min(slabBytes, capacity - index * slabBytes))
      visit(slabs[index], inSlab, done, count)
      done += count
    }
  }
  return {
    write(at: number, bytes: Uint8Array) {
      each(at, bytes.length, (slab, from, done, count) =>
        slab.set(bytes.subarray(done, done + count), from),
      )
    },
    read(at: number, length: number): Uint8Array {
      const bytes = new Uint8Array(length)
      each(at, length, (slab, from, done, count) =>
        bytes.set(slab.subarray(from, from + count), done),
      )
      return bytes
    },
  }
}
