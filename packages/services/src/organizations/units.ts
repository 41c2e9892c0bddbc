/** Roots and organizational units: the tree on which policies are hung. */
import type * as Sdk from '@aws-sdk/client-organizations'
import type { Reader } from '@sekisho/store'
import { type AccountRecord, accountsCollection } from '../iam/accounts.ts'
import {
  type OrganizationPolicyRecord,
  type OrganizationRecord,
  organizationCollections,
  parentOf,
  type UnitRecord,
} from '../iam/organization.ts'
import type { GatedOperations } from '../service.ts'
import { constraintViolation, duplicateUnit, notEmpty, notFound } from './errors.ts'
import { arnFor, ofManagement } from './gate.ts'
import { page } from './paging.ts'

/** @see AWS Organizations User Guide, "Quotas for AWS Organizations" */
const deepest = 5
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const collection = organizationCollections.units

export const units = {
  ListRoots: {
    async handle(_, call) {
      const organization = await ofManagement(call)
      const PolicyTypes = organization.enabledTypes.map((Type) => ({
        Type,
        Status: 'ENABLED' as const,
      }))
      const { rootId } = organization
      return {
        Roots: [{ Id: rootId, Arn: arnFor(organization, rootId), Name: 'Root', PolicyTypes }],
      }
    },
  },

  CreateOrganizationalUnit: {
    constraints: { Name: { minLength: 1, maxLength: 128 } },
    async handle({ ParentId, Name, Tags = [] }, call) {
      const organization = await ofManagement(call)
      const unit = await call.documents.transact(async (transaction) => {
        await checkParent(transaction, organization, ParentId)
        await checkName(transaction, ParentId, Name)
        if ((await depthOf(transaction, organization, ParentId)) >= deepest)
          throw constraintViolation('You have exceeded the maximum depth of the OU tree.')
        const made: UnitRecord = {
          id: `ou-${organization.rootId.slice(2)}-${call.ids.text(letters, 8)}`,
          name: Name,
          parentId: ParentId,
          tags: Tags,
        }
        transaction.put(collection, made.id, made)
        return made
      })
      return { OrganizationalUnit: shown(organization, unit) }
    },
  },

  DescribeOrganizationalUnit: {
    async handle({ OrganizationalUnitId }, call) {
      const organization = await ofManagement(call)
      const unit = await findUnit(call.documents, OrganizationalUnitId)
      return { OrganizationalUnit: shown(organization, unit) }
    },
  },

  UpdateOrganizationalUnit: {
    constraints: { Name: { minLength: 1, maxLength: 128 } },
    async handle({ OrganizationalUnitId, Name }, call) {
      const organization = await ofManagement(call)
      const unit = await call.documents.transact(async (transaction) => {
        const before = await findUnit(transaction, OrganizationalUnitId)
        if (Name !== undefined && Name !== before.name)
          await checkName(transaction, before.parentId, Name)
        const after: UnitRecord = { ...before, name: Name ?? before.name }
        transaction.put(collection, before.id, after)
        return after
      })
      return { OrganizationalUnit: shown(organization, unit) }
    },
  },

  DeleteOrganizationalUnit: {
    async handle({ OrganizationalUnitId }, call) {
      const organization = await ofManagement(call)
      await call.documents.transact(async (transaction) => {
        const { id } = await findUnit(transaction, OrganizationalUnitId)
        const children = [
          ...(await unitsUnder(transaction, id)),
          ...(await accountsUnder(transaction, organization, id)),
        ]
        if (children.length > 0) throw notEmpty()
        transaction.delete(collection, id)
        for (const { key, value } of await transaction.list<OrganizationPolicyRecord>(
          organizationCollections.policies,
          { prefix: 'p-' },
        ))
          if (value.targets.includes(id))
            transaction.put(organizationCollections.policies, key, {
              ...value,
              targets: value.targets.filter((target) => target !== id),
            })
      })
      return {}
    },
  },

  ListOrganizationalUnitsForParent: {
    async handle({ ParentId, ...asked }, call) {
      const organization = await ofManagement(call)
      await checkParent(call.documents, organization, ParentId)
      const found = await unitsUnder(call.documents, ParentId)
      const { items, ...rest } = page(found, asked, ({ id }) => id)
      return { OrganizationalUnits: items.map((unit) => shown(organization, unit)), ...rest }
    },
  },

  ListParents: {
    async handle({ ChildId }, call) {
      const organization = await ofManagement(call)
      if (ChildId.startsWith('ou-')) await findUnit(call.documents, ChildId)
      else if (!(await call.documents.get(accountsCollection, ChildId))) throw notFound.account()
      const Id = await parentOf(call.documents, organization, ChildId)
      const Type = Id.startsWith('r-') ? 'ROOT' : 'ORGANIZATIONAL_UNIT'
      return { Parents: [{ Id, Type }] }
    },
  },

  ListChildren: {
    constraints: { ChildType: { enum: ['ACCOUNT', 'ORGANIZATIONAL_UNIT'] } },
    async handle({ ParentId, ChildType, ...asked }, call) {
      const organization = await ofManagement(call)
      await checkParent(call.documents, organization, ParentId)
      const ids =
        ChildType === 'ACCOUNT'
          ? await accountsUnder(call.documents, organization, ParentId)
          : (await unitsUnder(call.documents, ParentId)).map(({ id }) => id)
      const { items, ...rest } = page(ids, asked, (id) => id)
      return { Children: items.map((Id) => ({ Id, Type: ChildType })), ...rest }
    },
  },
} satisfies GatedOperations<typeof Sdk>

export async function findUnit(reader: Reader, id: string): Promise<UnitRecord> {
  const found = await reader.get<UnitRecord>(collection, id)
  if (found === undefined) throw notFound.unit()
  return found.value
}

async function unitsUnder(reader: Reader, parentId: string): Promise<readonly UnitRecord[]> {
  const all = await reader.list<UnitRecord>(collection)
  return all.map(({ value }) => value).filter((unit) => unit.parentId === parentId)
}

async function accountsUnder(
  reader: Reader,
  organization: OrganizationRecord,
  parentId: string,
): Promise<readonly string[]> {
  const all = await reader.list<AccountRecord>(accountsCollection)
  const parents = await Promise.all(all.map(({ key }) => parentOf(reader, organization, key)))
  return all.filter((_, at) => parents[at] === parentId).map(({ key }) => key)
}

async function checkParent(
  reader: Reader,
  { rootId }: OrganizationRecord,
  id: string,
): Promise<void> {
  if (id !== rootId && !(await reader.get(collection, id))) throw notFound.parent()
}

async function checkName(reader: Reader, parentId: string, name: string): Promise<void> {
  const siblings = await unitsUnder(reader, parentId)
  if (siblings.some((unit) => unit.name === name)) throw duplicateUnit()
}

async function depthOf(
  reader: Reader,
  organization: OrganizationRecord,
  id: string,
): Promise<number> {
  let depth = 0
  for (let at = id; at !== organization.rootId; at = await parentOf(reader, organization, at))
    depth++
  return depth
}

function shown(organization: OrganizationRecord, { id, name }: UnitRecord): Sdk.OrganizationalUnit {
  return { Id: id, Arn: arnFor(organization, id), Name: name }
}
