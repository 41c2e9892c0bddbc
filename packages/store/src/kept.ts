/** Records that are read again and again: in memory, as they were parsed, until they change. */
import type { Documents, State, Stored } from './store.ts'

export interface KeptDocuments extends Documents, Disposable {}

export interface KeepOptions {
  /** Whose single records are kept. Nobody may change what is read of them: it is frozen. */
  readonly collections: readonly string[]
  /** Beyond it, all are read again. */
  readonly most?: number
}

/** Transactions read past it, and see what is stored. */
export function keepReads(
  { documents, changes }: Pick<State, 'documents' | 'changes'>,
  { collections, most = 10_000 }: KeepOptions,
): KeptDocuments {
  const kept = new Map<string, Map<string, Promise<Stored<unknown> | undefined>>>(
    collections.map((name) => [name, new Map()]),
  )
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) kept.get(collection)?.delete(key)
  })
  return {
    get<T>(collection: string, key: string): Promise<Stored<T> | undefined> {
      const records = kept.get(collection)
      if (records === undefined) return documents.get<T>(collection, key)
      const known = records.get(key)
      if (known !== undefined) return known as Promise<Stored<T> | undefined>
      if (records.size >= most) records.clear()
      const reading = documents.get<T>(collection, key).then(frozen)
      // Changed while it is read, it is forgotten while it is read: nobody who comes later hears of it.
      records.set(key, reading)
      reading.catch(() => {
        if (records.get(key) === reading) records.delete(key)
      })
      return reading
    },
    list: (...args) => documents.list(...args),
    collections: () => documents.collections(),
    transact: (work) => documents.transact(work),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) frozen(each)
  return Object.freeze(value)
}
