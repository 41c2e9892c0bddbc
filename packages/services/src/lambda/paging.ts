/** Lists come in pages; the marker of the next one is what the last key says behind the list's own prefix. */
import type { Range, Stored } from '@sekisho/store'
import { invalidParameter } from './errors.ts'

export function pageSize(given: number | undefined, most: number): number {
  return Math.min(Math.max(1, given ?? most), most)
}

/** @throws AwsError InvalidParameterValueException */
export function fromMarker(marker: string | undefined, prefix: string): Range {
  if (marker === undefined) return {}
  const key = Buffer.from(marker, 'base64url').toString('utf8')
  if (key === '' || Buffer.from(key).toString('base64url') !== marker)
    throw invalidParameter('The provided marker is invalid.')
  return { after: `${prefix}${key}` }
}

/** @param found  one more than fit the page, where there are more */
export function markerOf(
  found: readonly Stored<unknown>[],
  limit: number,
  prefix: string,
): { readonly NextMarker?: string } {
  const last = found[limit - 1]
  if (found.length <= limit || last === undefined) return {}
  return { NextMarker: Buffer.from(last.key.slice(prefix.length)).toString('base64url') }
}
