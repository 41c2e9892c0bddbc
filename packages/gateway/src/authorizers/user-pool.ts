/** Authorization by a token of a user pool: COGNITO_USER_POOLS authorizers. */
import { anonymous, resourcePolicyMustAllow } from '../decide.ts'
import { GatewayError } from '../gateway-responses.ts'
import { type Claims, isSignedBy, readToken, type Token } from '../json-web-token.ts'
import type { Authorized, Matched, Received } from '../pass.ts'
import { compilePattern, isMatch, type Pattern, PatternError } from '../patterns/match.ts'
import type { GatewayOptions, Ports, UserPool } from '../ports.ts'
import type { SnapshotAuthorizer } from '../snapshot.ts'

/**
 * The token first, then the resource policy on its own.
 *
 * @throws GatewayError UNAUTHORIZED, ACCESS_DENIED, AUTHORIZER_CONFIGURATION_ERROR
 * @see API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer"
 */
export async function userPoolAuthorizer(
  matched: Matched,
  _body: Uint8Array | undefined,
  ports: Ports,
  options: GatewayOptions,
): Promise<Authorized> {
  const authorizer = authorizerOf(matched)
  const pools = (authorizer.providerARNs ?? []).flatMap((arn) => ports.userPools?.get(arn) ?? [])
  if (pools.length === 0)
    throw misconfigured(`no user pool of authorizer ${authorizer.name} is configured`)
  const token = readToken(tokenOf(matched.received, authorizer))
  if (token === undefined) throw unauthorized('the token is none, or of a kind that is not taken')
  const pool = pools.find(({ issuer }) => issuer === token.claims.iss)
  if (pool === undefined) throw unauthorized('the token is from another issuer')
  if (!(await isGenuine(token, pool)))
    throw unauthorized('the token is not signed by a key of its pool')
  const { authorizationScopes: scopes = [] } = matched.method.definition
  const client = checkClaims(token.claims, pool, scopes, ports.nowMs())
  const validation = validationOf(authorizer)
  if (validation !== undefined && !isMatch(validation, client))
    throw unauthorized('the client does not look as it should')
  return {
    ...resourcePolicyMustAllow(matched, options),
    caller: anonymous,
    authorizer: { claims: shownClaims(token.claims) },
  }
}

function authorizerOf({ method, deployment }: Matched): SnapshotAuthorizer {
  const { authorizers = {} } = deployment.snapshot
  const id = method.definition.authorizerId ?? ''
  const found = Object.hasOwn(authorizers, id) ? authorizers[id] : undefined
  if (found?.type !== 'COGNITO_USER_POOLS')
    throw misconfigured('the authorizer is missing, or none of user pools')
  return found
}

const defaultSource = 'method.request.header.Authorization'

/** The header that the authorizer names, sent once. */
function tokenOf(
  { headers }: Received,
  { identitySource = defaultSource }: SnapshotAuthorizer,
): string {
  const name = identitySource.slice('method.request.header.'.length).toLowerCase()
  const found = headers.filter((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === name)
  const [value] = found
  if (value === undefined || found.length > 1) throw unauthorized('there is no token, or several')
  return value.replace(/^Bearer +/i, '').trim()
}

async function isGenuine(token: Token, { keys }: UserPool): Promise<boolean> {
  for (const isFresh of [false, true]) {
    const set = await keys(isFresh)
    if (set === undefined) continue
    // A key that is not known yet may be a new one; what a known key has not signed stays unsigned.
    if (isSignedBy(set, token)) return true
    if (set.keys.some(({ kid }) => kid === token.keyId)) return false
  }
  return false
}

const validations = new WeakMap<SnapshotAuthorizer, Pattern>()

/** What the whole name of a token's client has to look like. */
function validationOf(authorizer: SnapshotAuthorizer): Pattern | undefined {
  const { identityValidationExpression: expression } = authorizer
  if (expression === undefined) return undefined
  try {
    const pattern = validations.get(authorizer) ?? compilePattern(expression, { isWhole: true })
    validations.set(authorizer, pattern)
    return pattern
  } catch (error) {
    throw error instanceof PatternError
      ? misconfigured(`the validation expression cannot be used: ${error.message}`)
      : error
  }
}

/**
 * With scopes the method takes access tokens, without them identity tokens.
 * @returns the client that the token is for
 */
function checkClaims(
  claims: Claims,
  { clientIds }: UserPool,
  scopes: readonly string[],
  nowMs: number,
): string {
  const seconds = nowMs / 1_000
  if (seconds >= claims.exp)
    throw unauthorized('the token has expired', 'The incoming token has expired')
  if (claims.nbf !== undefined && seconds < claims.nbf)
    throw unauthorized('the token is not valid yet')
  const isAccess = scopes.length > 0
  if (claims['token_use'] !== (isAccess ? 'access' : 'id'))
    throw unauthorized(`the token is no ${isAccess ? 'access' : 'identity'} token`)
  const client = isAccess ? claims['client_id'] : claims['aud']
  if (typeof client !== 'string' || !clientIds.has(client))
    throw unauthorized('the token is for another client')
  const granted = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : []
  if (isAccess && !scopes.some((scope) => granted.includes(scope)))
    throw unauthorized(`the token has none of the scopes ${scopes.join(', ')}`)
  return client
}

/** Times as AWS shows them: `Mon Jul 15 20:07:14 UTC 2019`. */
function shownTime(seconds: number): string {
  const [day, date, month, year, clock] = new Date(seconds * 1_000).toUTCString().split(/,? /)
  return `${day} ${month} ${date} ${clock} UTC ${year}`
}

const times: ReadonlySet<string> = new Set(['exp', 'iat'])

/** All of them texts. */
function shownClaims(claims: Claims): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      if (
        times.has(name) &&
        typeof value === 'number' &&
        Number.isFinite(new Date(value * 1_000).getTime())
      )
        return [name, shownTime(value)]
      if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
        return [name, value.join(',')]
      return [name, typeof value === 'string' ? value : JSON.stringify(value)]
    }),
  )
}

function unauthorized(detail: string, message?: string): GatewayError {
  return new GatewayError('UNAUTHORIZED', { detail, ...(message !== undefined && { message }) })
}

function misconfigured(detail: string): GatewayError {
  return new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', { detail })
}
