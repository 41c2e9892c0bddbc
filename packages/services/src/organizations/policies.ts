/** Service control and resource control policies, and where they are hung. */
import type * as Sdk from '@aws-sdk/client-organizations'
import { PolicyError, type PolicyType, parsePolicy } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { type AccountRecord, accountsCollection } from '../iam/accounts.ts'
import {
  type AttachedPolicy,
  awsOrganizationPolicies,
  detachedFrom,
  type OrganizationPolicyRecord,
  type OrganizationPolicyType,
  type OrganizationRecord,
  organizationCollections,
  policiesOn,
  readOrganization,
  type UnitRecord,
} from '../iam/organization.ts'
import type { GatedOperations } from '../service.ts'
import {
  constraintViolation,
  duplicateAttachment,
  duplicatePolicy,
  invalidInput,
  malformedPolicy,
  notAttached,
  notFound,
  policyInUse,
  typeEnabled,
  typeNotEnabled,
} from './errors.ts'
import { arnFor, ofManagement } from './gate.ts'
import { page } from './paging.ts'

/** @see AWS Organizations User Guide, "Quotas for AWS Organizations" */
const most = { characters: 10_240, perTarget: 5 } as const
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const collection = organizationCollections.policies

const types: Readonly<Record<OrganizationPolicyType, PolicyType>> = {
  SERVICE_CONTROL_POLICY: 'scp',
  RESOURCE_CONTROL_POLICY: 'rcp',
}

export const policies = {
  EnablePolicyType: {
    async handle({ RootId, PolicyType: type }, call) {
      const organization = await changeTypes(call, RootId, type, (enabled, each) => {
        if (enabled.includes(each)) throw typeEnabled()
        return [...enabled, each]
      })
      return { Root: shownRoot(organization) }
    },
  },
  DisablePolicyType: {
    async handle({ RootId, PolicyType: type }, call) {
      const organization = await changeTypes(call, RootId, type, (enabled, each) => {
        if (!enabled.includes(each)) throw typeNotEnabled()
        return enabled.filter((other) => other !== each)
      })
      return { Root: shownRoot(organization) }
    },
  },

  CreatePolicy: {
    constraints: { Name: { minLength: 1, maxLength: 128 }, Description: { maxLength: 512 } },
    async handle({ Content, Description, Name, Type, Tags = [] }, call) {
      const organization = await ofManagement(call)
      const type = supported(Type)
      checkContent(Content, type)
      const policy: OrganizationPolicyRecord = {
        id: `p-${call.ids.text(letters, 10)}`,
        name: Name,
        description: Description,
        type,
        content: Content,
        targets: [],
        tags: Tags,
      }
      await call.documents.transact(async (transaction) => {
        await checkName(transaction, Name, type)
        transaction.put(collection, policy.id, policy)
      })
      return { Policy: whole(organization, { ...policy, isAws: false }) }
    },
  },

  DescribePolicy: {
    async handle({ PolicyId }, call) {
      const organization = await ofManagement(call)
      return { Policy: whole(organization, await findPolicy(call.documents, PolicyId)) }
    },
  },

  UpdatePolicy: {
    constraints: { Name: { minLength: 1, maxLength: 128 }, Description: { maxLength: 512 } },
    async handle({ PolicyId, Name, Description, Content }, call) {
      const organization = await ofManagement(call)
      const policy = await call.documents.transact(async (transaction) => {
        const before = await ownPolicy(transaction, PolicyId)
        if (Content !== undefined) checkContent(Content, before.type)
        if (Name !== undefined && Name !== before.name)
          await checkName(transaction, Name, before.type)
        const after: OrganizationPolicyRecord = {
          ...before,
          name: Name ?? before.name,
          description: Description ?? before.description,
          content: Content ?? before.content,
        }
        transaction.put(collection, PolicyId, after)
        return after
      })
      return { Policy: whole(organization, { ...policy, isAws: false }) }
    },
  },

  DeletePolicy: {
    async handle({ PolicyId }, call) {
      await ofManagement(call)
      await call.documents.transact(async (transaction) => {
        const policy = await ownPolicy(transaction, PolicyId)
        if (policy.targets.length > 0) throw policyInUse()
        transaction.delete(collection, PolicyId)
      })
      return {}
    },
  },

  ListPolicies: {
    async handle({ Filter, ...asked }, call) {
      const organization = await ofManagement(call)
      const type = supported(Filter)
      const own = await call.documents.list<OrganizationPolicyRecord>(collection, { prefix: 'p-' })
      const all: AttachedPolicy[] = [
        ...Object.entries(awsOrganizationPolicies).map(([id, each]) => ({
          ...each,
          id,
          isAws: true,
        })),
        ...own.map(({ value }) => ({ ...value, isAws: false })),
      ]
      const matching = all.filter((policy) => policy.type === type)
      const { items, ...rest } = page(matching, asked, ({ id }) => id)
      return { Policies: items.map((policy) => summary(organization, policy)), ...rest }
    },
  },

  AttachPolicy: {
    async handle({ PolicyId, TargetId }, call) {
      const organization = await ofManagement(call)
      await call.documents.transact(async (transaction) => {
        const policy = await findPolicy(transaction, PolicyId)
        await checkTarget(transaction, organization, TargetId)
        if (!organization.enabledTypes.includes(policy.type)) throw typeNotEnabled()
        const attached = await policiesOn(transaction, TargetId, policy.type)
        if (attached.some(({ id }) => id === PolicyId)) throw duplicateAttachment()
        if (attached.length >= most.perTarget)
          throw constraintViolation(
            'You have attached the maximum number of policies to the specified target.',
          )
        if (policy.isAws) {
          const gone = await detachedFrom(transaction, PolicyId)
          const rest = gone.filter((target) => target !== TargetId)
          transaction.put(collection, `aws/${PolicyId}`, { detachedFrom: rest })
        } else {
          const own = await ownPolicy(transaction, PolicyId)
          transaction.put(collection, PolicyId, { ...own, targets: [...own.targets, TargetId] })
        }
      })
      return {}
    },
  },

  DetachPolicy: {
    async handle({ PolicyId, TargetId }, call) {
      const organization = await ofManagement(call)
      await call.documents.transact(async (transaction) => {
        const policy = await findPolicy(transaction, PolicyId)
        await checkTarget(transaction, organization, TargetId)
        const attached = await policiesOn(transaction, TargetId, policy.type)
        if (!attached.some(({ id }) => id === PolicyId)) throw notAttached()
        const isEnabled = organization.enabledTypes.includes(policy.type)
        if (isEnabled && (attached.length === 1 || PolicyId === 'p-RCPFullAWSAccess'))
          throw constraintViolation(
            'You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.',
          )
        if (policy.isAws) {
          const gone = await detachedFrom(transaction, PolicyId)
          transaction.put(collection, `aws/${PolicyId}`, { detachedFrom: [...gone, TargetId] })
        } else {
          const own = await ownPolicy(transaction, PolicyId)
          const targets = own.targets.filter((target) => target !== TargetId)
          transaction.put(collection, PolicyId, { ...own, targets })
        }
      })
      return {}
    },
  },

  ListPoliciesForTarget: {
    async handle({ TargetId, Filter, ...asked }, call) {
      const organization = await ofManagement(call)
      await checkTarget(call.documents, organization, TargetId)
      const attached = await policiesOn(call.documents, TargetId, supported(Filter))
      const { items, ...rest } = page(attached, asked, ({ id }) => id)
      return { Policies: items.map((policy) => summary(organization, policy)), ...rest }
    },
  },

  ListTargetsForPolicy: {
    async handle({ PolicyId, ...asked }, call) {
      const organization = await ofManagement(call)
      const { type } = await findPolicy(call.documents, PolicyId)
      const found: Sdk.PolicyTargetSummary[] = []
      for (const target of await everyTarget(call.documents, organization)) {
        const attached = await policiesOn(call.documents, target.TargetId, type)
        if (attached.some(({ id }) => id === PolicyId))
          found.push({ ...target, Arn: arnFor(organization, target.TargetId) })
      }
      const { items, ...rest } = page(found, asked, ({ TargetId }) => TargetId!)
      return { Targets: items, ...rest }
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError InvalidInputException */
function supported(type: string): OrganizationPolicyType {
  if (type === 'SERVICE_CONTROL_POLICY' || type === 'RESOURCE_CONTROL_POLICY') return type
  throw invalidInput(`Policies of type ${type} are not supported by Sekisho.`)
}

async function changeTypes(
  call: Parameters<typeof ofManagement>[0],
  rootId: string,
  type: string,
  change: (
    enabled: readonly OrganizationPolicyType[],
    type: OrganizationPolicyType,
  ) => readonly OrganizationPolicyType[],
): Promise<OrganizationRecord> {
  await ofManagement(call)
  return call.documents.transact(async (transaction) => {
    const before = await readOrganization(transaction)
    if (before?.rootId !== rootId) throw notFound.target()
    const after = { ...before, enabledTypes: change(before.enabledTypes, supported(type)) }
    transaction.put(organizationCollections.organization, 'organization', after)
    return after
  })
}

function checkContent(content: string, type: OrganizationPolicyType): void {
  if (content.length > most.characters)
    throw constraintViolation(
      'You have exceeded the maximum policy size allowed for a policy of this type.',
    )
  try {
    parsePolicy(content, { type: types[type] })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw malformedPolicy(error.message)
  }
}

async function checkName(
  reader: Reader,
  name: string,
  type: OrganizationPolicyType,
): Promise<void> {
  const own = await reader.list<OrganizationPolicyRecord>(collection, { prefix: 'p-' })
  if (own.some(({ value }) => value.name === name && value.type === type)) throw duplicatePolicy()
}

async function findPolicy(reader: Reader, id: string): Promise<AttachedPolicy> {
  if (Object.hasOwn(awsOrganizationPolicies, id)) {
    const own = awsOrganizationPolicies[id as keyof typeof awsOrganizationPolicies]
    return { ...own, id, isAws: true }
  }
  return { ...(await ownPolicy(reader, id)), isAws: false }
}

async function ownPolicy(reader: Reader, id: string): Promise<OrganizationPolicyRecord> {
  const found = id.startsWith('p-')
    ? await reader.get<OrganizationPolicyRecord>(collection, id)
    : undefined
  if (found === undefined) throw notFound.policy()
  return found.value
}

async function checkTarget(
  reader: Reader,
  { rootId }: OrganizationRecord,
  id: string,
): Promise<void> {
  const isThere =
    id === rootId ||
    (await reader.get(organizationCollections.units, id)) !== undefined ||
    (await reader.get(accountsCollection, id)) !== undefined
  if (!isThere) throw notFound.target()
}

async function everyTarget(reader: Reader, { rootId }: OrganizationRecord) {
  const units = await reader.list<UnitRecord>(organizationCollections.units)
  const accounts = await reader.list<AccountRecord>(accountsCollection)
  return [
    { TargetId: rootId, Name: 'Root', Type: 'ROOT' as const },
    ...units.map(({ value: { id, name } }) => ({
      TargetId: id,
      Name: name,
      Type: 'ORGANIZATIONAL_UNIT' as const,
    })),
    ...accounts.map(({ value: { accountId, name } }) => ({
      TargetId: accountId,
      Name: name,
      Type: 'ACCOUNT' as const,
    })),
  ]
}

function shownRoot(organization: OrganizationRecord): Sdk.Root {
  const { rootId, enabledTypes } = organization
  const PolicyTypes = enabledTypes.map((Type) => ({ Type, Status: 'ENABLED' as const }))
  return { Id: rootId, Arn: arnFor(organization, rootId), Name: 'Root', PolicyTypes }
}

function summary(organization: OrganizationRecord, policy: AttachedPolicy): Sdk.PolicySummary {
  return {
    Id: policy.id,
    Arn: arnFor(organization, policy.id, policy.type.toLowerCase()),
    Name: policy.name,
    Description: policy.description,
    Type: policy.type,
    AwsManaged: policy.isAws,
  }
}

function whole(organization: OrganizationRecord, policy: AttachedPolicy): Sdk.Policy {
  return { PolicySummary: summary(organization, policy), Content: policy.content }
}
