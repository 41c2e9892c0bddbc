/** Lists in pages: `NextToken` and `MaxResults`, as Organizations has them. */
import { invalidInput } from './errors.ts'

const mostResults = 20

/** @param items  in the order of their keys, which are unique */
export function page<T>(
  items: readonly T[],
  {
    NextToken,
    MaxResults = mostResults,
  }: { NextToken?: string | undefined; MaxResults?: number | undefined },
  keyOf: (item: T) => string,
): { items: T[]; NextToken?: string } {
  if (MaxResults < 1 || MaxResults > mostResults)
    throw invalidInput(`MaxResults must be between 1 and ${mostResults}.`)
  const after = NextToken === undefined ? '' : Buffer.from(NextToken, 'base64').toString('utf8')
  const sorted = [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  const rest = sorted.filter((item) => keyOf(item) > after)
  const found = rest.slice(0, MaxResults)
  const last = found.at(-1)
  const token =
    rest.length > found.length && last !== undefined
      ? Buffer.from(keyOf(last)).toString('base64')
      : undefined
  return { items: found, ...(token !== undefined && { NextToken: token }) }
}
