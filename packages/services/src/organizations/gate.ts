/** Who may ask what of the organization, and the ARNs of its parts. */
import type { OperationModel, Values } from '@sekisho/protocols'
import { type OrganizationRecord, readOrganization } from '../iam/organization.ts'
import type { Tag } from '../iam/records.ts'
import { type Call, type Needs, requestTags } from '../service.ts'
import { accessDenied } from './errors.ts'

/** @see Service Authorization Reference, "Actions, resources, and condition keys for AWS Organizations" */
export async function organizationsGate(
  { name }: OperationModel,
  input: Values,
  call: Call,
): Promise<Needs> {
  const organization = await readOrganization(call.documents)
  const target = ['TargetId', 'AccountId', 'OrganizationalUnitId', 'PolicyId', 'ResourceId']
    .map((member) => input[member])
    .find((value) => typeof value === 'string') as string | undefined
  const tags = input['Tags'] as readonly Tag[] | undefined
  return [
    {
      action: `organizations:${name}`,
      resource: target && organization ? arnFor(organization, target) : '*',
      keys: {
        ...requestTags(tags && Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))),
        ...(typeof input['Type'] === 'string' && { 'organizations:PolicyType': input['Type'] }),
      },
    },
  ]
}

/** @throws AwsError AccessDeniedException  of a member account */
export async function ofManagement({ documents, accountId }: Call): Promise<OrganizationRecord> {
  const organization = await readOrganization(documents)
  if (organization?.managementAccountId !== accountId) throw accessDenied()
  return organization
}

export function arnFor(
  { id, managementAccountId }: OrganizationRecord,
  part: string,
  type = 'service_control_policy',
): string {
  const prefix = `arn:aws:organizations::${managementAccountId}`
  if (/^\d{12}$/.test(part)) return `${prefix}:account/${id}/${part}`
  if (part.startsWith('ou-')) return `${prefix}:ou/${id}/${part}`
  if (part.startsWith('r-')) return `${prefix}:root/${id}/${part}`
  if (part === 'p-FullAWSAccess' || part === 'p-RCPFullAWSAccess')
    return `arn:aws:organizations::aws:policy/${type}/${part}`
  if (part.startsWith('p-')) return `${prefix}:policy/${id}/${type}/${part}`
  return `${prefix}:organization/${id}`
}
