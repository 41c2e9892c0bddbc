/** A transaction that reads freely, remembers what it saw, and keeps its writes until they can be applied at once. */
import type { Change, Range, Reader, Stored, Transaction } from './store.ts'

/** What a transaction saw of one record; revision 0: there was none. */
export interface SeenRecord {
  readonly collection: string
  readonly key: string
  readonly revision: number
}

export interface SeenRange {
  readonly collection: string
  readonly range: Range
  /** Keys and revisions in order, as text. */
  readonly fingerprint: string
}

export interface Write extends Change {
  /** JSON text; undefined deletes. */
  readonly value: string | undefined
}

export interface Proposal {
  readonly records: readonly SeenRecord[]
  readonly ranges: readonly SeenRange[]
  readonly writes: readonly Write[]
}

/** Somebody else changed what the transaction had read, again and again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly code = 'CONFLICT'
}

/** A key or value that no engine takes. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
  readonly code = 'LIMIT'
}

const maxKeyLength = 2_200
const maxValueLength = 64 * 1024 * 1024
/** A transaction that loses this often is in a storm that waiting would not calm. */
const maxAttempts = 100

/**
 * Runs `work` until its proposal is accepted.
 *
 * @param commit  resolves false when something that was read has changed
 */
export async function attempt<R>(
  reader: Reader,
  commit: (proposal: Proposal) => Promise<boolean>,
  work: (transaction: Transaction) => Promise<R> | R,
): Promise<R> {
  for (let tries = 0; tries < maxAttempts; tries++) {
    const transaction = new Recording(reader)
    const result = await work(transaction)
    if (transaction.isReadOnly || (await commit(transaction.proposal()))) return result
  }
  throw new ConflictError('too many transactions change the same records at once')
}

export function fingerprintOf(
  records: readonly Pick<Stored<unknown>, 'key' | 'revision'>[],
): string {
  return records.map(({ key, revision }) => `${key}\0${revision}`).join('\n')
}

class Recording implements Transaction {
  readonly #reader: Reader
  readonly #records = new Map<string, SeenRecord>()
  readonly #ranges: SeenRange[] = []
  readonly #writes = new Map<string, Write>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  get isReadOnly(): boolean {
    return this.#writes.size === 0
  }

  proposal(): Proposal {
    return {
      records: [...this.#records.values()],
      ranges: this.#ranges,
      writes: [...this.#writes.values()],
    }
  }

  async get<T>(collection: string, key: string): Promise<Stored<T> | undefined> {
    const own = this.#writes.get(idOf(collection, key))
    if (own) return own.value === undefined ? undefined : pending<T>(own)
    const stored = await this.#reader.get<T>(collection, key)
    this.#records.set(idOf(collection, key), { collection, key, revision: stored?.revision ?? 0 })
    return stored
  }

  async list<T>(collection: string, range: Range = {}): Promise<readonly Stored<T>[]> {
    const own = [...this.#writes.values()].filter(
      (write) => write.collection === collection && isInside(write.key, range),
    )
    // What was deleted here takes the place of none that is still there.
    const limit = range.limit === undefined ? undefined : range.limit + own.length
    const seen = limit === undefined ? range : { ...range, limit }
    const stored = await this.#reader.list<T>(collection, seen)
    this.#ranges.push({ collection, range: seen, fingerprint: fingerprintOf(stored) })
    return withOwnWrites(own, range, stored)
  }

  put(collection: string, key: string, value: unknown): void {
    if (key.length > maxKeyLength)
      throw new LimitError(`a key has at most ${maxKeyLength} characters`)
    const text = JSON.stringify(value)
    if (text === undefined) throw new LimitError('the value is no JSON')
    if (text.length > maxValueLength)
      throw new LimitError(`a value has at most ${maxValueLength} characters`)
    this.#writes.set(idOf(collection, key), { collection, key, value: text })
  }

  delete(collection: string, key: string): void {
    this.#writes.set(idOf(collection, key), { collection, key, value: undefined })
  }
}

function withOwnWrites<T>(
  own: readonly Write[],
  range: Range,
  stored: readonly Stored<T>[],
): readonly Stored<T>[] {
  if (own.length === 0) return stored
  const merged = new Map(stored.map((record) => [record.key, record]))
  for (const write of own) {
    if (write.value === undefined) merged.delete(write.key)
    else merged.set(write.key, pending<T>(write))
  }
  return [...merged.values()]
    .sort((one, other) => compareKeys(one.key, other.key) * (range.isReversed ? -1 : 1))
    .slice(0, range.limit)
}

/** Byte order of UTF-8, which is what every engine sorts by. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

export function isInside(key: string, { prefix, after, before }: Range): boolean {
  return (
    (prefix === undefined || key.startsWith(prefix)) &&
    (after === undefined || compareKeys(key, after) > 0) &&
    (before === undefined || compareKeys(key, before) < 0)
  )
}

function pending<T>({ key, value }: Write): Stored<T> {
  return { key, value: JSON.parse(value!) as T, revision: 0 }
}

function idOf(collection: string, key: string): string {
  return `${collection}\0${key}`
}
