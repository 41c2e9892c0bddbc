/** What was used last: values by their keys, in the order of their use. */

export interface Recent<Value> {
  /** It counts as a use. */
  readonly find: (key: string) => Value | undefined
  /** In the place of what had the key. */
  readonly add: (key: string, value: Value, sizeBytes: number) => void
  readonly remove: (key: string) => void
  /** @returns what has not been used for the longest time, which is no longer kept */
  readonly takeOldest: () => { readonly key: string; readonly value: Value } | undefined
  readonly sizeBytes: () => number
  readonly count: () => number
  readonly entries: () => Iterable<readonly [key: string, value: Value]>
}

interface Link<Value> {
  readonly key: string
  readonly value: Value
  readonly sizeBytes: number
  older: Link<Value> | undefined
  newer: Link<Value> | undefined
}

/** A use moves nothing but links: a map in the order of its keys would be made anew again and again. */
export function createRecent<Value>(): Recent<Value> {
  const links = new Map<string, Link<Value>>()
  let oldest: Link<Value> | undefined
  let newest: Link<Value> | undefined
  let total = 0
  const unlink = ({ older, newer }: Link<Value>) => {
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }
  const append = (link: Link<Value>) => {
    link.older = newest
    link.newer = undefined
    if (newest === undefined) oldest = link
    else newest.newer = link
    newest = link
  }
  const remove = (key: string) => {
    const link = links.get(key)
    if (link === undefined) return
    links.delete(key)
    unlink(link)
    total -= link.sizeBytes
  }
  return {
    find(key) {
      const link = links.get(key)
      if (link === undefined) return undefined
      if (link !== newest) {
        unlink(link)
        append(link)
      }
      return link.value
    },
    add(key, value, sizeBytes) {
      remove(key)
      const link: Link<Value> = { key, value, sizeBytes, older: undefined, newer: undefined }
      links.set(key, link)
      append(link)
      total += sizeBytes
    },
    remove,
    takeOldest() {
      const link = oldest
      if (link !== undefined) remove(link.key)
      return link
    },
    sizeBytes: () => total,
    count: () => links.size,
    *entries() {
      for (let link = oldest; link !== undefined; link = link.newer)
        yield [link.key, link.value] as const
    },
  }
}
