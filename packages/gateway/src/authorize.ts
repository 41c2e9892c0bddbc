/** May this caller call this method? The flow follows the method's authorization type. */
import {
  type AuthorizationRequest,
  type Decision,
  authorize as decide,
  denialReason,
  type PolicySet,
  type Principal,
  principalName,
} from '@sekisho/policy'
import {
  answerTo,
  checkClaim,
  emptySha256,
  findSignature,
  type SignatureClaim,
  SignatureError,
  serviceRules,
  sha256,
  verifySignature,
} from '@sekisho/sigv4'
import { GatewayError } from './gateway-responses.ts'
import type { Authorization, Authorized, Matched, Received } from './pass.ts'
import type { CallerFound, CallerIdentity, GatewayOptions, Ports } from './ports.ts'
import { RequestContext } from './request-context.ts'

const anonymous: Principal = { type: 'anonymous' }

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
  CUSTOM: { readsBody: false, authorize: notServed },
  COGNITO_USER_POOLS: { readsBody: false, authorize: notServed },
}

export function flowOf({ method }: Matched): Flow {
  return Object.hasOwn(flows, method.authorizationType)
    ? flows[method.authorizationType]!
    : flows['CUSTOM']!
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
  const go = ({ identity, claim }: Authenticated): Authorized => {
    const caller = identity.principal
    const request = requestOf(matched, caller, new RequestContext(received, identity.keys))
    const authorization = decideAll(matched, request, identity.policies, options)
    return { ...matched, caller, identity, accessKeyId: claim.accessKeyId, authorization }
  }
  return authenticated instanceof Promise ? authenticated.then(go) : go(authenticated)
}

function requestOf(
  matched: Matched,
  principal: Principal,
  context: RequestContext,
): AuthorizationRequest {
  return {
    principal,
    action: 'execute-api:Invoke',
    resource: matched.methodArn,
    resourceAccountId: matched.deployment.snapshot.accountId,
    context,
  }
}

/** @throws GatewayError ACCESS_DENIED */
function decideAll(
  matched: Matched,
  request: AuthorizationRequest,
  own: PolicySet,
  options: GatewayOptions,
): Authorization {
  const { policy } = matched.deployment
  if (policy === 'unreadable')
    throw new DeniedError({ decision: unreadable, request, policies: own })
  const policies: PolicySet = policy === 'none' ? own : { ...own, resource: policy }
  const authorization = { decision: decide(request, policies), request, policies }
  if (!authorization.decision.allowed) throw new DeniedError(authorization)
  if (options.strictPaths) refuseDodgedDeny(matched, request, policies)
  return authorization
}

/** A Deny on the path without its tricks holds for the path with them. */
function refuseDodgedDeny(
  matched: Matched,
  request: AuthorizationRequest,
  policies: PolicySet,
): void {
  const path = normalizedPath(matched.received.stagePath)
  if (path === matched.received.stagePath) return
  const { arnPrefix } = matched.deployment
  const resource = `${arnPrefix}${matched.stage.stageName}/${matched.httpMethod}${path}`
  const strict = { ...request, resource }
  const decision = decide(strict, policies)
  if (decision.effect === 'ExplicitDeny')
    throw new DeniedError({ decision, request: strict, policies })
}

/** Decoded, without repeated and trailing slashes and without dot segments. */
function normalizedPath(path: string): string {
  const kept: string[] = []
  for (const part of decoded(path).split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const unreadable: Decision = {
  allowed: false,
  effect: 'ImplicitDeny',
  decidedBy: 'resource',
  determining: [],
}

/** A decision that refuses, with what was asked: the log wants to know. */
export class DeniedError extends GatewayError {
  readonly authorization: Authorization

  constructor(authorization: Authorization) {
    super('ACCESS_DENIED', { message: denialMessage(authorization) })
    this.authorization = authorization
  }
}

/** The classic sentence; account numbers show their last four digits. */
function denialMessage({ decision, request }: Authorization): string {
  const caller = masked(principalName(request.principal))
  return `User: ${caller} is not authorized to perform: ${request.action} on resource: ${masked(request.resource)}${suffixOf(decision, request)}`
}

function masked(arn: string): string {
  return arn.replace(/^((?:[^:]*:){4})\d{8}(\d{4}:)/, '$1********$2')
}

/** Of a resource policy only the explicit deny is told, and not whose it is; of other policies as elsewhere in AWS. */
function suffixOf(decision: Decision, { principal, action }: AuthorizationRequest): string {
  if (decision.effect === 'ExplicitDeny' && decision.decidedBy === 'resource')
    return ' with an explicit deny'
  if (
    decision.effect === 'ImplicitDeny' &&
    (decision.decidedBy === 'resource' || principal.type === 'anonymous')
  )
    return ''
  return denialReason(decision, action)
}

interface Authenticated {
  readonly identity: CallerIdentity
  readonly claim: SignatureClaim
}

/**
 * Who signed this call? At once where the caller is known already.
 * @throws GatewayError MISSING_AUTHENTICATION_TOKEN, INVALID_SIGNATURE, EXPIRED_TOKEN
 */
export function authenticate(
  received: Received,
  region: string,
  body: Uint8Array | undefined,
  ports: Ports,
): Authenticated | Promise<Authenticated> {
  const signedBy = ports.machineNowMs()
  const claim = checkedClaim(received, region, signedBy)
  const found = ports.identify(claim.accessKeyId, claim.sessionToken, ports.nowMs())
  const verify = (each: CallerFound) => verified(received, region, body, claim, each, signedBy)
  return found instanceof Promise ? found.then(verify) : verify(found)
}

function verified(
  { method, rawPath, rawQuery, headers }: Received,
  region: string,
  body: Uint8Array | undefined,
  claim: SignatureClaim,
  found: CallerFound,
  nowMs: number,
): Authenticated {
  const identity = somebody(found, claim)
  return refusing(() => {
    verifySignature({ method, rawPath, rawQuery, headers }, claim, {
      secretAccessKey: identity.secretAccessKey,
      now: new Date(nowMs),
      bodySha256: () => (body === undefined || body.length === 0 ? emptySha256 : sha256(body)),
      rules: serviceRules('execute-api', region),
    })
    return { identity, claim }
  })
}

/** What can be refused before the body is read: a claim that is none, too old, for another region, of an unknown key. */
export function checkBeforeBody({ received, deployment }: Matched, ports: Ports): void {
  const claim = checkedClaim(received, deployment.snapshot.region, ports.machineNowMs())
  const found = ports.identify(claim.accessKeyId, claim.sessionToken, ports.nowMs())
  // Whoever has to be looked up first is looked at after the body.
  if (!(found instanceof Promise)) somebody(found, claim)
}

function checkedClaim(received: Received, region: string, nowMs: number): SignatureClaim {
  return refusing(() => {
    const claim = claimOf(received)
    checkClaim(claim, { now: new Date(nowMs), rules: serviceRules('execute-api', region) })
    return claim
  })
}

/** @throws GatewayError INVALID_SIGNATURE, EXPIRED_TOKEN */
function somebody(
  found: CallerFound,
  { accessKeyId, sessionToken = '' }: SignatureClaim,
): CallerIdentity {
  if (typeof found !== 'string') return found
  throw refusalOf(
    found === 'unknown'
      ? new SignatureError('unknownAccessKey', { accessKeyId })
      : found === 'invalid token'
        ? new SignatureError('invalidToken', { token: sessionToken })
        : new SignatureError('expiredToken', { token: sessionToken }),
  )
}

function refusing<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof SignatureError ? refusalOf(error) : error
  }
}

function claimOf({ method, rawPath, rawQuery, headers }: Received): SignatureClaim {
  const claim = findSignature({ method, rawPath, rawQuery, headers })
  if (claim === undefined) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN')
  return claim
}

function refusalOf(error: SignatureError): GatewayError {
  const { code, status, message } = answerTo(error, 'executeApi')
  const type = code === 'ExpiredTokenException' ? 'EXPIRED_TOKEN' : 'INVALID_SIGNATURE'
  return new GatewayError(type, { errorType: code, status, message })
}
