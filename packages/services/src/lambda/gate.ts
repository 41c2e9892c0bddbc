/** What does a call to Lambda need? The action on the function, whose own policy has a say. */
import type { CompiledPolicy } from '@sekisho/policy'
import { compiled } from '../iam/principals.ts'
import { type Call, type Need, passRole, type RequestKeys, resourceTags } from '../service.ts'
import { type Named, namedBy, qualifiedArnOf } from './names.ts'
import { type FunctionRecord, type PermissionRecord, policyOf, readFunction } from './records.ts'

/**
 * Of an action on a function as a whole.
 * @see Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda"
 */
export function functionNeed(
  action: string,
  name: string,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  const { qualifier: _, ...named } = namedBy(name, call)
  return needOn(action, named, call, keys)
}

/** Of an action on a version or an alias, where one is named: its ARN and its own policy decide. */
export function qualifiedNeed(
  action: string,
  name: string,
  qualifier: string | undefined,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  return needOn(action, namedBy(name, call, qualifier), call, keys)
}

const invokeNeeds = new WeakMap<FunctionRecord, Map<string | undefined, Need>>()
/** Callers choose qualifiers. */
const mostQualifiers = 100

/** The same one as long as the function's record is the same: asked for with every event. */
export async function invokeNeed(
  name: string,
  qualifier: string | undefined,
  call: Call,
): Promise<Need> {
  const named = namedBy(name, call, qualifier)
  const action = 'lambda:InvokeFunction'
  const found = await readFunction(call.documents, named)
  if (found === undefined) return { action, ...sideOf(named, found, {}) }
  let needs = invokeNeeds.get(found)
  if (needs === undefined || needs.size >= mostQualifiers) {
    needs = new Map()
    invokeNeeds.set(found, needs)
  }
  let need = needs.get(named.qualifier)
  if (need === undefined) {
    need = { action, ...sideOf(named, found, {}) }
    needs.set(named.qualifier, need)
  }
  return need
}

export async function needOn(
  action: string,
  named: Named,
  { documents }: Pick<Call, 'documents'>,
  keys: RequestKeys = {},
): Promise<Need> {
  return {
    action: `lambda:${action}`,
    ...sideOf(named, await readFunction(documents, named), keys),
  }
}

/** The function's side of a need. */
export function sideOf(
  named: Named,
  found: FunctionRecord | undefined,
  keys: RequestKeys,
): Omit<Need, 'action'> {
  const resource = qualifiedArnOf(named)
  const policy = found === undefined ? [] : policyOf(found, named.qualifier)
  return {
    resource,
    resourceAccountId: named.accountId,
    keys: { ...resourceTags(found?.tags), ...keys },
    ...(policy.length > 0 && { resourcePolicy: policyOn(policy, resource) }),
  }
}

/** A list of statements belongs to one function, version or alias, and changes with its record. */
const compiledPolicies = new WeakMap<readonly PermissionRecord[], CompiledPolicy>()

function policyOn(policy: readonly PermissionRecord[], resource: string): CompiledPolicy {
  let found = compiledPolicies.get(policy)
  if (found === undefined) {
    found = compiled(policyText(policy), 'resource', `policy of ${resource}`)
    compiledPolicies.set(policy, found)
  }
  return found
}

export function policyText(policy: readonly PermissionRecord[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy })
}

export function rolePassed(role: string | undefined): readonly Need[] {
  return passRole(role, 'lambda.amazonaws.com')
}

/** The layers that a function is given. */
export function layerKeys(layers: readonly string[] | undefined): RequestKeys {
  return layers === undefined || layers.length === 0 ? {} : { 'lambda:Layer': layers }
}
