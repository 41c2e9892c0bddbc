/** May this caller call this method? The flow follows the method's authorization type. */
import { authenticate } from './authenticate.ts'
import { lambdaAuthorizer } from './authorizers/lambda.ts'
import { anonymous, decideAll, requestOf } from './decide.ts'
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
 * One flow an authorization type; what is not served yet refuses.
 * @see API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow"
 */
const flows: Readonly<Record<string, Flow>> = {
  NONE: { readsBody: false, authorize: resourcePolicyMustAllow },
  AWS_IAM: { readsBody: true, authorize: identityAndResourcePolicies },
  CUSTOM: { readsBody: false, authorize: lambdaAuthorizer },
  COGNITO_USER_POOLS: { readsBody: false, authorize: notServed },
}

export function flowOf({ method }: Matched): Flow {
  return Object.hasOwn(flows, method.authorizationType)
    ? flows[method.authorizationType]!
    : flows['COGNITO_USER_POOLS']!
}

function notServed({ method }: Matched): never {
  throw new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', {
    detail: `authorization type ${method.authorizationType} is not supported yet`,
  })
}

/** No policy attached: open. One attached: it must allow the anonymous caller explicitly. */
function resourcePolicyMustAllow(
  matched: Matched,
  _body: Uint8Array | undefined,
  _ports: Ports,
  options: GatewayOptions,
): Authorized {
  const { deployment } = matched
  if (deployment.policy === 'none') return { ...matched, caller: anonymous }
  const request = requestOf(matched, anonymous, new RequestContext(matched.received))
  const authorization = decideAll(matched, request, {}, options)
  return { ...matched, caller: anonymous, authorization }
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
