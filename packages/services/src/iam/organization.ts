/** The organization that all accounts here belong to: its tree, and the policies that hold on it. */
import type { CompiledPolicy, PolicyType } from '@sekisho/policy'
import type { Documents, Reader } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import type { Tag } from './records.ts'

export const organizationCollections = {
  organization: 'organization',
  units: 'organization-units',
  members: 'organization-members',
  policies: 'organization-policies',
} as const

export type OrganizationPolicyType = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY'

export interface OrganizationRecord {
  /** `o-…` */
  readonly id: string
  /** `r-…` */
  readonly rootId: string
  readonly managementAccountId: string
  readonly enabledTypes: readonly OrganizationPolicyType[]
  readonly createdAt: number
}

export interface UnitRecord {
  /** `ou-…` */
  readonly id: string
  readonly name: string
  readonly parentId: string
  readonly tags: readonly Tag[]
}

export interface MemberRecord {
  readonly accountId: string
  readonly parentId: string
  readonly email: string
  readonly joinedAt: number
  /** Of the request that made it. */
  readonly requestId?: string
  readonly tags: readonly Tag[]
}

export interface OrganizationPolicyRecord {
  /** `p-…` */
  readonly id: string
  readonly name: string
  readonly description: string
  readonly type: OrganizationPolicyType
  readonly content: string
  /** Roots, units and accounts. */
  readonly targets: readonly string[]
  readonly tags: readonly Tag[]
}

/** AWS's own two are attached to everything from the start; what is kept of them is where they were detached. */
export interface DetachedRecord {
  readonly detachedFrom: readonly string[]
}

const everything =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

/** @see AWS Organizations User Guide, "Service control policies", "Resource control policies" (full access) */
export const awsOrganizationPolicies = {
  'p-FullAWSAccess': {
    name: 'FullAWSAccess',
    description: 'Allows access to every operation',
    type: 'SERVICE_CONTROL_POLICY',
    content: everything,
  },
  'p-RCPFullAWSAccess': {
    name: 'RCPFullAWSAccess',
    description: 'Allows access to every resource',
    type: 'RESOURCE_CONTROL_POLICY',
    content: everything.replace('"Effect":"Allow"', '"Effect":"Allow","Principal":"*"'),
  },
} as const satisfies Record<
  string,
  { name: string; description: string; type: OrganizationPolicyType; content: string }
>

const lower = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** One organization from the start, with the first account as its management account. */
export async function ensureOrganization(
  documents: Documents,
  managementAccountId: string,
  { ids, nowMs }: { readonly ids: IdSource; readonly nowMs: number },
): Promise<void> {
  if (await documents.get(organizationCollections.organization, 'organization')) return
  const record: OrganizationRecord = {
    id: `o-${ids.text(lower, 10)}`,
    rootId: `r-${ids.text(lower, 4)}`,
    managementAccountId,
    enabledTypes: [],
    createdAt: nowMs,
  }
  await documents.transact(async (transaction) => {
    if (!(await transaction.get(organizationCollections.organization, 'organization')))
      transaction.put(organizationCollections.organization, 'organization', record)
  })
}

export async function readOrganization(reader: Reader): Promise<OrganizationRecord | undefined> {
  const found = await reader.get<OrganizationRecord>(
    organizationCollections.organization,
    'organization',
  )
  return found?.value
}

export async function parentOf(
  reader: Reader,
  organization: OrganizationRecord,
  id: string,
): Promise<string> {
  if (id.startsWith('ou-'))
    return (
      (await reader.get<UnitRecord>(organizationCollections.units, id))?.value.parentId ??
      organization.rootId
    )
  const member = await reader.get<MemberRecord>(organizationCollections.members, id)
  return member?.value.parentId ?? organization.rootId
}

/** From the root down to the account itself. */
export async function pathTo(
  reader: Reader,
  organization: OrganizationRecord,
  accountId: string,
): Promise<readonly string[]> {
  const path = [accountId]
  while (path[0] !== organization.rootId)
    path.unshift(await parentOf(reader, organization, path[0]!))
  return path
}

/** What an account's place in the organization means for its principals and its resources. */
export interface Place {
  readonly id: string
  /** `o-…/r-…/ou-…/` */
  readonly path: string
  readonly scps?: readonly (readonly CompiledPolicy[])[]
  readonly rcps?: readonly (readonly CompiledPolicy[])[]
}

export async function placeOf(
  reader: Reader,
  accountId: string,
  compile: (content: string, type: PolicyType, name: string) => CompiledPolicy,
): Promise<Place | undefined> {
  const organization = await readOrganization(reader)
  if (organization === undefined) return undefined
  const path = await pathTo(reader, organization, accountId)
  const place = {
    id: organization.id,
    path: `${[organization.id, ...path.slice(0, -1)].join('/')}/`,
  }
  // Neither kind of policy holds for the management account.
  if (accountId === organization.managementAccountId) return place
  const levels = async (type: OrganizationPolicyType, as: 'scp' | 'rcp') => {
    if (!organization.enabledTypes.includes(type)) return undefined
    const attached = await Promise.all(path.map((target) => policiesOn(reader, target, type)))
    return attached.map((policies) =>
      policies.map(({ content, name }) => compile(content, as, name)),
    )
  }
  const scps = await levels('SERVICE_CONTROL_POLICY', 'scp')
  const rcps = await levels('RESOURCE_CONTROL_POLICY', 'rcp')
  return { ...place, ...(scps && { scps }), ...(rcps && { rcps }) }
}

export interface AttachedPolicy {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly type: OrganizationPolicyType
  readonly content: string
  readonly isAws: boolean
}

export async function policiesOn(
  reader: Reader,
  target: string,
  type: OrganizationPolicyType,
): Promise<readonly AttachedPolicy[]> {
  const own = await reader.list<OrganizationPolicyRecord>(organizationCollections.policies, {
    prefix: 'p-',
  })
  const found: AttachedPolicy[] = []
  for (const [id, policy] of Object.entries(awsOrganizationPolicies))
    if (policy.type === type && !(await detachedFrom(reader, id)).includes(target))
      found.push({ ...policy, id, isAws: true })
  for (const { value } of own)
    if (value.type === type && value.targets?.includes(target))
      found.push({ ...value, isAws: false })
  return found
}

export async function detachedFrom(reader: Reader, id: string): Promise<readonly string[]> {
  const found = await reader.get<DetachedRecord>(organizationCollections.policies, `aws/${id}`)
  return found?.value.detachedFrom ?? []
}

/**
 * Services whose resources these policies protect, of those that are answered here.
 * @see AWS Organizations User Guide, "Resource control policies" (services that support RCPs)
 */
export const servicesWithResourceControl: ReadonlySet<string> = new Set(['s3', 'sts', 'logs'])
