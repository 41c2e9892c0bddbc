/** Tags of buckets and objects: as XML holds them, as a header holds them, and which ones may be. */
import { s3Error } from './errors.ts'
import type { Tags } from './records.ts'

interface Tag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** @see Amazon S3 User Guide, "Categorizing your objects using tags" */
export const mostObjectTags = 10
export const mostBucketTags = 50

/** @throws AwsError InvalidTag, MalformedXML, BadRequest */
export function fromTagSet(given: readonly Tag[] | undefined, most: number): Tags {
  const tags = new Map<string, string>()
  for (const { Key, Value } of given ?? []) {
    if (Key === undefined || Value === undefined) throw s3Error('MalformedXML')
    add(tags, Key, Value)
  }
  return counted(tags, most)
}

/** `a=1&b=2`, as `x-amz-tagging` has it. @throws AwsError InvalidArgument, InvalidTag */
export function fromTagging(text: string | undefined): Tags {
  const tags = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(text ?? '')) add(tags, key, value)
  return counted(tags, mostObjectTags)
}

function add(tags: Map<string, string>, key: string, value: string): void {
  if (tags.has(key))
    throw s3Error('InvalidTag', 'Cannot provide multiple Tags with the same key', { TagKey: key })
  if (key.length === 0 || key.length > 128 || !allowed.test(key))
    throw s3Error('InvalidTag', 'The TagKey you have provided is invalid', { TagKey: key })
  if (value.length > 256 || !allowed.test(value))
    throw s3Error('InvalidTag', 'The TagValue you have provided is invalid', { TagValue: value })
  if (/^aws:/i.test(key))
    throw s3Error('InvalidTag', 'System tags cannot be added/updated by requester', { TagKey: key })
  tags.set(key, value)
}

const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

function counted(tags: ReadonlyMap<string, string>, most: number): Tags {
  if (tags.size > most)
    throw s3Error(
      'InvalidTag',
      most === mostObjectTags
        ? 'Object tags cannot be greater than 10'
        : 'Bucket tag count cannot be greater than 50',
    )
  return Object.fromEntries(tags)
}

export function toTagSet(tags: Tags | undefined): { Key: string; Value: string }[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }))
}
