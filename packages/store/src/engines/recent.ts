/** Records that were read lately, as long as nobody writes them: most reads are of what was read a moment ago. */
import type { Change, Stored } from '../store.ts'

/** In characters of the records' texts. */
const mostKept = 4_194_304
/** Larger ones are not kept. */
const mostEach = 16_384

interface Kept {
  readonly stored: Stored<unknown>
  readonly size: number
}

export class Recent {
  readonly #collections = new Map<string, Map<string, Kept>>()
  #size = 0

  get(collection: string, key: string): Stored<unknown> | undefined {
    return this.#collections.get(collection)?.get(key)?.stored
  }

  /** @param size  of its text */
  keep(collection: string, stored: Stored<unknown>, size: number): void {
    if (size > mostEach) return
    // All at once is rare, and needs no order among them.
    if (this.#size + size > mostKept) this.forgetAll()
    let records = this.#collections.get(collection)
    if (records === undefined) {
      records = new Map()
      this.#collections.set(collection, records)
    }
    this.#size += size
    records.set(stored.key, { stored, size })
  }

  forget(collection: string, key: string): void {
    const records = this.#collections.get(collection)
    const kept = records?.get(key)
    if (kept === undefined) return
    this.#size -= kept.size
    records!.delete(key)
  }

  *names(): Iterable<Change> {
    for (const [collection, records] of this.#collections)
      for (const key of records.keys()) yield { collection, key }
  }

  forgetAll(): void {
    this.#collections.clear()
    this.#size = 0
  }
}
