/** Groups of users, whose policies their members have too. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader } from '@sekisho/store'
import type { GatedOperations } from '../service.ts'
import { arnOf, change, create, find, longName, move, path, remove, userName } from './entities.ts'
import { deleteConflict, limitExceeded } from './errors.ts'
import { page } from './paging.ts'
import {
  entityCollections,
  type GroupRecord,
  keyOf,
  listOf,
  newUniqueId,
  putEntity,
  type UserRecord,
} from './records.ts'
import { shownUser } from './users.ts'

const constraints = { GroupName: longName } as const
/** @see IAM User Guide, "IAM and AWS STS quotas" */
const mostGroups = 10

export const groups = {
  CreateGroup: {
    constraints: { ...constraints, Path: path },
    async handle({ GroupName, Path = '/' }, call) {
      const group: GroupRecord = {
        accountId: call.accountId,
        name: GroupName,
        id: newUniqueId('group', call.ids),
        path: Path,
        createdAt: call.now.getTime(),
        inline: {},
        attached: [],
      }
      await call.documents.transact((transaction) => create(transaction, 'group', group))
      return { Group: shownGroup(group) }
    },
  },

  GetGroup: {
    constraints,
    async handle({ GroupName, ...asked }, call) {
      const group = await find(call.documents, 'group', call, GroupName)
      const members = await membersOf(call.documents, group)
      const { items, ...rest } = page(members, asked, ({ name }) => name.toLowerCase())
      return {
        Group: shownGroup(group),
        Users: items.map((user) => shownUser(user, false)),
        ...rest,
      }
    },
  },

  ListGroups: {
    async handle({ PathPrefix = '/', ...asked }, call) {
      const all = await listOf<GroupRecord>(call.documents, entityCollections.group, call.accountId)
      const matching = all.filter((group) => group.path.startsWith(PathPrefix))
      const { items, ...rest } = page(matching, asked, ({ name }) => name.toLowerCase())
      return { Groups: items.map(shownGroup), ...rest }
    },
  },

  ListGroupsForUser: {
    constraints: { UserName: userName },
    async handle({ UserName, ...asked }, call) {
      const user = await find(call.documents, 'user', call, UserName)
      const found = await Promise.all(
        [...user.groups].sort().map((name) => find(call.documents, 'group', call, name)),
      )
      const { items, ...rest } = page(found, asked, ({ name }) => name.toLowerCase())
      return { Groups: items.map(shownGroup), ...rest }
    },
  },

  UpdateGroup: {
    constraints: { ...constraints, NewGroupName: longName, NewPath: path },
    async handle({ GroupName, NewGroupName, NewPath }, call) {
      await call.documents.transact(async (transaction) => {
        const before = await find(transaction, 'group', call, GroupName)
        const members = await membersOf(transaction, before)
        const after = await move(transaction, 'group', before, {
          name: NewGroupName,
          path: NewPath,
        })
        for (const member of members) {
          const renamed = member.groups.map((each) => (each === before.name ? after.name : each))
          const user: UserRecord = { ...member, groups: renamed }
          putEntity(transaction, 'user', user)
        }
      })
      return {}
    },
  },

  DeleteGroup: {
    constraints,
    async handle({ GroupName }, call) {
      await call.documents.transact(async (transaction) => {
        const group = await find(transaction, 'group', call, GroupName)
        const members = await membersOf(transaction, group)
        const held =
          group.attached.length > 0
            ? 'detach all policies'
            : Object.keys(group.inline).length > 0
              ? 'delete policies'
              : members.length > 0
                ? 'remove users from group'
                : undefined
        if (held !== undefined) throw deleteConflict(`Cannot delete entity, must ${held} first.`)
        remove(transaction, 'group', group)
      })
      return {}
    },
  },

  AddUserToGroup: {
    constraints: { ...constraints, UserName: userName },
    async handle({ GroupName, UserName }, call) {
      await call.documents.transact(async (transaction) => {
        const group = await find(transaction, 'group', call, GroupName)
        const user = await find(transaction, 'user', call, UserName)
        if (user.groups.includes(group.name)) return
        if (user.groups.length >= mostGroups)
          throw limitExceeded(`Cannot exceed quota for GroupsPerUser: ${mostGroups}`)
        const joined: UserRecord = { ...user, groups: [...user.groups, group.name] }
        transaction.put(entityCollections.user, keyOf(call.accountId, user.name), joined)
      })
      return {}
    },
  },

  RemoveUserFromGroup: {
    constraints: { ...constraints, UserName: userName },
    async handle({ GroupName, UserName }, call) {
      const group = await find(call.documents, 'group', call, GroupName)
      await change(call, 'user', UserName, (user) => ({
        ...user,
        groups: user.groups.filter((name) => name !== group.name),
      }))
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

async function membersOf(
  reader: Reader,
  { accountId, name }: GroupRecord,
): Promise<readonly UserRecord[]> {
  const users = await listOf<UserRecord>(reader, entityCollections.user, accountId)
  return users.filter((user) => user.groups.includes(name))
}

export function shownGroup(group: GroupRecord): Sdk.Group {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: arnOf('group', group),
    CreateDate: new Date(group.createdAt),
  }
}
