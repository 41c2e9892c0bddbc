/** Lists in pages: `Marker` and `MaxItems`, as IAM has them. */
import { validationError } from './errors.ts'

const defaultSize = 100
const mostItems = 1_000

export interface Asked {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export interface Page<T> {
  readonly items: T[]
  readonly IsTruncated: boolean
  readonly Marker?: string
}

/**
 * @param items  in order; each key is unique, and what comes later sorts later
 * @throws AwsError ValidationError  the marker is not one of ours
 * @see IAM API Reference, "ListUsers" (MaxItems: 100 by default, 1,000 at most)
 */
export function page<T>(
  items: readonly T[],
  { Marker, MaxItems = defaultSize }: Asked,
  keyOf: (item: T) => string,
): Page<T> {
  if (MaxItems < 1 || MaxItems > mostItems)
    throw validationError(
      `1 validation error detected: Value '${MaxItems}' at 'maxItems' failed to satisfy constraint: Member must have value ${MaxItems < 1 ? 'greater than or equal to 1' : `less than or equal to ${mostItems}`}`,
    )
  const after = Marker === undefined ? undefined : Buffer.from(Marker, 'base64').toString('utf8')
  if (after === '') throw validationError('Invalid Marker.')
  const begin = after === undefined ? 0 : items.findIndex((item) => keyOf(item) > after)
  const rest = begin < 0 ? [] : items.slice(begin)
  const found = rest.slice(0, MaxItems)
  const last = found.at(-1)
  const isTruncated = rest.length > found.length && last !== undefined
  return {
    items: found,
    IsTruncated: isTruncated,
    ...(isTruncated && { Marker: Buffer.from(keyOf(last)).toString('base64') }),
  }
}
