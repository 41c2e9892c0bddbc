/** Permissions boundaries of users and roles: the most that their own policies can give. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { GatedOperations } from '../service.ts'
import { change } from './entities.ts'
import { bounded, unbounded } from './policy-uses.ts'
import { ofYourOwn } from './roles.ts'

export const boundaries = {
  PutUserPermissionsBoundary: {
    async handle({ UserName, PermissionsBoundary }, call) {
      await change(call, 'user', UserName, (user, transaction) =>
        bounded(user, PermissionsBoundary, call, transaction),
      )
      return {}
    },
  },
  DeleteUserPermissionsBoundary: {
    async handle({ UserName }, call) {
      await change(call, 'user', UserName, (user, transaction) =>
        unbounded(user, call, transaction),
      )
      return {}
    },
  },
  PutRolePermissionsBoundary: {
    async handle({ RoleName, PermissionsBoundary }, call) {
      await change(call, 'role', RoleName, (role, transaction) =>
        bounded(ofYourOwn(role), PermissionsBoundary, call, transaction),
      )
      return {}
    },
  },
  DeleteRolePermissionsBoundary: {
    async handle({ RoleName }, call) {
      await change(call, 'role', RoleName, (role, transaction) =>
        unbounded(ofYourOwn(role), call, transaction),
      )
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>
