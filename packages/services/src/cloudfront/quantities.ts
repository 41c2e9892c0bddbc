/** CloudFront's lists carry their length: does it hold, and how is a list written? */
import { fail } from './errors.ts'

export interface Counted<Item> {
  readonly Quantity: number | undefined
  readonly Items?: readonly Item[] | undefined
}

/** The list as CloudFront gives it back: without items where there are none. */
export function counted<Item>(items: readonly Item[]): { Quantity: number; Items?: Item[] } {
  return items.length === 0 ? { Quantity: 0 } : { Quantity: items.length, Items: [...items] }
}

/**
 * Looks at every list, however deep.
 *
 * @throws AwsError InconsistentQuantities
 */
export function checkQuantities(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if ('Quantity' in value) {
    const { Quantity, Items } = value as Counted<unknown>
    if (Quantity !== (Items?.length ?? 0))
      throw fail(
        'InconsistentQuantities',
        "The value of Quantity and the size of Items don't match.",
      )
  }
  for (const inner of Object.values(value)) checkQuantities(inner)
}
