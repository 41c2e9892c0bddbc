/** Authorization by a function of the API's owner: TOKEN and REQUEST authorizers. */
import type { PolicySet } from '@sekisho/policy'
import { anonymous, DeniedError, decideAll, refuseExplicitDeny, requestOf } from '../decide.ts'
import { contextOf, headersOf, queryOf } from '../environment.ts'
import { withForwarded } from '../forwarded.ts'
import { GatewayError } from '../gateway-responses.ts'
import { requestMembers } from '../integrations/proxy-event.ts'
import { functionOf, parseServiceAddress } from '../integrations/service-address.ts'
import { memberOf } from '../mappings.ts'
import type { Authorized, Matched } from '../pass.ts'
import { isMatch } from '../patterns/match.ts'
import { type GatewayOptions, type Ports, UpstreamError } from '../ports.ts'
import { RequestContext } from '../request-context.ts'
import { fillStageVariables } from '../stage-variables.ts'
import {
  type AuthorizerAnswer,
  AuthorizerAnswerError,
  readAuthorizerAnswer,
} from './authorizer-answer.ts'
import type { CompiledAuthorizer, IdentitySource } from './compiled-authorizer.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const timeoutMs = 29_000

/**
 * In two phases: what the resource policy denies is denied before the function is asked; then its policy and the
 * resource policy decide together, like a user's own in the API's account.
 *
 * @throws GatewayError UNAUTHORIZED, ACCESS_DENIED, AUTHORIZER_CONFIGURATION_ERROR, AUTHORIZER_FAILURE
 * @see API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow"
 */
export function lambdaAuthorizer(
  matched: Matched,
  _body: Uint8Array | undefined,
  ports: Ports,
  options: GatewayOptions,
): Authorized | Promise<Authorized> {
  const { authorizer } = matched.method
  if (authorizer === undefined) throw misconfigured('the authorizer is missing or unreadable')
  const request = requestOf(matched, anonymous, new RequestContext(matched.received))
  refuseExplicitDeny(matched, request, options)
  const identity = identityOf(matched, authorizer)
  const { answers, ttlMs } = authorizer
  const kept =
    ttlMs > 0
      ? answers.get(
          `${matched.stage.stageName} ${identity}`,
          ports.nowMs(),
          ttlMs,
          matched.stage.authorizersFlushedAt ?? 0,
        )
      : undefined
  const go = (answer: AuthorizerAnswer): Authorized => {
    const { principalId, policy, context, usageIdentifierKey, latencyMs, requestId } = answer
    const own: PolicySet = { identity: [policy] }
    return {
      ...matched,
      caller: anonymous,
      authorization: decided(matched, request, own, options),
      authorizer: { ...context, principalId, integrationLatency: latencyMs },
      ...(requestId !== undefined && { authorizerRequestId: requestId }),
      ...(usageIdentifierKey !== undefined && { usageIdentifierKey }),
    }
  }
  if (kept !== undefined) return go(kept)
  const askedAt = ports.nowMs()
  return ask(matched, authorizer, ports).then((answer) => {
    if (ttlMs > 0) answers.set(`${matched.stage.stageName} ${identity}`, answer, askedAt)
    return go(answer)
  })
}

/**
 * What the function says of a request, whatever it said before.
 *
 * @throws GatewayError UNAUTHORIZED, AUTHORIZER_CONFIGURATION_ERROR, AUTHORIZER_FAILURE
 */
export async function askAuthorizer(matched: Matched, ports: Ports): Promise<AuthorizerAnswer> {
  const { authorizer } = matched.method
  if (authorizer === undefined) throw misconfigured('the authorizer is missing or unreadable')
  identityOf(matched, authorizer)
  return ask(matched, authorizer, ports)
}

/** A refusal of the function's own policy has shorter words than one of the resource policy. */
function decided(...asked: Parameters<typeof decideAll>): ReturnType<typeof decideAll> {
  try {
    return decideAll(...asked)
  } catch (error) {
    if (!(error instanceof DeniedError)) throw error
    const { effect, decidedBy } = error.authorization.decision
    if (effect === 'ExplicitDeny' && decidedBy === 'resource') throw error
    const suffix = effect === 'ExplicitDeny' ? ' with an explicit deny' : ''
    throw new DeniedError(
      error.authorization,
      `User is not authorized to access this resource${suffix}`,
    )
  }
}

/**
 * What the caller shows, as one text.
 *
 * @throws GatewayError UNAUTHORIZED  something is missing, or does not look as it should: the function is not asked
 */
function identityOf(matched: Matched, authorizer: CompiledAuthorizer): string {
  const { sources, isToken, validation, ttlMs } = authorizer
  const values = sources.map((source) => readSource(source, matched))
  const mustBeThere = isToken || ttlMs > 0
  if (mustBeThere && values.some((all) => all.join(',') === ''))
    throw new GatewayError('UNAUTHORIZED')
  if (validation && !isMatch(validation, values[0]?.join(',') ?? ''))
    throw new GatewayError('UNAUTHORIZED')
  // One value with a comma in it is not two: who reads the last alone takes them for others.
  return JSON.stringify(values)
}

/** None: it is not there. */
function readSource({ place, name }: IdentitySource, matched: Matched): readonly string[] {
  const { received, stage } = matched
  switch (place) {
    case 'header':
      return headersOf(received.headers).get(name.toLowerCase())?.values ?? []
    case 'querystring':
      return queryOf(received.rawQuery)[name] ?? []
    case 'stageVariables':
      return Object.hasOwn(stage.variables, name) ? [stage.variables[name]!] : []
    case 'context': {
      const value = name.split('.').reduce<unknown>(memberOf, contextOf(matched))
      return value === undefined || value === null ? [] : [String(value)]
    }
  }
}

function ask(
  matched: Matched,
  authorizer: CompiledAuthorizer,
  ports: Ports,
): Promise<AuthorizerAnswer> {
  return invoked(matched, authorizer, ports).catch((error: unknown) => {
    throw error instanceof GatewayError ? error : failed(error, authorizer.definition.name)
  })
}

async function invoked(
  matched: Matched,
  authorizer: CompiledAuthorizer,
  ports: Ports,
): Promise<AuthorizerAnswer> {
  const { definition } = authorizer
  const { stage, deployment, received } = matched
  const address = parseServiceAddress(
    fillStageVariables(definition.authorizerUri ?? '', stage.variables),
  )
  const functionName = address && functionOf(address)
  if (functionName === undefined) throw misconfigured('its address is the address of no function')
  const { accountId, region } = deployment.snapshot
  const roleArn = fillStageVariables(definition.authorizerCredentials ?? '', stage.variables)
  const begunAt = ports.machineNowMs()
  const { payload, functionError, requestId } = await ports.invokeFunction({
    functionName,
    payload: eventOf(matched, authorizer),
    isEvent: false,
    onBehalf: {
      accountId,
      region,
      sourceArn: `${deployment.arnPrefix}authorizers/${definition.id}`,
      causedBy: received.requestId,
      ...(roleArn !== '' && { roleArn }),
    },
    timeoutMs,
  })
  if (functionError !== undefined) {
    // The one word by which a function says that it does not know the caller.
    if (errorMessageOf(payload) === 'Unauthorized') throw new GatewayError('UNAUTHORIZED')
    throw misconfigured('the function failed')
  }
  const latencyMs = ports.machineNowMs() - begunAt
  return {
    ...readAuthorizerAnswer(payload, definition.name, latencyMs),
    ...(requestId !== undefined && { requestId }),
  }
}

/** @see API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer" */
function eventOf(matched: Matched, { isToken, sources }: CompiledAuthorizer): string {
  const { methodArn, received } = matched
  if (isToken)
    return JSON.stringify({
      type: 'TOKEN',
      methodArn,
      authorizationToken: readSource(sources[0]!, matched).join(','),
    })
  const members = requestMembers({
    pass: matched,
    context: contextOf(matched),
    query: queryOf(received.rawQuery),
    headers: headersOf(withForwarded(received)),
  })
  return `{"type":"REQUEST","methodArn":${JSON.stringify(methodArn)},${members}}`
}

function errorMessageOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload)).errorMessage
  } catch {
    return undefined
  }
}

function misconfigured(why: string): GatewayError {
  return new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', {
    detail: `Execution failed due to configuration error: authorizer: ${why}`,
  })
}

function failed(error: unknown, name: string): unknown {
  if (error instanceof AuthorizerAnswerError)
    return misconfigured(`the answer of ${name} is none: ${error.message}`)
  if (!(error instanceof UpstreamError)) return error
  return error.code === 'THROTTLED'
    ? new GatewayError('AUTHORIZER_FAILURE', { detail: error.message })
    : misconfigured(`${name} could not be asked: ${error.message}`)
}
