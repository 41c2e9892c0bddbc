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
  /** At most this many (all, if absent). */
  readonly limit?: number
}

export interface Reader {
  get<T>(collection: string, key: string): Promise<Stored<T> | undefined>
  /** In byte order of keys. */
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

/** Large bytes under a name. */
export interface Blobs {
  /** Durable and complete when resolved; an interrupted write leaves nothing. */
  put(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }>
  /** @returns undefined when there is no such blob. `range` is in bytes, end exclusive. */
  get(
    name: string,
    range?: { start: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined>
  delete(name: string): Promise<void>
  list(prefix: string): AsyncIterable<string>
}

/** Counts that many requests share: token buckets and quotas. Times are epoch milliseconds. */
export interface Counters {
  /** Takes `tokens` from a bucket that holds at most `burst` and refills at `ratePerSecond`; false when there are too few. */
  take(
    bucket: string,
    options: { ratePerSecond: number; burst: number; nowMs: number; tokens?: number },
  ): Promise<boolean> | boolean
  /** Adds to a count unless it would exceed `limit`; the count starts at 0 again when `periodId` changes. */
  add(
    counter: string,
    options: { amount: number; limit?: number; periodId: string },
  ): Promise<{ allowed: boolean; value: number }> | { allowed: boolean; value: number }
  read(counter: string, periodId: string): Promise<number> | number
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
