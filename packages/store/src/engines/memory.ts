/** State that ends with the process: for tests and for trying things out. */
import { Listeners } from '../changes.ts'
import { LocalCounters } from '../counters.ts'
import { frozen } from '../frozen.ts'
import { attempt, compareKeys, fingerprintOf, isInside, type Proposal } from '../optimistic.ts'
import type { Beside, Blobs, Documents, Range, Store, Stored, Transaction } from '../store.ts'

export function openMemory(): Store {
  const changes = new Listeners()
  const documents = new MemoryDocuments(changes)
  return {
    documents,
    blobs: new MemoryBlobs(documents),
    counters: new LocalCounters(),
    changes,
    async [Symbol.asyncDispose]() {},
  }
}

interface Kept {
  readonly text: string
  readonly revision: number
}

class MemoryDocuments implements Documents {
  readonly #collections = new Map<string, Map<string, Kept>>()
  readonly #changes: Listeners
  #revision = 0

  constructor(changes: Listeners) {
    this.#changes = changes
  }

  async get<T>(collection: string, key: string): Promise<Stored<T> | undefined> {
    const kept = this.#collections.get(collection)?.get(key)
    return kept && { key, value: frozen(JSON.parse(kept.text) as T), revision: kept.revision }
  }

  async list<T>(collection: string, range: Range = {}): Promise<readonly Stored<T>[]> {
    return this.#inRange(collection, range).map(([key, { text, revision }]) => ({
      key,
      value: JSON.parse(text) as T,
      revision,
    }))
  }

  async collections(): Promise<readonly string[]> {
    return [...this.#collections]
      .filter(([, records]) => records.size > 0)
      .map(([name]) => name)
      .sort(compareKeys)
  }

  transact<R>(work: (transaction: Transaction) => Promise<R> | R): Promise<R> {
    return attempt(this, async (proposal) => this.#commit(proposal), work)
  }

  #commit({ records, ranges, writes }: Proposal): boolean {
    const isStale =
      records.some(
        ({ collection, key, revision }) =>
          (this.#collections.get(collection)?.get(key)?.revision ?? 0) !== revision,
      ) ||
      ranges.some(
        ({ collection, range, fingerprint }) =>
          this.#fingerprint(collection, range) !== fingerprint,
      )
    if (isStale) return false
    for (const { collection, key, value } of writes) {
      const records = this.#collections.get(collection) ?? new Map<string, Kept>()
      this.#collections.set(collection, records)
      if (value === undefined) records.delete(key)
      else records.set(key, { text: value, revision: ++this.#revision })
    }
    this.#changes.tell(writes)
    return true
  }

  #fingerprint(collection: string, range: Range): string {
    return fingerprintOf(
      this.#inRange(collection, range).map(([key, { revision }]) => ({ key, revision })),
    )
  }

  #inRange(collection: string, range: Range): readonly (readonly [string, Kept])[] {
    const entries = [...(this.#collections.get(collection) ?? [])]
    return entries
      .filter(([key]) => isInside(key, range))
      .sort(([one], [other]) => compareKeys(one, other) * (range.isReversed ? -1 : 1))
      .slice(0, range.limit)
  }
}

class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<string, Uint8Array>()
  readonly #documents: Documents

  constructor(documents: Documents) {
    this.#documents = documents
  }

  async put(
    name: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    beside: Beside = () => {},
  ): Promise<{ sizeBytes: number }> {
    const parts = bytes instanceof Uint8Array ? [bytes] : await Array.fromAsync(bytes)
    const whole = new Uint8Array(Buffer.concat(parts))
    await this.#documents.transact(beside)
    this.#blobs.set(name, whole)
    return { sizeBytes: whole.length }
  }

  async get(
    name: string,
    range?: { start: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const whole = this.#blobs.get(name)
    return whole && once(range ? whole.subarray(range.start, range.end) : whole)
  }

  async delete(name: string, beside: Beside = () => {}): Promise<void> {
    await this.#documents.transact(beside)
    this.#blobs.delete(name)
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const name of [...this.#blobs.keys()].sort(compareKeys))
      if (name.startsWith(prefix)) yield name
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
