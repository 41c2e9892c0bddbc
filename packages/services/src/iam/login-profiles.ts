/** Login profiles: the passwords of users. */
import type * as Sdk from '@aws-sdk/client-iam'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { change, find, userName, userOrCaller } from './entities.ts'
import { alreadyExists, noSuchEntity } from './errors.ts'
import { hashPassword, isPassword, whatLacks } from './passwords.ts'
import { type AccountSettings, iamCollections, type LoginProfile } from './records.ts'

const constraints = { UserName: userName } as const

export const loginProfiles = {
  CreateLoginProfile: {
    constraints,
    async handle({ UserName, Password, PasswordResetRequired = false }, call) {
      const name = userOrCaller(UserName, call)
      if (Password === undefined) throw violation('Password is missing')
      const user = await change(call, 'user', name, async (before, transaction) => {
        if (before.login !== undefined)
          throw alreadyExists(`Login Profile for user ${before.name} already exists.`)
        const login = await newLogin(transaction, call, Password, PasswordResetRequired)
        return { ...before, login }
      })
      return { LoginProfile: shown(user.name, user.login!) }
    },
  },

  GetLoginProfile: {
    constraints,
    async handle({ UserName }, call) {
      const user = await find(call.documents, 'user', call, userOrCaller(UserName, call))
      if (user.login === undefined) throw noLogin(user.name)
      return { LoginProfile: shown(user.name, user.login) }
    },
  },

  UpdateLoginProfile: {
    constraints,
    async handle({ UserName, Password, PasswordResetRequired }, call) {
      await change(call, 'user', UserName, async (user, transaction) => {
        if (user.login === undefined) throw noLogin(user.name)
        const reset = PasswordResetRequired ?? user.login.resetRequired
        const login =
          Password === undefined
            ? { ...user.login, resetRequired: reset }
            : await newLogin(transaction, call, Password, reset, user.login)
        return { ...user, login }
      })
      return {}
    },
  },

  DeleteLoginProfile: {
    constraints,
    async handle({ UserName }, call) {
      await change(call, 'user', userOrCaller(UserName, call), ({ login, ...user }) => {
        if (login === undefined) throw noLogin(user.name)
        return user
      })
      return {}
    },
  },

  ChangePassword: {
    async handle({ OldPassword, NewPassword }, call) {
      const name = userOrCaller(undefined, call)
      await change(call, 'user', name, async (user, transaction) => {
        if (user.login === undefined) throw noLogin(user.name)
        if (!isPassword(OldPassword, user.login.hash))
          throw new AwsError('AccessDenied', 'The old password was incorrect.', 403)
        const login = await newLogin(transaction, call, NewPassword, false, user.login)
        return { ...user, login }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError PasswordPolicyViolation */
async function newLogin(
  reader: Reader,
  { accountId, ids, now }: Call,
  password: string,
  resetRequired: boolean,
  before?: LoginProfile,
): Promise<LoginProfile> {
  const settings = (await reader.get<AccountSettings>(iamCollections.settings, `${accountId}/`))
    ?.value
  const policy = settings?.passwordPolicy
  const lack = whatLacks(password, policy)
  if (lack !== undefined) throw violation(lack)
  const earlier = before ? [before.hash, ...before.earlier] : []
  const remembered = earlier.slice(0, policy?.reusePrevention ?? 0)
  if (remembered.some((hash) => isPassword(password, hash)))
    throw violation('Password should not be one of those that were used before')
  return {
    createdAt: before?.createdAt ?? now.getTime(),
    changedAt: now.getTime(),
    resetRequired,
    hash: hashPassword(password, ids),
    earlier: earlier.slice(0, 24),
  }
}

function violation(message: string) {
  return new AwsError('PasswordPolicyViolation', message, 400)
}

function noLogin(name: string) {
  return noSuchEntity(`Login Profile for User ${name} cannot be found.`)
}

function shown(name: string, { createdAt, resetRequired }: LoginProfile): Sdk.LoginProfile {
  return {
    UserName: name,
    CreateDate: new Date(createdAt),
    PasswordResetRequired: resetRequired,
  }
}
