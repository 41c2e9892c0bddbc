/** Which tags may a function have? */
import { invalidParameter } from './errors.ts'

export type Tags = Readonly<Record<string, string>>

const mostTags = 50
const permitted = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** @throws AwsError InvalidParameterValueException @see Lambda Developer Guide, "Using tags on Lambda functions" */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags)
  if (entries.length > mostTags)
    throw invalidParameter(`A function can have at most ${mostTags} tags.`)
  for (const [key, value] of entries) {
    if (/^aws:/i.test(key))
      throw invalidParameter(`Tag keys that begin with aws: are reserved: ${key}`)
    if (key.length < 1 || key.length > 128 || !permitted.test(key))
      throw invalidParameter(`Invalid tag key: ${key}`)
    if (value.length > 256 || !permitted.test(value))
      throw invalidParameter(`Invalid tag value for key: ${key}`)
  }
  return tags
}
