/** Which authorization does an operation ask for, and does it ask for an API key? */
import type { Authorizer } from '@aws-sdk/client-api-gateway'
import { isNode, listAt, member, type Node, nodeAt, textAt } from './parse.ts'

export interface OperationSecurity {
  readonly authorizationType: 'NONE' | 'AWS_IAM' | 'CUSTOM' | 'COGNITO_USER_POOLS'
  readonly apiKeyRequired: boolean
  /** Name of the security scheme that describes the authorizer. */
  readonly authorizer?: string
  readonly authorizationScopes?: readonly string[]
  /** Names of schemes that say nothing to API Gateway: they guard nothing. */
  readonly ignored?: readonly string[]
  /** Why the method may not be created: what it asks for is not served here. */
  readonly unsupported?: string
}

/**
 * Security is read per operation; what stands at the document's root does not count, as in API Gateway.
 * An authorizer that is not served here is refused, never dropped: the method would be open.
 * @see API Gateway Developer Guide, "x-amazon-apigateway-auth object", "x-amazon-apigateway-authtype property"
 */
export function readSecurity(operation: Node, schemes: Node): OperationSecurity {
  let security: OperationSecurity = { authorizationType: 'NONE', apiKeyRequired: false }
  for (const [name, scopes] of requiredSchemes(operation)) {
    if (!isNode(member(schemes, name)))
      return { ...security, unsupported: `there is no security scheme '${name}'` }
    const kind = kindOf(nodeAt(schemes, name))
    if (kind === 'documentation') {
      security = { ...security, ignored: [...(security.ignored ?? []), name] }
      continue
    }
    if (kind === 'apiKey') {
      security = { ...security, apiKeyRequired: true }
      continue
    }
    if (security.authorizationType !== 'NONE')
      return { ...security, unsupported: `one operation has one authorizer; '${name}' is another` }
    if (kind === 'sigv4') security = { ...security, authorizationType: 'AWS_IAM' }
    else if (kind === 'unsupported')
      return {
        ...security,
        unsupported: `the authorizer of security scheme '${name}' is not supported by Sekisho yet`,
      }
    else
      security = {
        ...security,
        authorizationType: kind,
        authorizer: name,
        ...(scopes.length > 0 && { authorizationScopes: scopes }),
      }
  }
  const auth = textAt(nodeAt(operation, 'x-amazon-apigateway-auth'), 'type')?.toUpperCase()
  if (auth === undefined) return security
  const isOpen = security.authorizer === undefined
  if (isOpen && (auth === 'NONE' || auth === 'AWS_IAM'))
    return { ...security, authorizationType: auth }
  return {
    ...security,
    unsupported: isOpen
      ? `authorization type '${auth}' is not supported by Sekisho yet`
      : `authorization type '${auth}' contradicts security scheme '${security.authorizer}'`,
  }
}

/** Names of the schemes that an operation lists, with the scopes that it asks of each. */
function requiredSchemes(operation: Node): readonly (readonly [string, readonly string[]])[] {
  return listAt(operation, 'security')
    .filter(isNode)
    .flatMap((requirement) =>
      Object.keys(requirement).map(
        (name) => [name, listAt(requirement, name).map(String)] as const,
      ),
    )
}

type SchemeKind =
  | 'sigv4'
  | 'apiKey'
  | 'CUSTOM'
  | 'COGNITO_USER_POOLS'
  | 'unsupported'
  | 'documentation'

const kinds: Readonly<Record<string, SchemeKind>> = {
  token: 'CUSTOM',
  request: 'CUSTOM',
  cognito_user_pools: 'COGNITO_USER_POOLS',
}

const extension = 'x-amazon-apigateway-authorizer'

function kindOf(scheme: Node): SchemeKind {
  const authType = textAt(scheme, 'x-amazon-apigateway-authtype')?.toLowerCase()
  if (authType === 'awssigv4') return 'sigv4'
  const authorizer = member(scheme, extension)
  if (authorizer !== undefined || authType !== undefined) {
    const type = isNode(authorizer) ? textAt(authorizer, 'type')?.toLowerCase() : undefined
    return type !== undefined && Object.hasOwn(kinds, type) ? kinds[type]! : 'unsupported'
  }
  const isApiKey =
    textAt(scheme, 'type') === 'apiKey' &&
    textAt(scheme, 'in') === 'header' &&
    textAt(scheme, 'name')?.toLowerCase() === 'x-api-key'
  return isApiKey ? 'apiKey' : 'documentation'
}

const texts = [
  'authorizerUri',
  'authorizerCredentials',
  'identitySource',
  'identityValidationExpression',
] as const

/** Authorizers that the document describes, by name. @see API Gateway Developer Guide, "x-amazon-apigateway-authorizer object" */
export function readAuthorizers(schemes: Node): ReadonlyMap<string, Authorizer> {
  const found = new Map<string, Authorizer>()
  for (const [name, scheme] of Object.entries(schemes)) {
    if (!isNode(scheme) || !['CUSTOM', 'COGNITO_USER_POOLS'].includes(kindOf(scheme))) continue
    const written = nodeAt(scheme, extension)
    const type = textAt(written, 'type')!.toUpperCase() as NonNullable<Authorizer['type']>
    const ttl = member(written, 'authorizerResultTtlInSeconds')
    const providerARNs = listAt(written, 'providerARNs').map(String)
    const authType = textAt(scheme, 'x-amazon-apigateway-authtype')
    const header = textAt(scheme, 'name')
    found.set(name, {
      name,
      type,
      ...(authType !== undefined && { authType }),
      ...(type !== 'REQUEST' && header && { identitySource: `method.request.header.${header}` }),
      ...Object.fromEntries(
        texts.flatMap((key) => {
          const value = textAt(written, key)
          return value === undefined ? [] : [[key, value]]
        }),
      ),
      ...(ttl != null && { authorizerResultTtlInSeconds: Number(ttl) }),
      ...(providerARNs.length > 0 && { providerARNs }),
    })
  }
  return found
}

/** @param isWhole  with what is asked, not only that something is */
export function writeAuthorizer(authorizer: Authorizer, isWhole: boolean): Node {
  const { type = 'TOKEN', identitySource = '', authType, name: _, id: __, ...written } = authorizer
  const header = /^method\.request\.header\.(.+)$/.exec(identitySource)?.[1]
  return {
    type: 'apiKey',
    name: type === 'REQUEST' ? 'Unused' : (header ?? 'Authorization'),
    in: 'header',
    'x-amazon-apigateway-authtype':
      authType ?? (type === 'COGNITO_USER_POOLS' ? 'cognito_user_pools' : 'custom'),
    ...(isWhole && {
      [extension]: {
        ...written,
        ...(type === 'REQUEST' && identitySource !== '' && { identitySource }),
        type: type.toLowerCase(),
      },
    }),
  }
}
