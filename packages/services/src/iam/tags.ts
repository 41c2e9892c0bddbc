/** Tags: put on a thing, taken off it and listed, the same for everything in IAM that has them. */
import { limitExceeded, validationError } from './errors.ts'
import { type Asked, page } from './paging.ts'
import type { Tag } from './records.ts'

/** @see IAM User Guide, "IAM and AWS STS quotas" */
const mostTags = 50

interface Tagged {
  readonly tags: readonly Tag[]
}

/** @throws AwsError InvalidInput, LimitExceeded */
export const tagged =
  (given: readonly Tag[]) =>
  <Thing extends Tagged>(thing: Thing): Thing => ({ ...thing, tags: mergeTags(thing.tags, given) })

export const untagged =
  (keys: readonly string[]) =>
  <Thing extends Tagged>(thing: Thing): Thing => ({ ...thing, tags: withoutTags(thing.tags, keys) })

export function listedTags({ tags }: Tagged, asked: Asked) {
  const sorted = [...tags].sort((one, other) => (one.Key < other.Key ? -1 : 1))
  const { items, ...rest } = page(sorted, asked, ({ Key }) => Key)
  return { Tags: items, ...rest }
}

/** @throws AwsError InvalidInput, LimitExceeded */
export function mergeTags(before: readonly Tag[], given: readonly Tag[] = []): readonly Tag[] {
  const merged = new Map(before.map((tag) => [tag.Key.toLowerCase(), tag]))
  const seen = new Set<string>()
  for (const { Key, Value } of given) {
    const key = Key.toLowerCase()
    if (seen.has(key))
      throw validationError(
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    if (key.startsWith('aws:'))
      throw validationError('Tag keys that begin with aws: are reserved for AWS.')
    if (Key.length > 128 || Key === '' || Value.length > 256)
      throw validationError('A tag key has 1 to 128 characters, its value at most 256.')
    seen.add(key)
    merged.set(key, { Key, Value })
  }
  if (merged.size > mostTags)
    throw limitExceeded(
      `The number of tags has reached the maximum limit. Cannot exceed quota for TagsPerEntity: ${mostTags}`,
    )
  return [...merged.values()]
}

function withoutTags(before: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return before.filter(({ Key }) => !gone.has(Key.toLowerCase()))
}

export function shownTags(tags: readonly Tag[]) {
  return tags.length > 0 ? tags.map((tag) => ({ ...tag })) : undefined
}
