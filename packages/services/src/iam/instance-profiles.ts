/** Instance profiles: records only, for the tools that keep them. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader, Transaction } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { arnOf, find, longName, path, userName } from './entities.ts'
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts'
import { page } from './paging.ts'
import {
  type InstanceProfileRecord,
  iamCollections,
  keyOf,
  listOf,
  newUniqueId,
  readEntity,
} from './records.ts'
import { shownRole } from './roles.ts'
import { listedTags, mergeTags, shownTags, tagged, untagged } from './tags.ts'

const constraints = { InstanceProfileName: longName } as const
const collection = iamCollections.instanceProfiles

export const instanceProfiles = {
  CreateInstanceProfile: {
    constraints: { ...constraints, Path: path },
    async handle({ InstanceProfileName, Path = '/', Tags }, call) {
      const profile: InstanceProfileRecord = {
        accountId: call.accountId,
        name: InstanceProfileName,
        id: newUniqueId('instance-profile', call.ids),
        path: Path,
        createdAt: call.now.getTime(),
        tags: mergeTags([], Tags),
        roles: [],
      }
      await call.documents.transact(async (transaction) => {
        if (await transaction.get(collection, keyOf(call.accountId, InstanceProfileName)))
          throw alreadyExists(`Instance Profile ${InstanceProfileName} already exists.`)
        put(transaction, profile)
      })
      return { InstanceProfile: await shown(call.documents, profile) }
    },
  },

  GetInstanceProfile: {
    constraints,
    async handle({ InstanceProfileName }, call) {
      const profile = await findProfile(call.documents, call, InstanceProfileName)
      return { InstanceProfile: await shown(call.documents, profile) }
    },
  },

  ListInstanceProfiles: {
    async handle({ PathPrefix = '/', ...asked }, call) {
      const all = await listOf<InstanceProfileRecord>(call.documents, collection, call.accountId)
      const matching = all.filter((profile) => profile.path.startsWith(PathPrefix))
      const { items, ...rest } = page(matching, asked, ({ name }) => name.toLowerCase())
      const shownProfiles = items.map((profile) => shown(call.documents, profile))
      return { InstanceProfiles: await Promise.all(shownProfiles), ...rest }
    },
  },

  ListInstanceProfilesForRole: {
    constraints: { RoleName: userName },
    async handle({ RoleName, ...asked }, call) {
      const role = await find(call.documents, 'role', call, RoleName)
      const all = await listOf<InstanceProfileRecord>(call.documents, collection, call.accountId)
      const matching = all.filter(({ roles }) => roles.includes(role.name))
      const { items, ...rest } = page(matching, asked, ({ name }) => name.toLowerCase())
      const shownProfiles = items.map((profile) => shown(call.documents, profile))
      return { InstanceProfiles: await Promise.all(shownProfiles), ...rest }
    },
  },

  DeleteInstanceProfile: {
    constraints,
    async handle({ InstanceProfileName }, call) {
      await call.documents.transact(async (transaction) => {
        const profile = await findProfile(transaction, call, InstanceProfileName)
        if (profile.roles.length > 0)
          throw deleteConflict(
            'Cannot delete entity, must remove roles from instance profile first.',
          )
        transaction.delete(collection, keyOf(call.accountId, profile.name))
      })
      return {}
    },
  },

  AddRoleToInstanceProfile: {
    constraints: { ...constraints, RoleName: userName },
    async handle({ InstanceProfileName, RoleName }, call) {
      await call.documents.transact(async (transaction) => {
        const profile = await findProfile(transaction, call, InstanceProfileName)
        const role = await find(transaction, 'role', call, RoleName)
        if (profile.roles.length > 0)
          throw limitExceeded('Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1')
        put(transaction, { ...profile, roles: [role.name] })
      })
      return {}
    },
  },

  RemoveRoleFromInstanceProfile: {
    constraints: { ...constraints, RoleName: userName },
    async handle({ InstanceProfileName, RoleName }, call) {
      await call.documents.transact(async (transaction) => {
        const profile = await findProfile(transaction, call, InstanceProfileName)
        const role = await find(transaction, 'role', call, RoleName)
        if (!profile.roles.includes(role.name))
          throw noSuchEntity(`Role ${RoleName} cannot be found in the instance profile.`)
        put(transaction, { ...profile, roles: [] })
      })
      return {}
    },
  },

  TagInstanceProfile: {
    async handle({ InstanceProfileName, Tags }, call) {
      await changeProfile(call, InstanceProfileName, tagged(Tags))
      return {}
    },
  },
  UntagInstanceProfile: {
    async handle({ InstanceProfileName, TagKeys }, call) {
      await changeProfile(call, InstanceProfileName, untagged(TagKeys))
      return {}
    },
  },
  ListInstanceProfileTags: {
    async handle({ InstanceProfileName, ...asked }, call) {
      return listedTags(await findProfile(call.documents, call, InstanceProfileName), asked)
    },
  },
} satisfies GatedOperations<typeof Sdk>

async function findProfile(
  reader: Reader,
  { accountId }: Call,
  name: string,
): Promise<InstanceProfileRecord> {
  const found = await reader.get<InstanceProfileRecord>(collection, keyOf(accountId, name))
  if (found === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`)
  return found.value
}

function put(transaction: Transaction, profile: InstanceProfileRecord): void {
  transaction.put(collection, keyOf(profile.accountId, profile.name), profile)
}

async function changeProfile(
  call: Call,
  name: string,
  work: (profile: InstanceProfileRecord) => InstanceProfileRecord,
): Promise<void> {
  await call.documents.transact(async (transaction) =>
    put(transaction, work(await findProfile(transaction, call, name))),
  )
}

async function shown(reader: Reader, profile: InstanceProfileRecord): Promise<Sdk.InstanceProfile> {
  const roles = await Promise.all(
    profile.roles.map((name) => readEntity(reader, 'role', profile.accountId, name)),
  )
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: arnOf('instance-profile', profile),
    CreateDate: new Date(profile.createdAt),
    Roles: await Promise.all(
      roles.filter((role) => role !== undefined).map((role) => shownRole(reader, role, false)),
    ),
    Tags: shownTags(profile.tags),
  } as Sdk.InstanceProfile
}
