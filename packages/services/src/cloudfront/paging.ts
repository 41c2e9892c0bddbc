/** Lists in pages: a marker is the last key of the page before. */
import { invalidArgument } from './errors.ts'

const largestPage = 100

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly marker: string
  readonly maxItems: number
  readonly isTruncated: boolean
  readonly nextMarker?: string
}

/**
 * @param items  in the order of their keys
 * @throws AwsError InvalidArgument
 */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  {
    Marker,
    MaxItems = largestPage,
  }: { Marker?: string | undefined; MaxItems?: number | undefined },
): Page<Item> {
  if (!(MaxItems >= 1)) throw invalidArgument('The parameter MaxItems must be at least 1.')
  const maxItems = Math.min(MaxItems, largestPage)
  const rest = items.filter((item) => !Marker || keyOf(item) > Marker)
  const page = rest.slice(0, maxItems)
  const isTruncated = rest.length > page.length
  return {
    items: page,
    marker: Marker ?? '',
    maxItems,
    isTruncated,
    ...(isTruncated && { nextMarker: keyOf(page.at(-1)!) }),
  }
}
