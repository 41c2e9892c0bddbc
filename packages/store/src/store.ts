/** The four small ports behind which state lives. Engines implement them; nothing above knows which engine it has. */

/** JSON values only; bytes go to Blobs. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

export interface Stored<T> {
  readonly key: string
  readonly value: T
  /** Grows with every write of this record; never reused, not even after a delete. */
  readonly revision: number
}

export interface Range {
  /** Only keys that begin so. */
  readonly prefix?: string
  /** Only keys after this one (exclusive), in byte order. */
  readonly after?: string
  /** Only keys before this one (exclusive), in byte order. */
  readonly before?: string
  /** At most this many (all, if absent). */
  readonly limit?: number
  /** The last ones, the last first; otherwise the first ones in order. */
  readonly isReversed?: boolean
}

export interface Reader {
  /** What is read belongs to all who read it: it is frozen. */
  get<T>(collection: string, key: string): Promise<Stored<T> | undefined>
  /** In byte order of keys, or against it. */
  list<T>(collection: string, range?: Range): Promise<readonly Stored<T>[]>
}

/** Reads see the writes made before them in the same transaction. */
export interface Transaction extends Reader {
  put(collection: string, key: string, value: unknown): void
  delete(collection: string, key: string): void
}

/** Records with transactions. A transaction that was acknowledged is on disk. */
export interface Documents extends Reader {
  /** Names of the collections that have records, for who empties or copies them all. */
  collections(): Promise<readonly string[]>
  /**
   * Runs `work` serialisably: what it read (single records and listed ranges) is unchanged when its writes commit,
   * otherwise it is run again on fresh state. It must therefore have no effects but its writes.
   * Resolves when the writes are durable. If `work` throws, nothing is written and the error passes through.
   * @throws ConflictError after many attempts
   */
  transact<R>(work: (transaction: Transaction) => Promise<R> | R): Promise<R>
}

/** What becomes true together with a blob's name, or with its end. */
export type Beside = (transaction: Pick<Transaction, 'put' | 'delete'>) => void

/** Large bytes under a name. */
export interface Blobs {
  /** Durable and complete when resolved; an interrupted write leaves nothing. */
  put(
    name: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    beside?: Beside,
  ): Promise<{ sizeBytes: number }>
  /** @returns undefined when there is no such blob. `range` is in bytes, end exclusive. */
  get(
    name: string,
    range?: { start: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined>
  /** What is beside it is written even where there is no such blob. */
  delete(name: string, beside?: Beside): Promise<void>
  list(prefix: string): AsyncIterable<string>
}

/** A token of a bucket that holds at most `burst` and fills at `ratePerSecond`. */
export interface Bucket {
  readonly bucket: string
  readonly ratePerSecond: number
  readonly burst: number
}

/** One more in a period, up to a limit where there is one. */
export interface Count {
  readonly count: string
  /** Any word without a space; counting begins at 0 in each. */
  readonly period: string
  readonly limit?: number
}

export type Draw = Bucket | Count

/** Period and value. */
export type Counted = readonly [period: string, value: number]

/**
 * What many requests share: token buckets and quotas. Counts survive the process, buckets are full after it. At once where
 * they are in this process.
 */
export interface Counters {
  /**
   * Has everything that is asked for, or changes nothing. No bucket or count is asked for twice.
   *
   * @param nowMs  epoch milliseconds
   * @returns the position of the first that refuses; −1: none does
   * @throws CountersError
   */
  draw(draws: readonly Draw[], nowMs: number): Promise<number> | number
  /** What was counted in each period, in no order; periods in which nothing was may be missing. */
  read(count: string): Promise<readonly Counted[]> | readonly Counted[]
  /** Adds `by`, which may be negative, whatever the limit. On disk when done. @returns what it is then */
  shift(count: string, period: string, by: number): Promise<number> | number
  /** Everything whose name begins so. */
  forget(prefix: string): Promise<void> | void
}

/** Nobody can say what has been counted: nothing may be admitted. */
export class CountersError extends Error {
  override readonly name = 'CountersError'
  readonly code = 'COUNTERS'
}

export interface Change {
  readonly collection: string
  readonly key: string
}

/** Tells every process that shares the state what has changed, within milliseconds of the commit. */
export interface Changes {
  subscribe(listener: (changes: readonly Change[]) => void): Disposable
  /** Tells at once what other processes have committed by now. */
  catchUp(): void | Promise<void>
}

export interface State {
  readonly documents: Documents
  readonly blobs: Blobs
  readonly counters: Counters
  readonly changes: Changes
}

/** Whoever opens it closes it. */
export interface Store extends State, AsyncDisposable {}
