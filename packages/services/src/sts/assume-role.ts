/** AssumeRole: be somebody else for a while, where both sides agree. */
import type * as Sdk from '@aws-sdk/client-sts'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { compiled, rolePrincipal } from '../iam/principals.ts'
import {
  arnOf,
  entityTags,
  iamCollections,
  keyOf,
  type RoleRecord,
  type Tag,
} from '../iam/records.ts'
import { newSessionKeyId, type Session, seal, sessionKey } from '../iam/sessions.ts'
import type { Call, Need, Needs, Operations, RequestKeys } from '../service.ts'
import {
  type GivenTag,
  sessionLimits,
  sessionName,
  shownCredentials,
  tagKeys,
  validationError,
} from './session-input.ts'

const defaultSeconds = 3_600
/** Of a role that was assumed with another role's credentials. */
const mostChainedSeconds = 3_600

export const assumeRole = {
  AssumeRole: {
    constraints: {
      RoleArn: [{ minLength: 20, maxLength: 2_048 }],
      RoleSessionName: sessionName,
      DurationSeconds: { min: 900, max: 43_200 },
      ExternalId: [{ minLength: 2, maxLength: 1_224 }, { pattern: /[\w+=,.@:/-]*/ }],
      SourceIdentity: sessionName,
    },
    async needs(input, call) {
      if (input.SerialNumber !== undefined || input.TokenCode !== undefined)
        throw new AwsError('AccessDenied', 'MultiFactorAuthentication failed: no such device', 403)
      const { role, accountId } = await roleToAssume(call.documents, input.RoleArn)
      const inherited = inheritedTags(call)
      const keys: RequestKeys = {
        'sts:RoleSessionName': input.RoleSessionName,
        ...(input.ExternalId !== undefined && { 'sts:ExternalId': input.ExternalId }),
        ...entityTags(role?.tags),
      }
      const identity = input.SourceIdentity ?? call.session?.sourceIdentity
      const asked: Need[] = [
        { action: 'sts:AssumeRole', keys: { ...keys, ...tagKeys(input.Tags) } },
      ]
        .concat(
          input.Tags?.length || inherited.length > 0
            ? [
                {
                  action: 'sts:TagSession',
                  keys: {
                    ...keys,
                    ...tagKeys(input.Tags),
                    ...(input.TransitiveTagKeys && {
                      'sts:TransitiveTagKeys': input.TransitiveTagKeys,
                    }),
                  },
                },
              ]
            : [],
          identity === undefined
            ? []
            : [
                {
                  action: 'sts:SetSourceIdentity',
                  keys: { ...keys, 'sts:SourceIdentity': identity },
                },
              ],
        )
        .map((need) => ({
          ...need,
          resource: input.RoleArn,
          resourceAccountId: accountId,
          trust: compiled(role?.trust ?? nobodyMay, 'trust', `trust policy of ${input.RoleArn}`),
        }))
      return asked as unknown as Needs
    },
    async handle(input, call) {
      const { role } = await roleToAssume(call.documents, input.RoleArn)
      // Allowed a moment ago, and gone since.
      if (role === undefined) throw new AwsError('AccessDenied', 'Access denied', 403)
      if (call.principal.type === 'root')
        throw new AwsError('AccessDenied', 'Roles may not be assumed by root accounts.', 403)
      const isChained = call.session?.of.kind === 'role'
      const seconds = input.DurationSeconds ?? defaultSeconds
      checkDuration(seconds, role, isChained)
      const limits = sessionLimits(input)
      const { tags, transitiveTagKeys } = chainedTags(call, limits.tags, input.TransitiveTagKeys)
      const sourceIdentity = input.SourceIdentity ?? call.session?.sourceIdentity
      if (
        call.session?.sourceIdentity !== undefined &&
        sourceIdentity !== call.session.sourceIdentity
      )
        throw validationError('The source identity of a session cannot be changed.')
      const session = newSession(call, {
        accountId: role.accountId,
        seconds,
        of: {
          kind: 'role',
          roleName: role.name,
          roleId: role.id,
          sessionName: input.RoleSessionName,
          isChained,
        },
        policies: limits.policies,
        policyArns: limits.policyArns,
        tags,
        transitiveTagKeys,
        ...(sourceIdentity !== undefined && { sourceIdentity }),
      })
      return {
        ...(await assumed(call, role, session)),
        PackedPolicySize: limits.packedSize,
        SourceIdentity: sourceIdentity,
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** Whatever else says, nobody takes a role that is not there. */
export const nobodyMay = '{"Version":"2012-10-17","Statement":[]}'

/** An ARN that is none is the caller's mistake; a role that is not there is refused like any other. */
export async function roleToAssume(
  reader: Reader,
  roleArn: string,
): Promise<{ role: RoleRecord | undefined; accountId: string }> {
  const [, accountId, path] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(roleArn) ?? []
  if (accountId === undefined || path === undefined) throw validationError(`${roleArn} is invalid`)
  const key = keyOf(accountId, path.slice(path.lastIndexOf('/') + 1))
  const found = (await reader.get<RoleRecord>(iamCollections.roles, key))?.value
  return { accountId, role: found && arnOf('role', found) === roleArn ? found : undefined }
}

/** @throws AwsError ValidationError */
export function checkDuration(seconds: number, role: RoleRecord, isChained: boolean): void {
  if (isChained && seconds > mostChainedSeconds)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  if (seconds > role.maxSessionDuration)
    throw validationError(
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
}

export function newSession(
  { ids, now }: Call,
  {
    seconds,
    ...rest
  }: Omit<Session, 'accessKeyId' | 'issuedAt' | 'expiresAt'> & { seconds: number },
): Session {
  // AWS counts in whole seconds.
  const issuedAt = Math.floor(now.getTime() / 1_000) * 1_000
  return {
    accessKeyId: newSessionKeyId(ids),
    issuedAt,
    expiresAt: issuedAt + seconds * 1_000,
    ...rest,
  }
}

export async function assumed({ documents, ids }: Call, role: RoleRecord, session: Session) {
  const credentials = seal(session, await sessionKey(documents, ids), ids)
  const name = session.of.kind === 'role' ? session.of.sessionName : ''
  const principal = rolePrincipal(role, name)
  return {
    Credentials: shownCredentials(credentials),
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${name}`,
      Arn: 'arn' in principal ? principal.arn : undefined,
    },
  }
}

function inheritedTags({ session }: Call): readonly Tag[] {
  const transitive = new Set(session?.transitiveTagKeys.map((key) => key.toLowerCase()))
  return (session?.tags ?? []).filter(({ Key }) => transitive.has(Key.toLowerCase()))
}

/** @throws AwsError InvalidParameterValue */
function chainedTags(call: Call, given: readonly GivenTag[], transitive: readonly string[] = []) {
  const inherited = inheritedTags(call)
  const inheritedKeys = new Set(inherited.map(({ Key }) => Key.toLowerCase()))
  const givenKeys = new Set(given.map(({ Key }) => Key.toLowerCase()))
  if (given.some(({ Key }) => inheritedKeys.has(Key.toLowerCase())))
    throw new AwsError(
      'InvalidParameterValue',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      400,
    )
  if (transitive.some((key) => !givenKeys.has(key.toLowerCase())))
    throw new AwsError(
      'InvalidParameterValue',
      'The specified transitive tag key must be included in the requested tags.',
      400,
    )
  return {
    tags: [...inherited, ...given],
    transitiveTagKeys: [...inherited.map(({ Key }) => Key), ...transitive],
  }
}
