/** What does a call to Scheduler need? The action on the schedule or its group. */
import { type Call, type Need, passRole, type RequestKeys, resourceTags } from '../service.ts'
import { type GroupName, groupArn, readGroup, type ScheduleName, scheduleArn } from './records.ts'

/** @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge Scheduler" */
export async function groupNeed(
  action: string,
  name: GroupName,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  return {
    action: `scheduler:${action}`,
    resource: groupArn(name),
    keys: { ...(await tagsOfGroup(name, call)), ...keys },
  }
}

/** Tags are the group's. */
export async function scheduleNeed(action: string, name: ScheduleName, call: Call): Promise<Need> {
  return {
    action: `scheduler:${action}`,
    resource: scheduleArn(name),
    keys: await tagsOfGroup({ ...name, name: name.group }, call),
  }
}

async function tagsOfGroup(name: GroupName, { documents }: Call): Promise<RequestKeys> {
  const group = await readGroup(documents, name)
  return resourceTags(group?.tags)
}

/** *Observed*: lists are asked for on all that they may show. */
export function listNeed(action: string, of: string, { accountId, region }: Call): Need {
  return {
    action: `scheduler:${action}`,
    resource: `arn:aws:scheduler:${region}:${accountId}:${of}`,
  }
}

export function rolePassed(role: string): readonly Need[] {
  return passRole(role, 'scheduler.amazonaws.com')
}
