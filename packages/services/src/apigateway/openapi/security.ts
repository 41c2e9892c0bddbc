/** Which authorization does an operation ask for, and does it ask for an API key? */
import { isNode, listAt, type Node, nodeAt, textAt } from './parse.ts'

export interface OperationSecurity {
  readonly authorizationType: 'NONE' | 'AWS_IAM'
  readonly apiKeyRequired: boolean
  /** Why the method may not be created: what it asks for is not served here. */
  readonly unsupported?: string
}

/**
 * Security is read per operation; what stands at the document's root does not count, as in API Gateway.
 * An authorizer that is not served here is refused, never dropped: the method would be open.
 * @see API Gateway Developer Guide, "x-amazon-apigateway-auth object", "x-amazon-apigateway-authtype property"
 */
export function readSecurity(operation: Node, schemes: Node): OperationSecurity {
  let authorizationType: OperationSecurity['authorizationType'] = 'NONE'
  let apiKeyRequired = false
  for (const name of requiredSchemes(operation)) {
    const kind = kindOf(nodeAt(schemes, name))
    if (kind === 'sigv4') authorizationType = 'AWS_IAM'
    else if (kind === 'apiKey') apiKeyRequired = true
    else if (kind === 'unsupported')
      return {
        authorizationType,
        apiKeyRequired,
        unsupported: `the authorizer of security scheme '${name}' is not supported by Sekisho yet`,
      }
  }
  const auth = textAt(nodeAt(operation, 'x-amazon-apigateway-auth'), 'type')?.toUpperCase()
  if (auth === undefined) return { authorizationType, apiKeyRequired }
  if (auth === 'NONE' || auth === 'AWS_IAM') return { authorizationType: auth, apiKeyRequired }
  return {
    authorizationType,
    apiKeyRequired,
    unsupported: `authorization type '${auth}' is not supported by Sekisho yet`,
  }
}

/** Names of the schemes that an operation lists. */
export function requiredSchemes(operation: Node): readonly string[] {
  return listAt(operation, 'security').flatMap((requirement) =>
    isNode(requirement) ? Object.keys(requirement) : [],
  )
}

type SchemeKind = 'sigv4' | 'apiKey' | 'unsupported' | 'documentation'

function kindOf(scheme: Node): SchemeKind {
  const authType = textAt(scheme, 'x-amazon-apigateway-authtype')?.toLowerCase()
  if (authType === 'awssigv4') return 'sigv4'
  if (authType !== undefined || Object.hasOwn(scheme, 'x-amazon-apigateway-authorizer'))
    return 'unsupported'
  const isApiKey =
    textAt(scheme, 'type') === 'apiKey' &&
    textAt(scheme, 'in') === 'header' &&
    textAt(scheme, 'name')?.toLowerCase() === 'x-api-key'
  return isApiKey ? 'apiKey' : 'documentation'
}
