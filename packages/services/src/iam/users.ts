/** Users: who signs in or signs requests by name. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { GatedOperations } from '../service.ts'
import { type AccessKeyRecord, accessKeysCollection } from './accounts.ts'
import {
  arnOf,
  change,
  create,
  find,
  move,
  path,
  remove,
  shownBoundary,
  userName,
  userOrCaller,
} from './entities.ts'
import { deleteConflict } from './errors.ts'
import { page } from './paging.ts'
import { unbounded, useCountChanged } from './policy-uses.ts'
import { idCollection } from './principal-ids.ts'
import { entityCollections, listOf, newUniqueId, type UserRecord } from './records.ts'
import { listedTags, mergeTags, shownTags, tagged, untagged } from './tags.ts'

const constraints = { UserName: userName } as const

export const users = {
  CreateUser: {
    constraints: { ...constraints, Path: path },
    async handle({ UserName, Path = '/', PermissionsBoundary, Tags }, call) {
      const user: UserRecord = {
        accountId: call.accountId,
        name: UserName,
        id: newUniqueId('user', call.ids),
        path: Path,
        createdAt: call.now.getTime(),
        inline: {},
        attached: [],
        tags: mergeTags([], Tags),
        groups: [],
        accessKeyIds: [],
        ...(PermissionsBoundary !== undefined && { boundary: PermissionsBoundary }),
      }
      await call.documents.transact(async (transaction) => {
        await create(transaction, 'user', user)
        if (PermissionsBoundary !== undefined)
          await useCountChanged(transaction, call, PermissionsBoundary, 'boundaries', 1)
      })
      return { User: shownUser(user) }
    },
  },

  GetUser: {
    constraints,
    async handle({ UserName }, call) {
      if (UserName === undefined && call.principal.type === 'root') return { User: rootUser(call) }
      const name = userOrCaller(UserName, call)
      return { User: shownUser(await find(call.documents, 'user', call, name)) }
    },
  },

  ListUsers: {
    async handle({ PathPrefix = '/', ...asked }, call) {
      const all = await listOf<UserRecord>(call.documents, entityCollections.user, call.accountId)
      const matching = all.filter((user) => user.path.startsWith(PathPrefix))
      const { items, ...rest } = page(matching, asked, ({ name }) => name.toLowerCase())
      return { Users: items.map((user) => shownUser(user, false)), ...rest }
    },
  },

  UpdateUser: {
    constraints: { ...constraints, NewUserName: userName, NewPath: path },
    async handle({ UserName, NewUserName, NewPath }, call) {
      await call.documents.transact(async (transaction) => {
        const before = await find(transaction, 'user', call, UserName)
        const after = await move(transaction, 'user', before, { name: NewUserName, path: NewPath })
        const { accountId, id, name } = after
        transaction.put(idCollection, id, { kind: 'user', accountId, name })
        for (const keyId of before.accessKeyIds) {
          const key = await transaction.get<AccessKeyRecord>(accessKeysCollection, keyId)
          if (key) transaction.put(accessKeysCollection, keyId, { ...key.value, userName: name })
        }
      })
      return {}
    },
  },

  DeleteUser: {
    constraints,
    async handle({ UserName }, call) {
      await call.documents.transact(async (transaction) => {
        const user = await find(transaction, 'user', call, UserName)
        const reason = whatHolds(user)
        if (reason !== undefined)
          throw deleteConflict(`Cannot delete entity, must ${reason} first.`)
        remove(transaction, 'user', await unbounded(user, call, transaction))
      })
      return {}
    },
  },

  TagUser: {
    async handle({ UserName, Tags }, call) {
      await change(call, 'user', UserName, tagged(Tags))
      return {}
    },
  },
  UntagUser: {
    async handle({ UserName, TagKeys }, call) {
      await change(call, 'user', UserName, untagged(TagKeys))
      return {}
    },
  },
  ListUserTags: {
    async handle({ UserName, ...asked }, call) {
      return listedTags(await find(call.documents, 'user', call, UserName), asked)
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** What has to go before a user can. */
function whatHolds(user: UserRecord): string | undefined {
  if (user.attached.length > 0) return 'detach all policies'
  if (Object.keys(user.inline).length > 0) return 'delete policies'
  if (user.accessKeyIds.length > 0) return 'delete access keys'
  if (user.login !== undefined) return 'delete login profile'
  return user.groups.length > 0 ? 'remove users from group' : undefined
}

/** Lists leave tags and boundary out, as on AWS. */
export function shownUser(user: UserRecord, isWhole = true): Sdk.User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: arnOf('user', user),
    CreateDate: new Date(user.createdAt),
    ...(user.passwordLastUsedAt !== undefined && {
      PasswordLastUsed: new Date(user.passwordLastUsedAt),
    }),
    ...(isWhole && {
      PermissionsBoundary: shownBoundary(user.boundary),
      Tags: shownTags(user.tags),
    }),
  } as Sdk.User
}

function rootUser({ accountId, now }: { accountId: string; now: Date }): Sdk.User {
  return {
    Path: '/',
    UserName: undefined as unknown as string,
    UserId: accountId,
    Arn: `arn:aws:iam::${accountId}:root`,
    CreateDate: now,
  }
}
