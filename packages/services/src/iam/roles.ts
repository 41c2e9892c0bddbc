/** Roles: who may be somebody else for a while, and what that somebody may do. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader } from '@sekisho/store'
import type { GatedOperations } from '../service.ts'
import { checkDocument, checkSize, quotas, shownDocument, sizeOf } from './documents.ts'
import { arnOf, change, create, find, path, remove, shownBoundary, userName } from './entities.ts'
import { deleteConflict, unmodifiable, validationError } from './errors.ts'
import { page } from './paging.ts'
import { unbounded, useCountChanged } from './policy-uses.ts'
import { withArns, withIds } from './principal-ids.ts'
import {
  entityCollections,
  type InstanceProfileRecord,
  iamCollections,
  listOf,
  newUniqueId,
  type RoleRecord,
  roleUsesCollection,
  type Use,
} from './records.ts'
import { listedTags, mergeTags, shownTags, tagged, untagged } from './tags.ts'

const constraints = { RoleName: userName } as const
const duration = { MaxSessionDuration: { min: 3_600, max: 43_200 } } as const
const description = { Description: { maxLength: 1_000 } } as const
const defaultDuration = 3_600

export const roles = {
  CreateRole: {
    constraints: { ...constraints, ...duration, ...description, Path: path },
    async handle(input, call) {
      const { RoleName, Path = '/', PermissionsBoundary } = input
      if (Path.startsWith('/aws-service-role/'))
        throw validationError(
          'Roles of this path are made by services; use CreateServiceLinkedRole.',
        )
      const role = await call.documents.transact(async (transaction) => {
        const made: RoleRecord = {
          accountId: call.accountId,
          name: RoleName,
          id: newUniqueId('role', call.ids),
          path: Path,
          createdAt: call.now.getTime(),
          inline: {},
          attached: [],
          tags: mergeTags([], input.Tags),
          trust: await checkedTrust(transaction, input.AssumeRolePolicyDocument),
          maxSessionDuration: input.MaxSessionDuration ?? defaultDuration,
          ...(input.Description !== undefined && { description: input.Description }),
          ...(PermissionsBoundary !== undefined && { boundary: PermissionsBoundary }),
        }
        await create(transaction, 'role', made)
        if (PermissionsBoundary !== undefined)
          await useCountChanged(transaction, call, PermissionsBoundary, 'boundaries', 1)
        return made
      })
      return { Role: await shownRole(call.documents, role) }
    },
  },

  GetRole: {
    constraints,
    async handle({ RoleName }, call) {
      const role = await find(call.documents, 'role', call, RoleName)
      return { Role: await shownRole(call.documents, role) }
    },
  },

  ListRoles: {
    async handle({ PathPrefix = '/', ...asked }, call) {
      const all = await listOf<RoleRecord>(call.documents, entityCollections.role, call.accountId)
      const matching = all.filter((role) => role.path.startsWith(PathPrefix))
      const { items, ...rest } = page(matching, asked, ({ name }) => name.toLowerCase())
      const Roles = await Promise.all(items.map((role) => shownRole(call.documents, role, false)))
      return { Roles, ...rest }
    },
  },

  UpdateRole: {
    constraints: { ...constraints, ...duration, ...description },
    async handle({ RoleName, Description, MaxSessionDuration }, call) {
      await change(call, 'role', RoleName, (role) => ({
        ...ofYourOwn(role),
        ...(Description !== undefined && { description: Description }),
        ...(MaxSessionDuration !== undefined && { maxSessionDuration: MaxSessionDuration }),
      }))
      return {}
    },
  },

  UpdateRoleDescription: {
    constraints: { ...constraints, ...description },
    async handle({ RoleName, Description }, call) {
      const role = await change(call, 'role', RoleName, (before) => ({
        ...before,
        description: Description,
      }))
      return { Role: await shownRole(call.documents, role) }
    },
  },

  UpdateAssumeRolePolicy: {
    constraints,
    async handle({ RoleName, PolicyDocument }, call) {
      await change(call, 'role', RoleName, async (role, transaction) => ({
        ...ofYourOwn(role),
        trust: await checkedTrust(transaction, PolicyDocument),
      }))
      return {}
    },
  },

  DeleteRole: {
    constraints,
    async handle({ RoleName }, call) {
      await call.documents.transact(async (transaction) => {
        const role = ofYourOwn(await find(transaction, 'role', call, RoleName))
        const profiles = await listOf<InstanceProfileRecord>(
          transaction,
          iamCollections.instanceProfiles,
          call.accountId,
        )
        const held =
          role.attached.length > 0
            ? 'detach all policies'
            : Object.keys(role.inline).length > 0
              ? 'delete policies'
              : profiles.some((profile) => profile.roles.includes(role.name))
                ? 'remove roles from instance profile'
                : undefined
        if (held !== undefined) throw deleteConflict(`Cannot delete entity, must ${held} first.`)
        remove(transaction, 'role', await unbounded(role, call, transaction))
        transaction.delete(roleUsesCollection, role.id)
      })
      return {}
    },
  },

  TagRole: {
    async handle({ RoleName, Tags }, call) {
      await change(call, 'role', RoleName, tagged(Tags))
      return {}
    },
  },
  UntagRole: {
    async handle({ RoleName, TagKeys }, call) {
      await change(call, 'role', RoleName, untagged(TagKeys))
      return {}
    },
  },
  ListRoleTags: {
    async handle({ RoleName, ...asked }, call) {
      return listedTags(await find(call.documents, 'role', call, RoleName), asked)
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** Service-linked roles are changed by their services alone. @throws AwsError UnmodifiableEntity */
export function ofYourOwn(role: RoleRecord): RoleRecord {
  if (role.service === undefined) return role
  throw unmodifiable(
    `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
  )
}

/** @throws AwsError MalformedPolicyDocument, LimitExceeded */
async function checkedTrust(reader: Reader, document: string): Promise<string> {
  checkDocument(document, 'trust')
  checkSize(sizeOf(document), quotas.trust, 'ACLSizePerRole')
  return withIds(reader, document)
}

/** Lists leave tags, boundary and last use out, as on AWS. */
export async function shownRole(
  reader: Reader,
  role: RoleRecord,
  isWhole = true,
): Promise<Sdk.Role> {
  const use = isWhole ? await reader.get<Use>(roleUsesCollection, role.id) : undefined
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: arnOf('role', role),
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: shownDocument(await withArns(reader, role.trust)),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
    ...(isWhole && {
      PermissionsBoundary: shownBoundary(role.boundary),
      Tags: shownTags(role.tags),
      RoleLastUsed: use
        ? { LastUsedDate: new Date(use.value.usedAt), Region: use.value.region }
        : {},
    }),
  } as Sdk.Role
}
