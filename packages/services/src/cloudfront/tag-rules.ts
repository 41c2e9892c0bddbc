/** What may be a tag of what CloudFront keeps? */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Input } from '@sekisho/protocols'
import { fail } from './errors.ts'

export type Tags = Readonly<Record<string, string>>

const mostTags = 50

export function tagsOf(
  tags: Input<typeof Sdk, 'TagResource'>['Tags'] | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries((tags?.Items ?? []).map(({ Key, Value = '' }) => [Key, Value]))
}

const permitted = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** @throws AwsError InvalidTagging */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags)
  const isWrong = entries.some(
    ([key, value]) =>
      key.length < 1 ||
      key.length > 128 ||
      value.length > 256 ||
      /^aws:/i.test(key) ||
      !permitted.test(key) ||
      !permitted.test(value),
  )
  if (isWrong || entries.length > mostTags)
    throw fail('InvalidTagging', 'The tagging specified is not valid.')
  return tags
}
