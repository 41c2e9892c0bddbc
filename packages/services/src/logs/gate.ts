/** What does a call to CloudWatch Logs need? The action on the group or the stream. */
import { type Call, type Need, type RequestKeys, resourceTags } from '../service.ts'
import { type GroupName, type GroupRecord, groupArn, groupKey, logsCollections } from './records.ts'
import { policyOfAccount } from './resource-policies.ts'

/**
 * Of actions on a group AWS asks for its streams, none of them named: policies for them end in `:*`.
 *
 * @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch Logs";
 *   CloudWatch Logs User Guide, "CloudWatch Logs resources and operations" (which form of ARN)
 */
export async function groupNeed(
  action: string,
  name: GroupName,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  return need(action, `${groupArn(name)}:log-stream:`, name, call, keys)
}

export async function streamNeed(
  action: string,
  name: GroupName,
  streamName: string,
  call: Call,
): Promise<Need> {
  return need(action, `${groupArn(name)}:log-stream:${streamName}`, name, call)
}

/** Tags are asked for on the group itself. */
export async function tagNeed(
  action: string,
  name: GroupName,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  return need(action, groupArn(name), name, call, keys)
}

async function need(
  action: string,
  resource: string,
  name: GroupName,
  { documents }: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  const found = await documents.get<GroupRecord>(logsCollections.groups, groupKey(name))
  const resourcePolicy = await policyOfAccount(documents, name)
  return {
    action: `logs:${action}`,
    resource,
    resourceAccountId: name.accountId,
    ...(resourcePolicy && { resourcePolicy }),
    keys: { ...resourceTags(found?.value.tags), ...keys },
  }
}
