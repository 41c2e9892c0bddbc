/** What does a call to IAM need? The action is the operation; the resource is the entity that it names. */
import type { OperationModel, Values } from '@sekisho/protocols'
import { type Call, type Need, type Needs, type RequestKeys, requestTags } from '../service.ts'
import {
  arnOf,
  type EntityKind,
  entityTags,
  type InstanceProfileRecord,
  iamCollections,
  keyOf,
  type PolicyRecord,
  readEntity,
  type Tag,
} from './records.ts'

interface Named {
  readonly arn: string
  readonly tags: readonly Tag[]
  /** That the user or role has. */
  readonly boundary?: string | undefined
}

/** What may be done to somebody may depend on the boundary that holds for them. */
const bounded: ReadonlySet<string> = new Set(
  ['User', 'Role'].flatMap((kind) => [
    `Attach${kind}Policy`,
    `Delete${kind}PermissionsBoundary`,
    `Delete${kind}Policy`,
    `Detach${kind}Policy`,
    `Put${kind}Policy`,
  ]),
)

/**
 * @see Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management"
 */
export async function iamGate({ name }: OperationModel, input: Values, call: Call): Promise<Needs> {
  const { arn, tags, boundary } = await resourceOf(name, input, call)
  const own: Need = {
    action: `iam:${name}`,
    resource: arn,
    keys: {
      ...(boundary !== undefined && bounded.has(name) && { 'iam:PermissionsBoundary': boundary }),
      ...entityTags(tags),
      ...inputKeys(input),
    },
  }
  const handedOver = await passedRole(name, input, call)
  return handedOver ? [own, handedOver] : [own]
}

async function resourceOf(operation: string, input: Values, call: Call): Promise<Named> {
  const { accountId } = call
  const text = (member: string) => {
    const value = input[member]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const entity = async (kind: EntityKind, name: string): Promise<Named> => {
    const found = await readEntity(call.documents, kind, accountId, name)
    const path = text('Path') ?? '/'
    if (found === undefined) return { arn: arnOf(kind, { accountId, path, name }), tags: [] }
    if (!('tags' in found)) return { arn: arnOf(kind, found), tags: [] }
    return { arn: arnOf(kind, found), tags: found.tags, boundary: found.boundary }
  }
  const listed = Object.hasOwn(lists, operation) ? lists[operation] : undefined
  if (listed !== undefined) return { arn: `arn:aws:iam::${accountId}:${listed}/`, tags: [] }
  const group = text('GroupName')
  if (group !== undefined) return entity('group', group)
  const profile = text('InstanceProfileName')
  if (profile !== undefined) return instanceProfile(profile, text('Path') ?? '/', call)
  const role = text('RoleName')
  if (role !== undefined) return entity('role', role)
  const service = text('AWSServiceName')
  if (service !== undefined)
    return { arn: `arn:aws:iam::${accountId}:role/aws-service-role/${service}/*`, tags: [] }
  const user = text('UserName') ?? (aboutCaller.has(operation) ? callerName(call) : undefined)
  if (user !== undefined) return entity('user', user)
  const policy = text('PolicyArn')
  if (policy !== undefined) return managedPolicy(policy, call)
  const policyName = text('PolicyName')
  if (policyName !== undefined) {
    const path = text('Path') ?? '/'
    return { arn: arnOf('policy', { accountId, path, name: policyName }), tags: [] }
  }
  const url = text('Url')
  if (url !== undefined) {
    const host = url.replace(/^https:\/\//, '')
    return { arn: `arn:aws:iam::${accountId}:oidc-provider/${host}`, tags: [] }
  }
  return { arn: text('OpenIDConnectProviderArn') ?? text('PolicySourceArn') ?? '*', tags: [] }
}

/** Lists of everybody: the kind without a name. */
const lists: Readonly<Record<string, string>> = {
  ListUsers: 'user',
  ListGroups: 'group',
  ListRoles: 'role',
  ListPolicies: 'policy',
  ListInstanceProfiles: 'instance-profile',
}

/** Without a user name they are about the caller. */
const aboutCaller: ReadonlySet<string> = new Set([
  'GetUser',
  'CreateAccessKey',
  'DeleteAccessKey',
  'ListAccessKeys',
  'UpdateAccessKey',
  'ChangePassword',
])

function callerName({ principal }: Call): string | undefined {
  return principal.type === 'user'
    ? principal.arn.slice(principal.arn.lastIndexOf('/') + 1)
    : undefined
}

async function managedPolicy(arn: string, { documents, accountId }: Call): Promise<Named> {
  const key = keyOf(accountId, arn.slice(arn.lastIndexOf('/') + 1))
  const found = (await documents.get<PolicyRecord>(iamCollections.policies, key))?.value
  const isIt = found !== undefined && arnOf('policy', found) === arn
  return { arn, tags: isIt ? found.tags : [] }
}

async function instanceProfile(
  name: string,
  path: string,
  { documents, accountId }: Call,
): Promise<Named> {
  const key = keyOf(accountId, name)
  const found = await documents.get<InstanceProfileRecord>(iamCollections.instanceProfiles, key)
  return {
    arn: arnOf('instance-profile', found?.value ?? { accountId, path, name }),
    tags: found?.value.tags ?? [],
  }
}

/** Members of the input that are condition keys too. */
const keyOfMember = {
  PermissionsBoundary: 'iam:PermissionsBoundary',
  AWSServiceName: 'iam:AWSServiceName',
} as const satisfies Record<string, string>

function inputKeys(input: Values): RequestKeys {
  const keys: Record<string, string | readonly string[]> = {}
  for (const [member, key] of Object.entries(keyOfMember)) {
    const value = input[member]
    if (typeof value === 'string') keys[key] = value
  }
  // Which policy is attached to, or taken from, somebody.
  const isAttachment = 'UserName' in input || 'GroupName' in input || 'RoleName' in input
  const arn = input['PolicyArn']
  if (isAttachment && typeof arn === 'string') keys['iam:PolicyARN'] = arn
  const tags = input['Tags'] as readonly Tag[] | undefined
  const tagKeys = input['TagKeys'] as readonly string[] | undefined
  return {
    ...keys,
    ...requestTags(tags && Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))),
    ...(tagKeys && { 'aws:TagKeys': tagKeys }),
  }
}

/** A role in an instance profile is handed over to EC2. */
async function passedRole(operation: string, input: Values, call: Call): Promise<Need | undefined> {
  if (operation !== 'AddRoleToInstanceProfile') return undefined
  const name = String(input['RoleName'])
  const role = await readEntity(call.documents, 'role', call.accountId, name)
  const { accountId } = call
  return {
    action: 'iam:PassRole',
    resource: arnOf('role', role ?? { accountId, path: '/', name }),
    keys: { 'iam:PassedToService': 'ec2.amazonaws.com' },
  }
}
