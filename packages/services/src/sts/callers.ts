/** Who is calling, and whose is this key? */
import type * as Sdk from '@aws-sdk/client-sts'
import { AwsError } from '@sekisho/protocols'
import { type AccessKeyRecord, accessKeysCollection } from '../iam/accounts.ts'
import { userIdOf } from '../iam/principal-keys.ts'
import type { Operations } from '../service.ts'

export const callers = {
  GetCallerIdentity: {
    needs: () => [{ action: 'sts:GetCallerIdentity', resource: '*', isOpenToAll: true }],
    async handle(_, { principal, accountId }) {
      return {
        UserId: userIdOf(principal),
        Account: accountId,
        Arn: 'arn' in principal ? principal.arn : undefined,
      }
    },
  },

  GetAccessKeyInfo: {
    constraints: { AccessKeyId: [{ minLength: 16, maxLength: 128 }, { pattern: /[\w]*/ }] },
    needs: () => [{ action: 'sts:GetAccessKeyInfo', resource: '*' }],
    async handle({ AccessKeyId }, { documents }) {
      const key = (await documents.get<AccessKeyRecord>(accessKeysCollection, AccessKeyId))?.value
      if (key === undefined)
        throw new AwsError('ValidationError', `The AccessKeyId ${AccessKeyId} is not valid`, 400)
      return { Account: key.accountId }
    },
  },

  DecodeAuthorizationMessage: {
    needs: () => [{ action: 'sts:DecodeAuthorizationMessage', resource: '*' }],
    // Only EC2's answers carry encoded messages, and EC2 is not here: none can be one of ours.
    handle: async () => {
      throw new AwsError(
        'InvalidAuthorizationMessageException',
        'The specified message is not a valid authorization message.',
        400,
      )
    },
  },
} satisfies Operations<typeof Sdk>
