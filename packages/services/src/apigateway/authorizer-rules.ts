/** Can this authorizer ever be asked? What each type needs, and what it may not have. */
import type { SnapshotAuthorizer } from '@sekisho/gateway'
import { badRequest } from './errors.ts'
import { checkPattern } from './integration-rules.ts'

export const authorizerTypes = ['TOKEN', 'REQUEST', 'COGNITO_USER_POOLS'] as const

/** Seconds that an authorizer's answer is kept unless something else is said. */
export const defaultTtl = 300
const maxTtl = 3_600

/** Where callers say who they are, as each type reads it. */
const sources = {
  TOKEN: /^method\.request\.header\.[\w.-]+$/,
  COGNITO_USER_POOLS: /^method\.request\.header\.[\w.-]+$/,
  REQUEST:
    /^(?:method\.request\.(?:multivalue)?(?:header|querystring)\.[\w.-]+|stageVariables\.\w+|context\.[\w.]+)$/,
} satisfies Record<SnapshotAuthorizer['type'], RegExp>

const userPool = /^arn:aws[\w-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/[\w-]+$/
const functionUri = /^arn:aws[\w-]*:apigateway:[a-z0-9-]+:lambda:path\/.+$/

/**
 * @see API Gateway API Reference, "CreateAuthorizer"
 * @throws AwsError BadRequestException
 */
export function checkAuthorizer(authorizer: SnapshotAuthorizer): SnapshotAuthorizer {
  const { name, type, authorizerResultTtlInSeconds: ttl, identitySource = '' } = authorizer
  if (name === '') throw badRequest('Authorizer name cannot be empty')
  if (ttl !== undefined && (!Number.isInteger(ttl) || ttl < 0 || ttl > maxTtl))
    throw badRequest(`Authorizer result TTL must be between 0 and ${maxTtl} seconds`)
  checkPattern('identity validation expression', authorizer.identityValidationExpression)
  if (type === 'COGNITO_USER_POOLS') checkUserPools(authorizer)
  else checkFunction(authorizer)
  const isOptional = type === 'COGNITO_USER_POOLS' || (type === 'REQUEST' && ttl === 0)
  if (identitySource === '' && isOptional) return authorizer
  const given = type === 'REQUEST' ? identitySource.split(',') : [identitySource]
  if (!given.every((source) => sources[type].test(source.trim())))
    throw badRequest(`Invalid identity source specified: ${identitySource}`)
  return authorizer
}

function checkUserPools({ providerARNs = [] }: SnapshotAuthorizer): void {
  if (providerARNs.length === 0)
    throw badRequest('At least one provider ARN is required for a COGNITO_USER_POOLS authorizer')
  const wrong = providerARNs.find((arn) => !userPool.test(arn))
  if (wrong !== undefined) throw badRequest(`Invalid provider ARN specified: ${wrong}`)
}

function checkFunction({ type, authorizerUri, providerARNs, ...rest }: SnapshotAuthorizer): void {
  if (authorizerUri === undefined || !functionUri.test(authorizerUri))
    throw badRequest(`Invalid Authorizer URI: ${authorizerUri ?? ''}`)
  if (providerARNs !== undefined)
    throw badRequest('Provider ARNs can only be set for COGNITO_USER_POOLS authorizers')
  if (type === 'REQUEST' && rest.identityValidationExpression !== undefined)
    throw badRequest('Identity validation expressions can only be set for TOKEN authorizers')
}
