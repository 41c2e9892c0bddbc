/** What is in this key value store now? Stores that functions read, kept whole in memory, dropped when something changes. */
import { type KeyValues, keyValueCollections, loadKeyValues } from '@sekisho/services'
import type { State } from '@sekisho/store'

/** @param id  of the store; undefined: there is none */
export type FindKeyValues = (id: string) => Promise<KeyValues | undefined>

/** A store is of 5 MB at most. */
const mostStores = 32

export function openKeyValues({
  documents,
  changes,
}: Pick<State, 'documents' | 'changes'>): { readonly find: FindKeyValues } & Disposable {
  const known = new Map<string, Promise<KeyValues | undefined>>()
  const watched: ReadonlySet<string> = new Set(Object.values(keyValueCollections))
  const subscription = changes.subscribe((told) => {
    if (told.some(({ collection }) => watched.has(collection))) known.clear()
  })
  return {
    find(id) {
      const found = known.get(id)
      if (found !== undefined) return found
      const loading = loadKeyValues(documents, id)
      if (known.size >= mostStores) known.clear()
      known.set(id, loading)
      loading.catch(() => known.delete(id))
      return loading
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
