/** Temporary credentials for the caller himself, or for somebody whom he vouches for. */
import type * as Sdk from '@aws-sdk/client-sts'
import { AwsError } from '@sekisho/protocols'
import { type SessionOf, seal, sessionKey } from '../iam/sessions.ts'
import type { Call, Operations } from '../service.ts'
import { newSession } from './assume-role.ts'
import { sessionLimits, shownCredentials, tagKeys } from './session-input.ts'

const duration = { DurationSeconds: { min: 900, max: 129_600 } } as const
const defaultSeconds = 43_200
const mostRootSeconds = 3_600

export const sessionsOfUsers = {
  GetSessionToken: {
    constraints: duration,
    needs: () => [{ action: 'sts:GetSessionToken', resource: '*', isOpenToAll: true }],
    async handle({ DurationSeconds = defaultSeconds, SerialNumber, TokenCode }, call) {
      if (SerialNumber !== undefined || TokenCode !== undefined)
        throw new AwsError('AccessDenied', 'MultiFactorAuthentication failed: no such device', 403)
      const session = newSession(call, {
        accountId: call.accountId,
        seconds: secondsFor(call, DurationSeconds),
        of: callerOf(call, 'GetSessionToken'),
        policies: [],
        policyArns: [],
        tags: [],
        transitiveTagKeys: [],
      })
      const key = await sessionKey(call.documents, call.ids)
      return { Credentials: shownCredentials(seal(session, key, call.ids)) }
    },
  },

  GetFederationToken: {
    constraints: {
      ...duration,
      Name: [{ minLength: 2, maxLength: 32 }, { pattern: /[\w+=,.@-]*/ }],
    },
    needs: ({ Name, Tags }, { accountId }) => {
      const resource = `arn:aws:sts::${accountId}:federated-user/${Name}`
      return Tags?.length
        ? [
            { action: 'sts:GetFederationToken', resource, keys: tagKeys(Tags) },
            { action: 'sts:TagSession', resource, keys: tagKeys(Tags) },
          ]
        : [{ action: 'sts:GetFederationToken', resource }]
    },
    async handle(input, call) {
      const caller = callerOf(call, 'GetFederationToken')
      const limits = sessionLimits(input)
      const session = newSession(call, {
        accountId: call.accountId,
        seconds: secondsFor(call, input.DurationSeconds ?? defaultSeconds),
        of: {
          kind: 'federated',
          name: input.Name,
          ...(caller.kind === 'user' && { userName: caller.userName, userId: caller.userId }),
        },
        policies: limits.policies,
        policyArns: limits.policyArns,
        tags: limits.tags,
        transitiveTagKeys: [],
      })
      const key = await sessionKey(call.documents, call.ids)
      return {
        Credentials: shownCredentials(seal(session, key, call.ids)),
        FederatedUser: {
          FederatedUserId: `${call.accountId}:${input.Name}`,
          Arn: `arn:aws:sts::${call.accountId}:federated-user/${input.Name}`,
        },
        PackedPolicySize: limits.packedSize,
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError AccessDenied  only who has keys that last may ask */
function callerOf(
  { principal, session }: Call,
  operation: string,
): Extract<SessionOf, { kind: 'user' | 'root' }> {
  if (session === undefined && principal.type === 'root') return { kind: 'root' }
  if (session === undefined && principal.type === 'user') {
    const userName = principal.arn.slice(principal.arn.lastIndexOf('/') + 1)
    return { kind: 'user', userName, userId: principal.userId }
  }
  throw new AwsError('AccessDenied', `Cannot call ${operation} with session credentials`, 403)
}

function secondsFor({ principal }: Call, asked: number): number {
  return principal.type === 'root' ? Math.min(asked, mostRootSeconds) : asked
}
