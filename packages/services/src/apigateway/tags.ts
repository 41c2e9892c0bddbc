/** Which tags may an API or a stage have? */
import type { Call, Need } from '../service.ts'
import { badRequest } from './errors.ts'

export type Tags = Readonly<Record<string, string>>

/** @see API Gateway Developer Guide, "Tagging your API Gateway resources" */
const maxTags = 50

/**
 * Whoever makes something with tags on it sets tags.
 *
 * @param path  of what is made; `*` where it has no id yet
 * @see Service Authorization Reference, "API operations defined by Amazon API Gateway Management" (apigateway:PUT)
 */
export function tagNeeds({ region }: Call, path: string, tags: Tags | undefined): readonly Need[] {
  if (Object.keys(tags ?? {}).length === 0) return []
  const arn = `arn:aws:apigateway:${region}::`
  return [
    { action: 'apigateway:PUT', resource: `${arn}/tags/${encodeURIComponent(`${arn}${path}`)}` },
  ]
}

/** @throws AwsError BadRequestException  too many, or a key or value that no tag may have */
export function checkTags(tags: Tags = {}): Tags {
  if (Object.keys(tags).length > maxTags)
    throw badRequest(`A resource can have at most ${maxTags} tags`)
  for (const [key, value] of Object.entries(tags)) {
    if (key.length < 1 || key.length > 128 || /^aws:/i.test(key))
      throw badRequest(`Invalid tag key: ${key}`)
    if (value.length > 256) throw badRequest(`Invalid tag value for key: ${key}`)
  }
  return tags
}
