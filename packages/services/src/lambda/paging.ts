/** Lists come in pages; the marker of the next one is what the last key says behind the list's own prefix. */
import type { Reader } from '@sekisho/store'
import { invalidParameter } from './errors.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Of the answer; empty: there is no more. */
  readonly next: { readonly NextMarker?: string }
}

interface Asked {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

const largestPage = 50

/** @throws AwsError InvalidParameterValueException */
export async function pageOf<T>(
  reader: Reader,
  collection: string,
  prefix: string,
  { Marker, MaxItems = largestPage }: Asked,
  { isReversed = false }: { readonly isReversed?: boolean } = {},
): Promise<Page<T>> {
  const limit = Math.min(Math.max(1, MaxItems), largestPage)
  const behind = Marker === undefined ? undefined : `${prefix}${keyIn(Marker)}`
  const found = await reader.list<T>(collection, {
    prefix,
    isReversed,
    ...(behind !== undefined && (isReversed ? { before: behind } : { after: behind })),
    limit: limit + 1,
  })
  const last = found[limit - 1]
  return {
    items: found.slice(0, limit).map(({ value }) => value),
    next:
      found.length > limit && last !== undefined
        ? { NextMarker: Buffer.from(last.key.slice(prefix.length)).toString('base64url') }
        : {},
  }
}

function keyIn(marker: string): string {
  const key = Buffer.from(marker, 'base64url').toString('utf8')
  if (key === '' || Buffer.from(key).toString('base64url') !== marker)
    throw invalidParameter('The provided marker is invalid.')
  return key
}
