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
  return {
    ...context,
    ...checksOf(progress, times.authorization),
    authorizer: authorizerOf(progress, context['authorizer'], times.authorization),
    cipherSuite: received.tls?.cipherSuite,
    customDomain: received.customDomain && { basePathMatched: received.customDomain.basePath },
    identity: {
      ...identity,
      apiKey: identity.apiKey && masked(identity.apiKey),
      vpceId: received.vpcEndpoint?.id,
      vpcId: received.vpcEndpoint?.vpcId,
    },
    awsEndpointRequestId: response && requestIdOf(response.headers),
    endpointType: deployment.snapshot.endpointTypes[0],
    error: progress.refusal && errorContextOf(progress.refusal),
    integration: {
      error: progress.request && !response ? progress.refusal?.message : undefined,
      integrationStatus: response?.status,
      latency: times.integration,
      requestId: response && requestIdOf(response.headers),
      responseTransferMode: progress.request && 'BUFFERED',
      status: response?.status,
      timeToAllHeaders: times.integration,
      timeToFirstContent: times.integration,
    },
    integrationLatency: times.integration,
    integrationStatus: response?.status,
    responseLatency: times.whole,
    responseLength: Buffer.byteLength(reply.body),
    status: reply.status,
    tlsVersion: received.tls?.version,
    xrayTraceId: stage.tracingEnabled ? traceOf(progress) : undefined,
  }
}

interface Took {
  readonly authorization: number | undefined
  readonly integration: number | undefined
  readonly whole: number | undefined
}

/** In milliseconds. */
function timesOf({ times }: Progress): Took {
  if (times === undefined)
    return { authorization: undefined, integration: undefined, whole: undefined }
  const now = times.now()
  const { begun, authorized = now, sent, answered = now } = times
  return {
    authorization: authorized - begun,
    integration: sent === undefined ? undefined : answered - sent,
    whole: now - begun,
  }
}

const unauthenticated: ReadonlySet<string> = new Set([
  'EXPIRED_TOKEN',
  'INVALID_SIGNATURE',
  'MISSING_AUTHENTICATION_TOKEN',
  'UNAUTHORIZED',
])

/** Who is it, and may they: each with its status, what was wrong and how long it took. */
function checksOf(
  { matched, authorized, refusal }: Progress,
  latency: number | undefined,
): Record<string, unknown> {
  if (matched === undefined || matched.method.authorizationType === 'NONE') {
    if (!(refusal instanceof DeniedError) && authorized?.authorization === undefined) return {}
  }
  if (authorized !== undefined) {
    const passed = { status: 200, latency }
    return {
      ...(matched?.method.authorizationType !== 'NONE' && { authenticate: passed }),
      ...(authorized.authorization && { authorize: passed }),
    }
  }
  if (refusal === undefined) return {}
  const failed = { status: matched && statusOf(refusal.type), error: messageOf(refusal), latency }
  if (unauthenticated.has(refusal.type)) return { authenticate: failed }
  return refusal instanceof DeniedError ? { authorize: failed } : {}
}

/** With how it went, where a function was asked. */
function authorizerOf(
  { matched, authorized, refusal }: Progress,
  said: unknown,
  latency: number | undefined,
): unknown {
  if (matched?.method.authorizationType !== 'CUSTOM') return said
  if (authorized) return { ...(said as object | undefined), latency, status: 200 }
  return refusal && { latency, status: statusOf(refusal.type), error: messageOf(refusal) }
}

function statusOf(type: GatewayResponseType): number {
  return gatewayResponses[type].status
}

/** Of the service behind the integration. */
function requestIdOf(headers: readonly string[]): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (/^x-amzn?-request-?id$/i.test(headers[at]!)) return headers[at + 1]
  return undefined
}
