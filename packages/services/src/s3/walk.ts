/** One page of a bucket's keys in order, those behind a delimiter rolled up. */
import type { Reader } from '@sekisho/store'
import { invalidArgument } from './errors.ts'
import { type BucketRecord, orderedPrefix, versionsOf } from './records.ts'

export interface Walk {
  readonly collection: string
  /** The stored keys of all whose own key begins so. */
  readonly prefixed: (prefix: string) => string
  readonly prefix: string
  readonly delimiter: string
  /** A stored key, behind which the page begins. */
  readonly after: string | undefined
  /** Rolled up already, on the page before. */
  readonly afterPrefix: string | undefined
  readonly most: number
}

export interface Page<T> {
  readonly entries: readonly T[]
  readonly prefixes: readonly string[]
  readonly isTruncated: boolean
  /** What the page ends with: an entry, or the last of its prefixes. */
  readonly last: { readonly entry: T } | { readonly prefix: string } | undefined
}

/** Read at once; most pages are one look. */
const atOnce = 1_001

export async function walk<T extends { readonly key: string }>(
  reader: Reader,
  { collection, prefixed, prefix, delimiter, after, afterPrefix, most }: Walk,
): Promise<Page<T>> {
  const entries: T[] = []
  const prefixes: string[] = []
  let last: Page<T>['last']
  let rolled = afterPrefix
  let position = afterPrefix === undefined ? after : behind(prefixed(afterPrefix))
  const page = (isTruncated: boolean): Page<T> => ({ entries, prefixes, isTruncated, last })
  if (most === 0) return page(false)
  for (;;) {
    const found = await reader.list<T>(collection, {
      prefix: prefixed(prefix),
      ...(position !== undefined && { after: position }),
      limit: Math.min(atOnce, most + 1),
    })
    for (const { key: stored, value } of found) {
      position = stored
      const common = commonPrefix(value.key, prefix, delimiter)
      if (common !== undefined && common === rolled) continue
      if (entries.length + prefixes.length === most) return page(true)
      if (common === undefined) {
        entries.push(value)
        last = { entry: value }
        continue
      }
      rolled = common
      prefixes.push(common)
      last = { prefix: common }
    }
    if (found.length < Math.min(atOnce, most + 1)) return page(false)
    // The rest of what is rolled up is not even looked at, but for keys that come behind what stands for its end.
    if (rolled !== undefined && position!.startsWith(prefixed(rolled)))
      position = later(position!, behind(prefixed(rolled)))
  }
}

/** How lists of what a key has several of are asked for. */
export interface Marked {
  readonly Prefix?: string | undefined
  readonly Delimiter?: string | undefined
  readonly KeyMarker?: string | undefined
  readonly EncodingType?: string | undefined
}

/**
 * A page of such a list, and what its answer says whatever is listed.
 *
 * @param behind  the stored key of the entry that the markers name; undefined: they name a key and all that it has
 */
export async function walkMarked<T extends { readonly key: string }>(
  reader: Reader,
  bucket: BucketRecord,
  collection: string,
  { Prefix: prefix = '', Delimiter: delimiter = '', KeyMarker: marker = '', EncodingType }: Marked,
  most: number,
  behind: string | undefined,
) {
  const write = keyWriter(EncodingType)
  const isRolled = delimiter !== '' && marker.startsWith(prefix) && marker.endsWith(delimiter)
  const page = await walk<T>(reader, {
    collection,
    prefixed: (text) => orderedPrefix(bucket, text),
    prefix,
    delimiter,
    most,
    after: marker === '' ? undefined : (behind ?? `${versionsOf(bucket, marker)}~`),
    afterPrefix: isRolled && behind === undefined ? marker : undefined,
  })
  const { last, prefixes, isTruncated } = page
  return {
    ...page,
    write,
    shown: {
      Prefix: write(prefix),
      KeyMarker: write(marker),
      IsTruncated: isTruncated,
      ...(delimiter !== '' && { Delimiter: write(delimiter) }),
      ...(EncodingType && { EncodingType: EncodingType as 'url' }),
      ...(isTruncated &&
        last && { NextKeyMarker: write('prefix' in last ? last.prefix : last.entry.key) }),
      ...(prefixes.length > 0 && {
        CommonPrefixes: prefixes.map((each) => ({ Prefix: write(each) })),
      }),
    },
  }
}

/** Where nearly all that begins so has ended: keys may hold the last of all characters too. */
function behind(stored: string): string {
  return `${stored}\u{10ffff}`
}

function later(one: string, other: string): string {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) > 0 ? one : other
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

/** @throws AwsError InvalidArgument */
export function pageSize(asked: number | undefined, name: string): number {
  if (asked === undefined) return 1_000
  if (!Number.isInteger(asked) || asked < 0 || asked > 2_147_483_647)
    throw invalidArgument(
      `Argument ${name} must be an integer between 0 and 2147483647`,
      name,
      asked,
    )
  return Math.min(asked, 1_000)
}

/**
 * How keys are written in an answer.
 *
 * @param encodingType  `url`: for keys that XML cannot hold
 * @throws AwsError InvalidArgument
 */
export function keyWriter(encodingType: string | undefined): (key: string) => string {
  if (encodingType === undefined) return (key) => key
  if (encodingType !== 'url')
    throw invalidArgument(
      'Invalid Encoding Method specified in Request',
      'encoding-type',
      encodingType,
    )
  return formEncoded
}

/** As forms are encoded, but for the slash. */
function formEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
}
