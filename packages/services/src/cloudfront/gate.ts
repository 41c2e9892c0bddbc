/** What does a call to CloudFront need? The action on the resource; lists and creations of what has no ARN yet ask for all. */
import {
  type Call,
  type Need,
  type Needs,
  type RequestKeys,
  requestTags,
  resourceTags,
} from '../service.ts'
import { arnOf, findDistribution } from './records.ts'

/** Resource types of the service authorization reference. */
export type ResourceType =
  | 'distribution'
  | 'cache-policy'
  | 'origin-request-policy'
  | 'response-headers-policy'
  | 'origin-access-control'
  | 'function'
  | 'key-value-store'

/** @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudFront" */
export function need(action: string, type: ResourceType, id: string, call: Call): Needs {
  return [{ action: `cloudfront:${action}`, resource: arnOf(type, call.accountId, id) }]
}

/** Of actions that name no resource. */
export function needAll(action: string): () => Needs {
  return () => [{ action: `cloudfront:${action}`, resource: '*' }]
}

/** On what has tags. */
export function needTagged(
  action: string,
  type: ResourceType,
  id: string,
  tags: Readonly<Record<string, string>> | undefined,
  call: Call,
  keys: RequestKeys = {},
): Needs {
  const resource = arnOf(type, call.accountId, id)
  return [{ action: `cloudfront:${action}`, resource, keys: { ...resourceTags(tags), ...keys } }]
}

export async function needDistribution(action: string, id: string, call: Call): Promise<Needs> {
  const found = await findDistribution(call.documents, id)
  const tags = found?.accountId === call.accountId ? found.tags : {}
  return needTagged(action, 'distribution', id, tags, call)
}

/** What is new has no id yet, and may bring tags. */
export function needNew(
  action: string,
  type: ResourceType,
  tags: Readonly<Record<string, string>> | undefined,
  call: Call,
): Needs {
  const resource = arnOf(type, call.accountId, '*')
  const keys = requestTags(tags)
  const creating: Need = { action: `cloudfront:${action}`, resource, keys }
  return Object.keys(tags ?? {}).length === 0
    ? [creating]
    : [creating, { action: 'cloudfront:TagResource', resource, keys }]
}
