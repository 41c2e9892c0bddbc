/** Which tags may a bus or a rule have? */
import type { Tag } from '@aws-sdk/client-eventbridge'
import { limitExceeded, validation } from './errors.ts'
import type { Tags } from './records.ts'

const mostTags = 50
const permitted = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

export function tagsOf(list: readonly Pick<Tag, 'Key' | 'Value'>[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']))
}

/** @throws AwsError LimitExceededException, ValidationException @see EventBridge API Reference, "Tag" */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags)
  if (entries.length > mostTags)
    throw limitExceeded(`A resource can have at most ${mostTags} tags.`)
  for (const [key, value] of entries)
    if (!isKey(key) || value.length > 256 || !permitted.test(value))
      throw validation(`The tag ${key} is not valid.`)
  return tags
}

function isKey(key: string): boolean {
  return key.length >= 1 && key.length <= 128 && !/^aws:/i.test(key) && permitted.test(key)
}
