/** Which tags may a schedule group have? */
import type { Tag } from '@aws-sdk/client-scheduler'
import { validation } from './errors.ts'

type Tags = Readonly<Record<string, string>>

/** @see Scheduler API Reference, "TagResource" */
const mostTags = 50

export function tagsOf(list: readonly Pick<Tag, 'Key' | 'Value'>[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']))
}

/** @throws AwsError ValidationException */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags)
  if (entries.length > mostTags) throw validation(`A resource can have at most ${mostTags} tags.`)
  for (const [key, value] of entries)
    if (key.length < 1 || key.length > 128 || /^aws:/i.test(key) || value.length > 256)
      throw validation(`The tag ${key} is not valid.`)
  return tags
}
