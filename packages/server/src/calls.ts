/** A call to a deployed API, from the front door to the decision log. */
import {
  GatewayError,
  type GatewayOptions,
  type GatewayReply,
  invoke,
  type Ports,
  type Received,
  renderRefusal,
} from '@sekisho/gateway'
import { principalName } from '@sekisho/policy'
import { type Arrival, BodyTooLargeError } from './arrival.ts'
import type { Deployments, ServedStage } from './deployments.ts'
import type { ApiAddress } from './front-door.ts'
import { extendedRequestId } from './ids.ts'
import type { Log } from './log.ts'
import type { Source } from './net/source-address.ts'
import type { AnswerCall, Answered } from './roads.ts'
import { checkClient } from './tls/mutual.ts'
import { circumstancesOf } from './trail/circumstances.ts'
import type { PolicyArchive } from './trail/policies.ts'
import { callerOf, outcomeOf, statementOf } from './trail/record.ts'
import type { Trail } from './trail/trail.ts'

export interface CallsOptions {
  readonly deployments: Deployments
  readonly ports: Ports
  readonly gateway: GatewayOptions
  readonly archive: PolicyArchive
  readonly trail: Pick<Trail, 'record'>
  readonly log: Log
}

/** @see API Gateway Developer Guide, "Amazon API Gateway quotas and important notes" */
const limits = { bodyBytes: 10 * 1024 * 1024, urlBytes: 10_240, headerBytes: 10_240 } as const

export function createCalls(options: CallsOptions): AnswerCall {
  const serve = (
    arrival: Arrival,
    address: ApiAddress,
    source: Source,
    served: ServedStage | undefined,
  ): Answered | Promise<Answered> => {
    const extendedId = extendedRequestId()
    const { truststore } = address.domain ?? {}
    const client =
      truststore === undefined
        ? undefined
        : checkClient(arrival.tls, truststore, arrival.receivedAt)
    const refusal =
      client && 'refusal' in client
        ? untrusted(client.refusal, arrival, options.log)
        : refusalOf(arrival, address, served)
    if (refusal !== undefined || served === undefined) {
      const reply = refusal ?? forbidden()
      return finish(arrival, address, source, reply, extendedId, undefined, options)
    }
    const received: Received = {
      requestId: arrival.requestId,
      extendedRequestId: extendedId,
      method: arrival.method,
      rawPath: arrival.rawPath,
      stagePath: address.path,
      rawQuery: arrival.rawQuery,
      headers: arrival.headers,
      sourceIp: source.address,
      domainName: address.domain?.host ?? arrival.host,
      ...(address.domain && { customDomain: { basePath: address.domain.basePath } }),
      ...(arrival.tls && { tls: arrival.tls }),
      ...(client && 'clientCertPem' in client && { clientCertificate: client }),
      ...(arrival.vpcEndpoint && { vpcEndpoint: arrival.vpcEndpoint }),
      isSecure: source.isSecure,
      receivedAtMs: options.ports.nowMs(),
      hasBody: arrival.hasBody,
      readBody: () => bodyOf(arrival),
    }
    const { deployment, stage } = served
    const reply = invoke(received, deployment, stage, options.ports, options.gateway)
    return reply instanceof Promise
      ? reply.then((each) => finish(arrival, address, source, each, extendedId, served, options))
      : finish(arrival, address, source, reply, extendedId, served, options)
  }

  return (arrival, address, source) => {
    const served = options.deployments.find(address.apiId, address.stageName)
    return served instanceof Promise
      ? served.then((each) => serve(arrival, address, source, chosen(each)))
      : serve(arrival, address, source, chosen(served))
  }
}

/** The stage's canary, as often as its settings say. */
function chosen(served: ServedStage | undefined): ServedStage | undefined {
  if (served?.canary === undefined) return served
  const { percentTraffic = 0 } = served.stage.canarySettings ?? {}
  return Math.random() * 100 < percentTraffic ? served.canary : served
}

async function bodyOf(arrival: Arrival): Promise<Uint8Array> {
  try {
    return await arrival.readBody(limits.bodyBytes)
  } catch (error) {
    throw error instanceof BodyTooLargeError ? new GatewayError('REQUEST_TOO_LARGE') : error
  }
}

type Refusal = Omit<GatewayReply, 'outcome'> & {
  readonly outcome: Pick<GatewayReply['outcome'], 'refusal'>
}

/** What is refused whatever the API says: no such API, another region's, its default address closed, too long. */
function refusalOf(
  { rawPath, rawQuery, headers, vpcEndpoint }: Arrival,
  { region, domain, isByEndpointName = false }: ApiAddress,
  served: ServedStage | undefined,
): Refusal | undefined {
  if (rawPath.length + rawQuery.length + 1 > limits.urlBytes) return uriTooLong
  let sizeBytes = 0
  for (let at = 0; at < headers.length; at++) sizeBytes += headers[at]!.length + 2
  if (sizeBytes > limits.headerBytes) return headersTooLarge
  if (served === undefined) return forbidden()
  const { snapshot } = served.deployment
  const isElsewhere = region !== undefined && region !== snapshot.region
  const isClosed =
    domain === undefined
      ? snapshot.disableExecuteApiEndpoint
      : snapshot.accountId !== domain.accountId
  // Private APIs and VPC endpoints are for each other alone.
  const isPrivate = snapshot.endpointTypes.includes('PRIVATE')
  const isApart =
    isPrivate !== (vpcEndpoint !== undefined) ||
    (isPrivate && snapshot.policy === undefined) ||
    (isByEndpointName && !snapshot.vpcEndpointIds.includes(vpcEndpoint?.id ?? ''))
  return isElsewhere || isClosed || isApart ? forbidden() : undefined
}

function untrusted(reason: string, { requestId }: Arrival, log: Log): Refusal {
  log.debug('a client of a domain name with mutual TLS was turned away', { requestId, reason })
  return { ...forbidden(), outcome: { refusal: 'UNTRUSTED_CERTIFICATE' } }
}

function forbidden(): Refusal {
  return { ...renderRefusal(new GatewayError('DEFAULT_4XX')), outcome: { refusal: 'FORBIDDEN' } }
}

const uriTooLong: Refusal = {
  status: 414,
  headers: ['Content-Type', 'application/json'],
  body: '{"message":"Request URI too long"}',
  outcome: { refusal: 'URI_TOO_LONG' },
}

const headersTooLarge: Refusal = {
  status: 431,
  headers: ['Content-Type', 'application/json'],
  body: '{"message":"Request Header Fields Too Large"}',
  outcome: { refusal: 'HEADERS_TOO_LARGE' },
}

function finish(
  arrival: Arrival,
  address: ApiAddress,
  source: Source,
  { status, headers, body, stream, outcome }: GatewayReply | Refusal,
  extendedId: string,
  served: ServedStage | undefined,
  options: CallsOptions,
): Answered {
  const full = 'httpMethod' in outcome ? outcome : undefined
  const word = record(arrival, address, source, status, outcome.refusal, full, served, options)
  return {
    status,
    headers: [...headers, 'x-amzn-RequestId', arrival.requestId, 'x-amz-apigw-id', extendedId],
    body: stream ?? body,
    outcome: word,
    ...(status === 413 && { closes: true }),
  }
}

function record(
  arrival: Arrival,
  { apiId, stageName }: ApiAddress,
  source: Source,
  status: number,
  refusal: string | undefined,
  outcome: GatewayReply['outcome'] | undefined,
  served: ServedStage | undefined,
  { trail, archive, log }: CallsOptions,
): string {
  const authorization = outcome?.authorization
  const decision = authorization?.decision
  const isPolicys = refusal === 'ACCESS_DENIED' && decision !== undefined
  const word =
    refusal === undefined || isPolicys ? (decision ? outcomeOf(decision) : 'allow') : refusal
  const { caller, detail } = outcome ?? {}
  if (outcome?.isFault)
    log.error('a call to a deployed API failed', { requestId: arrival.requestId, detail })
  const statement = decision && statementOf(decision)
  trail.record({
    at: arrival.receivedAt,
    requestId: arrival.requestId,
    road: 'execute-api',
    method: outcome?.httpMethod ?? arrival.method,
    path: arrival.rawPath,
    sourceIp: source.address,
    principal: caller ? principalName(caller) : 'anonymous',
    caller: callerOf(caller),
    accountId: served?.deployment.snapshot.accountId,
    apiId: apiId.slice(0, 64),
    stage: stageName.slice(0, 128),
    edgeRequestId: arrival.edgeRequestId,
    action: authorization?.request.action ?? 'execute-api:Invoke',
    resource: authorization?.request.resource ?? outcome?.methodArn ?? '*',
    outcome: word,
    status,
    decidedBy: decision?.decidedBy,
    statement,
    ...(authorization && circumstancesOf(authorization, archive)),
    detail: outcome?.isFault ? undefined : withoutQueries(detail),
  })
  return word
}

/** Queries hold what is nobody's business. */
function withoutQueries(detail: string | undefined): string | undefined {
  return detail?.replace(/\?[^\s`]*/g, '?…')
}
