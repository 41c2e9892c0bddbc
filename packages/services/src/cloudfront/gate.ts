/** What does a call to CloudFront need? The action on the resource; lists and creations of what has no ARN yet ask for all. */
import { type Call, type Need, type Needs, type RequestKeys, requestTags } from '../service.ts'
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

/** On a distribution that may have tags. */
export async function needDistribution(
  action: string,
  id: string,
  call: Call,
  keys: RequestKeys = {},
): Promise<Needs> {
  const found = await findDistribution(call.documents, id)
  const tags = found?.accountId === call.accountId ? found.tags : {}
  return [
    {
      action: `cloudfront:${action}`,
      resource: arnOf('distribution', call.accountId, id),
      keys: { ...resourceTags(tags), ...keys },
    },
  ]
}

/** A new distribution has no id yet. */
export function needNewDistribution(
  tags: Readonly<Record<string, string>> | undefined,
  call: Call,
): Needs {
  const resource = arnOf('distribution', call.accountId, '*')
  const keys = requestTags(tags)
  const creating: Need = { action: 'cloudfront:CreateDistribution', resource, keys }
  return Object.keys(tags ?? {}).length === 0
    ? [creating]
    : [creating, { action: 'cloudfront:TagResource', resource, keys }]
}

function resourceTags(tags: Readonly<Record<string, string>>): RequestKeys {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [`aws:ResourceTag/${name}`, value]),
  )
}
