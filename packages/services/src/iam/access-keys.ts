/** Access keys of users: two at most, which can be put to sleep. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Call, GatedOperations } from '../service.ts'
import { type AccessKeyRecord, accessKeysCollection, newAccessKey } from './accounts.ts'
import { find, userName, userOrCaller } from './entities.ts'
import { limitExceeded, noSuchEntity } from './errors.ts'
import { page } from './paging.ts'
import { accessKeyUsesCollection, putEntity, type Use, type UserRecord } from './records.ts'

/** @see IAM User Guide, "IAM and AWS STS quotas" */
const mostKeys = 2

const constraints = {
  UserName: userName,
  AccessKeyId: [{ minLength: 16, maxLength: 128 }, { pattern: /[\w]+/ }],
} as const

export const accessKeys = {
  CreateAccessKey: {
    constraints: { UserName: userName },
    async handle({ UserName }, call) {
      const key = newAccessKey(call.ids)
      const name = userOrCaller(UserName, call)
      const record = await call.documents.transact(async (transaction) => {
        const user = await find(transaction, 'user', call, name)
        if (user.accessKeyIds.length >= mostKeys)
          throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${mostKeys}`)
        const made: AccessKeyRecord = {
          ...key,
          accountId: call.accountId,
          userName: user.name,
          status: 'Active',
          createdAt: call.now.getTime(),
        }
        transaction.put(accessKeysCollection, key.accessKeyId, made)
        putEntity(transaction, 'user', {
          ...user,
          accessKeyIds: [...user.accessKeyIds, key.accessKeyId],
        })
        return made
      })
      return {
        AccessKey: {
          UserName: record.userName,
          AccessKeyId: key.accessKeyId,
          Status: 'Active',
          SecretAccessKey: key.secretAccessKey,
          CreateDate: call.now,
        },
      }
    },
  },

  ListAccessKeys: {
    constraints: { UserName: userName },
    async handle({ UserName, ...asked }, call) {
      const user = await find(call.documents, 'user', call, userOrCaller(UserName, call))
      const keys = await Promise.all(user.accessKeyIds.map((id) => keyOfUser(user, id, call)))
      const { items, ...rest } = page(
        keys.sort((one, other) => (one.accessKeyId < other.accessKeyId ? -1 : 1)),
        asked,
        ({ accessKeyId }) => accessKeyId,
      )
      const AccessKeyMetadata = items.map((key) => ({
        UserName: user.name,
        AccessKeyId: key.accessKeyId,
        Status: key.status,
        CreateDate: new Date(key.createdAt ?? 0),
      }))
      return { AccessKeyMetadata, ...rest }
    },
  },

  UpdateAccessKey: {
    constraints: { ...constraints, Status: { enum: ['Active', 'Inactive'] } },
    async handle({ UserName, AccessKeyId, Status }, call) {
      const name = userOrCaller(UserName, call)
      await call.documents.transact(async (transaction) => {
        const user = await find(transaction, 'user', call, name)
        const key = await keyOfUser(user, AccessKeyId, { documents: transaction })
        const status = Status as 'Active' | 'Inactive'
        transaction.put(accessKeysCollection, AccessKeyId, { ...key, status })
      })
      return {}
    },
  },

  DeleteAccessKey: {
    constraints,
    async handle({ UserName, AccessKeyId }, call) {
      const name = userOrCaller(UserName, call)
      await call.documents.transact(async (transaction) => {
        const user = await find(transaction, 'user', call, name)
        await keyOfUser(user, AccessKeyId, { documents: transaction })
        transaction.delete(accessKeysCollection, AccessKeyId)
        transaction.delete(accessKeyUsesCollection, AccessKeyId)
        putEntity(transaction, 'user', {
          ...user,
          accessKeyIds: user.accessKeyIds.filter((id) => id !== AccessKeyId),
        })
      })
      return {}
    },
  },

  GetAccessKeyLastUsed: {
    constraints: { AccessKeyId: constraints.AccessKeyId },
    async handle({ AccessKeyId }, { documents, accountId }) {
      const key = (await documents.get<AccessKeyRecord>(accessKeysCollection, AccessKeyId))?.value
      if (key?.userName === undefined || key.accountId !== accountId) throw noKey(AccessKeyId)
      const use = (await documents.get<Use>(accessKeyUsesCollection, AccessKeyId))?.value
      return {
        UserName: key.userName,
        AccessKeyLastUsed: {
          LastUsedDate: use && new Date(use.usedAt),
          ServiceName: use?.service ?? 'N/A',
          Region: use?.region ?? 'N/A',
        },
      }
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NoSuchEntity */
async function keyOfUser(
  user: UserRecord,
  id: string,
  { documents }: { documents: Pick<Call['documents'], 'get'> },
): Promise<AccessKeyRecord> {
  const key = user.accessKeyIds.includes(id)
    ? await documents.get<AccessKeyRecord>(accessKeysCollection, id)
    : undefined
  if (key === undefined) throw noKey(id)
  return key.value
}

function noKey(id: string) {
  return noSuchEntity(`The Access Key with id ${id} cannot be found.`)
}
