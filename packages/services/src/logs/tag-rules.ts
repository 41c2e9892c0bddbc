/** Which tags may a log group have? */
import { invalidParameter, tooManyTags } from './errors.ts'

export type Tags = Readonly<Record<string, string>>

const maxTags = 50

/** @throws AwsError TooManyTagsException, InvalidParameterException @see CloudWatch Logs API Reference, "TagResource" */
export function checkTags(tags: Tags = {}): Tags {
  const entries = Object.entries(tags)
  if (entries.length > maxTags) throw tooManyTags(`A resource can have at most ${maxTags} tags.`)
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128 || /^aws:/i.test(key) || !permitted.test(key))
      throw invalidParameter(`Invalid tag key: ${key}`)
    if (value.length > 256 || !permitted.test(value))
      throw invalidParameter(`Invalid tag value for key: ${key}`)
  }
  return tags
}

const permitted = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
