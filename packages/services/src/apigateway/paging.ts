/** Lists in pages: `limit` and `position`, as API Gateway has them. */

const defaultLimit = 25
const maxLimit = 500

/**
 * @param keyOf  what the position of an item is told by; the position is opaque to clients
 * @see API Gateway API Reference, "GetRestApis" (limit: 25 by default, 500 at most; others are brought into range)
 */
export function page<T>(
  items: readonly T[],
  { position, limit }: { position?: string | undefined; limit?: number | undefined },
  keyOf: (item: T) => string,
): { items: T[]; position?: string } {
  const size = Math.min(Math.max(1, limit ?? defaultLimit), maxLimit)
  const after = position === undefined ? undefined : Buffer.from(position, 'base64url').toString()
  const start = after === undefined ? 0 : items.findIndex((item) => keyOf(item) === after) + 1
  const found = items.slice(start, start + size)
  const last = found.at(-1)
  const isMore = start + size < items.length
  return {
    items: found,
    ...(isMore &&
      last !== undefined && { position: Buffer.from(keyOf(last)).toString('base64url') }),
  }
}
