/** What does a call to EventBridge need? The action on the bus, whose own policy has a say, or on the rule. */
import { compiled } from '../iam/principals.ts'
import { type Call, type Need, passRole, type RequestKeys, resourceTags } from '../service.ts'
import { notSupported } from './errors.ts'
import {
  type BusName,
  busArn,
  eventsCollections,
  namedBus,
  type RuleName,
  type RuleRecord,
  readBus,
  ruleArn,
  ruleKey,
} from './records.ts'

/**
 * @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge"
 */
export async function busNeed(
  action: string,
  name: BusName,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  const bus = await readBus(call.documents, name)
  const resource = busArn(name)
  return {
    action: `events:${action}`,
    resource,
    resourceAccountId: name.accountId,
    keys: { ...resourceTags(bus?.tags), ...keys },
    ...(bus?.policy !== undefined && {
      resourcePolicy: compiled(bus.policy, 'resource', `policy of ${resource}`),
    }),
  }
}

export async function ruleNeed(
  action: string,
  name: RuleName,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  const rule = await call.documents.get<RuleRecord>(eventsCollections.rules, ruleKey(name))
  return {
    action: `events:${action}`,
    resource: ruleArn(name),
    keys: {
      'events:creatorAccount': name.accountId,
      ...resourceTags(rule?.value.tags),
      ...keys,
    },
  }
}

/** Of actions that have no resource. */
export function serviceNeed(action: string): Need {
  return { action: `events:${action}`, resource: '*' }
}

/** *Observed*: lists are asked for on all that they may show. */
export function listNeed(action: string, of: 'event-bus' | 'rule', call: Call): Need {
  const { accountId, region } = call
  return { action: `events:${action}`, resource: `arn:aws:events:${region}:${accountId}:${of}/*` }
}

export function rolePassed(role: string | undefined): readonly Need[] {
  return passRole(role, 'events.amazonaws.com')
}

/** @throws AwsError ValidationException  the bus is of another account or region */
export function ownBus(text: string | undefined, call: Call): BusName {
  const name = namedBus(text, call)
  if (name.accountId !== call.accountId || name.region !== call.region)
    throw notSupported('A rule on an event bus of another account or region')
  return name
}

export function ownRule(
  { Name, EventBusName }: { readonly Name: string; readonly EventBusName?: string | undefined },
  call: Call,
): RuleName {
  const { accountId, region, name: bus } = ownBus(EventBusName, call)
  return { accountId, region, bus, name: Name }
}
