/** May this caller call this method? The flow follows the method's authorization type. */
import { authenticate } from './authenticate.ts'
import { lambdaAuthorizer } from './authorizers/lambda.ts'
import { userPoolAuthorizer } from './authorizers/user-pool.ts'
import { decideAll, requestOf, resourcePolicyMustAllow } from './decide.ts'
import { GatewayError } from './gateway-responses.ts'
import type { Authorized, Matched } from './pass.ts'
import type { GatewayOptions, Ports } from './ports.ts'
import { RequestContext } from './request-context.ts'

interface Flow {
  /** The signature covers the body, so the body has to be there. */
  readonly readsBody: boolean
  readonly authorize: (
    matched: Matched,
    body: Uint8Array | undefined,
    ports: Ports,
    options: GatewayOptions,
  ) => Authorized | Promise<Authorized>
}

/**
 * One flow an authorization type; what is not known refuses.
 * @see API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow"
 */
const flows: Readonly<Record<string, Flow>> = {
  NONE: {
    readsBody: false,
    authorize: (matched, _body, _ports, options) => resourcePolicyMustAllow(matched, options),
  },
  AWS_IAM: { readsBody: true, authorize: identityAndResourcePolicies },
  CUSTOM: { readsBody: false, authorize: lambdaAuthorizer },
  COGNITO_USER_POOLS: { readsBody: false, authorize: userPoolAuthorizer },
}

export function flowOf({ method }: Matched): Flow {
  return Object.hasOwn(flows, method.authorizationType)
    ? flows[method.authorizationType]!
    : { readsBody: false, authorize: notServed }
}

function notServed({ method }: Matched): never {
  throw new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', {
    detail: `authorization type ${method.authorizationType} is not known`,
  })
}

/** A true signature first; then the caller's own policies and the resource policy, by the tables for one and two accounts. */
function identityAndResourcePolicies(
  matched: Matched,
  body: Uint8Array | undefined,
  ports: Ports,
  options: GatewayOptions,
): Authorized | Promise<Authorized> {
  const { received, deployment } = matched
  const authenticated = authenticate(received, deployment.snapshot.region, body, ports)
  const go = ({ identity, claim }: Awaited<ReturnType<typeof authenticate>>): Authorized => {
    const caller = identity.principal
    const request = requestOf(matched, caller, new RequestContext(received, identity.keys))
    const authorization = decideAll(matched, request, identity.policies, options)
    return { ...matched, caller, identity, accessKeyId: claim.accessKeyId, authorization }
  }
  return authenticated instanceof Promise ? authenticated.then(go) : go(authenticated)
}
