/** AssumeRoleWithWebIdentity: be a role on the word of an identity provider that the account believes. */
import type * as Sdk from '@aws-sdk/client-sts'
import { type Claims, isSignedBy, readToken } from '@sekisho/gateway'
import { AwsError } from '@sekisho/protocols'
import { compiled } from '../iam/principals.ts'
import { entityTags, iamCollections, type OidcProviderRecord } from '../iam/records.ts'
import type { Call, Operations } from '../service.ts'
import { assumed, checkDuration, newSession, nobodyMay, roleToAssume } from './assume-role.ts'
import { sessionLimits, sessionName } from './session-input.ts'

const defaultSeconds = 3_600
/** A claim that AWS makes session tags of. */
const tagsClaim = 'https://aws.amazon.com/tags'

export const webIdentity = {
  AssumeRoleWithWebIdentity: {
    isUnsigned: true,
    constraints: {
      RoleArn: { minLength: 20, maxLength: 2_048 },
      RoleSessionName: sessionName,
      WebIdentityToken: { minLength: 4, maxLength: 20_000 },
      DurationSeconds: { min: 900, max: 43_200 },
    },
    async needs(input, call) {
      const { role, accountId } = await roleToAssume(call.documents, input.RoleArn)
      const { claims, host } = await believed(input, accountId, call)
      return [
        {
          action: 'sts:AssumeRoleWithWebIdentity',
          principal: { type: 'federated', provider: providerArn(accountId, host) },
          resource: input.RoleArn,
          resourceAccountId: accountId,
          trust: compiled(role?.trust ?? nobodyMay, 'trust', `trust policy of ${input.RoleArn}`),
          keys: {
            'sts:RoleSessionName': input.RoleSessionName,
            'aws:FederatedProvider': providerArn(accountId, host),
            ...entityTags(role?.tags),
            ...claimKeys(host, claims),
          },
        },
      ]
    },
    async handle(input, call) {
      const { role, accountId } = await roleToAssume(call.documents, input.RoleArn)
      if (role === undefined) throw new AwsError('AccessDenied', 'Access denied', 403)
      const { claims, host } = await believed(input, accountId, call)
      const seconds = input.DurationSeconds ?? defaultSeconds
      checkDuration(seconds, role, false)
      const limits = sessionLimits(input)
      const session = newSession(call, {
        accountId,
        seconds,
        of: {
          kind: 'role',
          roleName: role.name,
          roleId: role.id,
          sessionName: input.RoleSessionName,
          isChained: false,
          federatedProvider: providerArn(accountId, host),
          keys: claimKeys(host, claims),
        },
        policies: limits.policies,
        policyArns: limits.policyArns,
        tags: [],
        transitiveTagKeys: [],
      })
      return {
        ...(await assumed(call, role, session)),
        SubjectFromWebIdentityToken: claims.sub,
        Provider: claims.iss,
        Audience: audiencesOf(claims)[0],
        PackedPolicySize: limits.packedSize,
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** What an identity token says beside what every token says. */
interface IdentityClaims extends Claims {
  readonly sub: string
  /** One or several. */
  readonly aud: string | readonly string[]
}

interface Believed {
  readonly claims: IdentityClaims
  /** The issuer without its scheme, as it stands in condition keys. */
  readonly host: string
}

/** @throws AwsError InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError */
async function believed(
  { WebIdentityToken, ProviderId }: { WebIdentityToken: string; ProviderId?: string | undefined },
  accountId: string,
  { documents, now, webKeys }: Call,
): Promise<Believed> {
  if (ProviderId !== undefined)
    throw invalidToken('OAuth 2.0 access tokens (ProviderId) are not supported by Sekisho.')
  const token = readToken(WebIdentityToken)
  if (token === undefined || !isIdentity(token.claims))
    throw invalidToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    )
  const { claims } = token
  const host = claims.iss.replace(/^https:\/\//, '').replace(/\/$/, '')
  const key = `${accountId}/${host}`
  const provider = (await documents.get<OidcProviderRecord>(iamCollections.providers, key))?.value
  if (provider === undefined)
    throw invalidToken(`No OpenIDConnect provider found in your account for ${claims.iss}`)
  if (!audiencesOf(claims).some((audience) => provider.clientIds.includes(audience)))
    throw invalidToken('Incorrect token audience')
  const isSigned = async (isFresh: boolean) => {
    const keys = await webKeys(host, isFresh)
    if (keys === undefined)
      throw new AwsError(
        'IDPCommunicationError',
        `Sekisho has no keys of ${claims.iss}; name their file or address with \`--web-identity-keys\``,
        400,
      )
    return isSignedBy(keys, token)
  }
  // A key that is not known yet may be a new one.
  if (!(await isSigned(false)) && !(await isSigned(true)))
    throw invalidToken("Couldn't retrieve verification key from your identity provider")
  const seconds = Math.floor(now.getTime() / 1_000)
  if (seconds >= claims.exp)
    throw new AwsError(
      'ExpiredTokenException',
      `Token expired: current date/time ${seconds} must be before the expiration date/time ${claims.exp}`,
      400,
    )
  if (claims.nbf !== undefined && seconds < claims.nbf)
    throw invalidToken('The ID Token is not valid yet')
  if (claims[tagsClaim] !== undefined)
    throw invalidToken('Session tags in tokens are not supported by Sekisho.')
  return { claims, host }
}

function invalidToken(message: string) {
  return new AwsError('InvalidIdentityToken', message, 400)
}

function isIdentity(claims: Claims): claims is IdentityClaims {
  const audiences = [claims['aud']].flat()
  const hasAudience = audiences.length > 0 && audiences.every((each) => typeof each === 'string')
  return typeof claims['sub'] === 'string' && hasAudience
}

function audiencesOf({ aud }: IdentityClaims): readonly string[] {
  return typeof aud === 'string' ? [aud] : aud
}

function providerArn(accountId: string, host: string): string {
  return `arn:aws:iam::${accountId}:oidc-provider/${host}`
}

/** @see IAM User Guide, "Available keys for AWS web identity federation" */
function claimKeys(
  host: string,
  claims: IdentityClaims,
): Readonly<Record<string, string | readonly string[]>> {
  const { azp, amr } = claims
  const [audience = ''] = audiencesOf(claims)
  return {
    [`${host}:sub`]: claims.sub,
    // As AWS has it: the authorized party where the token names one.
    [`${host}:aud`]: typeof azp === 'string' ? azp : audience,
    ...(typeof azp === 'string' && { [`${host}:oaud`]: audience }),
    ...(isTexts(amr) && { [`${host}:amr`]: amr }),
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
