/** What a stage's access log can say of a call, beside what mapping templates can. */
import type { GatewayResponseType } from '@aws-sdk/client-api-gateway'
import { DeniedError } from '../decide.ts'
import { contextOf } from '../environment.ts'
import { errorContextOf, gatewayResponses, messageOf } from '../gateway-responses.ts'
import type { GatewayReply } from '../pass.ts'
import type { Progress } from '../progress.ts'
import { traceOf } from '../trace.ts'
import { masked } from './masked.ts'

/** @see API Gateway Developer Guide, "Variables for access logging for API Gateway" */
export function logContextOf(progress: Progress, reply: GatewayReply): Record<string, unknown> {
  const { received, deployment, stage, matched, authorized, admitted, response } = progress
  const context = contextOf({
    received,
    deployment,
    stage,
    ...matched,
    ...authorized,
    ...admitted,
  })
  const identity = context['identity'] as { readonly apiKey?: string }
  const times = timesOf(progress)
  const reached = phasesOf(progress, times.authorization)
  const answered = response ?? progress.refusal?.details.answered
  const integrationStatus = answered?.serviceStatus ?? response?.status
  const serviceRequestId = answered?.serviceRequestId ?? requestIdOf(response?.headers)
  return {
    ...context,
    authenticate: reached.authenticate,
    authorize: reached.authorize,
    authorizer: authorizerOf(progress, context['authorizer'], reached.authorizer),
    cipherSuite: received.tls?.cipherSuite,
    customDomain: received.customDomain && { basePathMatched: received.customDomain.basePath },
    identity: {
      ...identity,
      apiKey: identity.apiKey && masked(identity.apiKey),
      vpceId: received.vpcEndpoint?.id,
      vpcId: received.vpcEndpoint?.vpcId,
    },
    awsEndpointRequestId: serviceRequestId,
    endpointType: deployment.snapshot.endpointTypes[0],
    error: progress.refusal && errorContextOf(progress.refusal),
    integration: {
      error: progress.request && !response ? progress.refusal?.message : undefined,
      integrationStatus,
      latency: times.integration,
      requestId: serviceRequestId,
      responseTransferMode: progress.request && transferModeOf(progress.request),
      status: response?.status,
      timeToAllHeaders: times.integration,
      timeToFirstContent: times.firstContent,
    },
    integrationLatency: times.integration,
    integrationStatus,
    responseLatency: times.whole,
    responseLength: progress.streamedBytes ?? Buffer.byteLength(reply.body),
    status: reply.status,
    tlsVersion: received.tls?.version,
    xrayTraceId: stage.tracingEnabled ? traceOf(progress) : undefined,
  }
}

function transferModeOf({ for: { method } }: NonNullable<Progress['request']>): string {
  return method.integration?.streams === true ? 'STREAM' : 'BUFFERED'
}

interface Took {
  readonly authorization: number | undefined
  readonly integration: number | undefined
  readonly firstContent: number | undefined
  readonly whole: number | undefined
}

/** In milliseconds. */
function timesOf({ times }: Progress): Took {
  if (times === undefined)
    return {
      authorization: undefined,
      integration: undefined,
      firstContent: undefined,
      whole: undefined,
    }
  const now = times.now()
  const { begun, authorized = now, sent, answered = now, firstContent = answered } = times
  return {
    authorization: authorized - begun,
    integration: sent === undefined ? undefined : answered - sent,
    firstContent: sent === undefined ? undefined : firstContent - sent,
    whole: now - begun,
  }
}

type Phase = 'authenticate' | 'authorizer' | 'authorize'

/** In which order a method asks who it is, and whether they may. */
const phases: Readonly<Record<string, readonly Phase[]>> = {
  NONE: ['authorize'],
  AWS_IAM: ['authenticate', 'authorize'],
  CUSTOM: ['authorizer', 'authorize'],
  COGNITO_USER_POOLS: ['authorizer', 'authorize'],
}

const failures: Partial<Record<GatewayResponseType, Phase>> = {
  EXPIRED_TOKEN: 'authenticate',
  INVALID_SIGNATURE: 'authenticate',
  MISSING_AUTHENTICATION_TOKEN: 'authenticate',
  UNAUTHORIZED: 'authorizer',
  AUTHORIZER_CONFIGURATION_ERROR: 'authorizer',
  AUTHORIZER_FAILURE: 'authorizer',
  ACCESS_DENIED: 'authorize',
}

/**
 * Those that the call came to, each with its status, what was wrong and how long it took.
 *
 * @see AWS Compute Blog, "Troubleshooting Amazon API Gateway with enhanced observability variables"
 */
function phasesOf(
  { matched, authorized, refusal }: Progress,
  latency: number | undefined,
): Partial<Record<Phase, object>> {
  if (matched === undefined) return {}
  const failedAt = authorized === undefined && refusal ? failures[refusal.type] : undefined
  if (authorized === undefined && failedAt === undefined) return {}
  const policies = refusal instanceof DeniedError ? refusal.authorization.policies : undefined
  const reached: Partial<Record<Phase, object>> = {}
  for (const phase of phases[matched.method.authorizationType] ?? []) {
    if (phase === failedAt) {
      reached[phase] = { status: statusOf(refusal!.type), error: messageOf(refusal!), latency }
      break
    }
    // Nobody was asked: there is no policy, or it denied before the function's turn.
    if (phase === 'authorize' && authorized?.authorization === undefined) continue
    if (phase === 'authorizer' && policies && policies.identity === undefined) continue
    reached[phase] = { status: 200, latency }
  }
  return reached
}

/** What it says of the caller, with how it went. */
function authorizerOf(
  { matched, authorized }: Progress,
  said: unknown,
  phase: object | undefined,
): unknown {
  if (phase === undefined) return said
  const isFunction = matched?.method.authorizationType === 'CUSTOM'
  return {
    ...(said as object | undefined),
    ...phase,
    ...(isFunction &&
      authorized && { integrationStatus: 200, requestId: authorized.authorizerRequestId }),
  }
}

function statusOf(type: GatewayResponseType): number {
  return gatewayResponses[type].status
}

/** Of the service behind the integration. */
function requestIdOf(headers: readonly string[] = []): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (/^x-amzn?-request-?id$/i.test(headers[at]!)) return headers[at + 1]
  return undefined
}
