/** Lists in pages: `limit` and `position`, as API Gateway has them. */

const defaultLimit = 25
const maxLimit = 500

/**
 * One page of `items`, in the order of their keys. What is created or deleted between two pages neither repeats an item nor leaves
 * one out.
 *
 * @param keyOf  unique; the position is made of it and opaque to clients
 * @see API Gateway API Reference, "GetRestApis" (limit: 25 by default, 500 at most; others are brought into range)
 */
export function page<T>(
  items: readonly T[],
  { position, limit }: { position?: string | undefined; limit?: number | undefined },
  keyOf: (item: T) => string,
): { items: T[]; position?: string } {
  const size = pageSize(limit)
  const after = position === undefined ? '' : Buffer.from(position, 'base64url').toString()
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => key > after)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
  const found = rest.slice(0, size)
  const last = found.at(-1)
  return {
    items: found.map(({ item }) => item),
    ...(rest.length > size &&
      last !== undefined && { position: Buffer.from(last.key).toString('base64url') }),
  }
}

export function pageSize(limit: number | undefined): number {
  return Math.min(Math.max(1, limit ?? defaultLimit), maxLimit)
}

/** For lists that are read from the store a page at a time: where the one before ended. */
export function positionOf(prefix: string, lastKey: string): string {
  return Buffer.from(lastKey.slice(prefix.length)).toString('base64url')
}

/** @returns undefined for the first page */
export function startAfter(prefix: string, position: string | undefined): string | undefined {
  return position === undefined
    ? undefined
    : `${prefix}${Buffer.from(position, 'base64url').toString()}`
}

/** A key that sorts the newest first. */
export function newestFirst({ createdAt, id }: { createdAt: number; id: string }): string {
  return `${String(Number.MAX_SAFE_INTEGER - createdAt).padStart(16, '0')}/${id}`
}
