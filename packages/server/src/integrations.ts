/** Integrations that ask this server's own services: functions by Invoke, others as their clients would. */
import {
  type FunctionAnswer,
  type OnBehalf,
  type Ports,
  type ServiceRequest,
  UpstreamError,
  type UpstreamResponse,
} from '@sekisho/gateway'
import {
  AwsError,
  type ServiceName,
  serviceBySigningName,
  traitsOfService,
  type WireRequest,
} from '@sekisho/protocols'
import { type Behalf, type Identity, type IdSource, WrittenEvent } from '@sekisho/services'
import type { Api } from './api/answer.ts'
import type { OnBehalfOfCaller } from './api/caller.ts'
import { noBody, type Reply } from './arrival.ts'
import type { FunctionCalls } from './function-calls.ts'
import { inTime, piecesOf } from './function-stream.ts'

const gatewayService = 'apigateway.amazonaws.com'
/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const mostAnswerBytes = 10 * 1024 * 1024

export function createServicePorts(
  { call, forward }: Pick<Api, 'call' | 'forward'>,
  functions: FunctionCalls,
  ids: Pick<IdSource, 'uuid'>,
): Pick<Ports, 'invokeFunction' | 'askService'> {
  return {
    invokeFunction: ({ functionName, payload, isEvent, onBehalf, timeoutMs, streaming }) =>
      within(timeoutMs, async (): Promise<FunctionAnswer> => {
        const requestId = ids.uuid()
        const behalf = behalfOf(onBehalf, requestId)
        const event = typeof payload === 'string' ? new WrittenEvent(payload) : payload
        const untilMs = performance.now() + timeoutMs
        try {
          if (event instanceof WrittenEvent && !isEvent && !streaming && !('caller' in behalf)) {
            const answer = await functions.invoke(functionName, event, behalf)
            return { payload: answer.payload, functionError: answer.functionError, requestId }
          }
          const input = {
            FunctionName: functionName,
            Payload: event,
            ...(isEvent && { InvocationType: 'Event' }),
          }
          if (streaming) {
            const begun = await call('lambda', 'InvokeWithResponseStream', input, behalf)
            const pieces = piecesOf(begun['EventStream'] as Parameters<typeof piecesOf>[0])
            return { payload: noBody, stream: inTime(pieces, untilMs, streaming.idleMs), requestId }
          }
          const output = await call('lambda', 'Invoke', input, behalf)
          return {
            payload: (output['Payload'] as Uint8Array | undefined) ?? new Uint8Array(),
            functionError: output['FunctionError'] as string | undefined,
            requestId,
          }
        } catch (error) {
          throw error instanceof AwsError ? refusalOf(error) : error
        }
      }),

    askService: (request) =>
      within(request.timeoutMs, async () => {
        const service = serviceOf(request)
        try {
          const asked = wireRequest(request, service)
          return await received(await forward(asked, service, behalfOf(request.onBehalf)))
        } catch (error) {
          throw error instanceof AwsError ? refusalOf(error) : error
        }
      }),
  }
}

function behalfOf(
  { identity, roleArn, accountId, region, sourceArn, causedBy }: OnBehalf,
  requestId?: string,
): Behalf | OnBehalfOfCaller {
  const id = requestId === undefined ? {} : { requestId }
  if (identity !== undefined)
    return {
      // As they were found: what the gateway sees of them is a part.
      caller: { identity: identity as Identity, region },
      by: 'apigateway',
      causedBy,
      ...id,
    }
  const sessionName = 'BackplaneAssumeRoleSession'
  return {
    service: gatewayService,
    accountId,
    region,
    sourceArn,
    causedBy,
    roleArn,
    sessionName,
    ...id,
  }
}

function refusalOf({ code, status, message }: AwsError): UpstreamError {
  if (code.startsWith('AccessDenied')) return new UpstreamError('NOT_PERMITTED', message)
  if (status === 429) return new UpstreamError('THROTTLED', message)
  return new UpstreamError('REFUSED', message)
}

/** @throws UpstreamError REFUSED */
function serviceOf({ service, region, onBehalf }: ServiceRequest): ServiceName {
  const name = serviceBySigningName(service)
  if (name === undefined)
    throw new UpstreamError('REFUSED', `the service ${service} is not supported by Sekisho`)
  if (region !== onBehalf.region && traitsOfService(name).isGlobal !== true && name !== 's3')
    throw new UpstreamError('REFUSED', `integrations with region ${region} are not supported`)
  return name
}

/** As the service's own clients would write it. */
function wireRequest(request: ServiceRequest, name: ServiceName): WireRequest {
  const { method, target, rawQuery, body, subdomain, region, service } = request
  const host = [subdomain, service, region, 'amazonaws.com'].filter((part) => part !== undefined)
  const headers = ['Host', host.join('.'), ...request.headers]
  if ('rawPath' in target) return { method, rawPath: target.rawPath, rawQuery, headers, body }
  const { protocol, version, targetPrefix } = traitsOfService(name)
  if (protocol === 'awsQuery') {
    const form = [
      `Action=${target.action}&Version=${version}`,
      rawQuery,
      Buffer.from(body).toString('utf8'),
    ]
    return {
      method: 'POST',
      rawPath: '/',
      rawQuery: '',
      headers: [
        ...without(headers, 'content-type'),
        'Content-Type',
        'application/x-www-form-urlencoded',
      ],
      body: Buffer.from(form.filter((part) => part !== '').join('&')),
    }
  }
  if (targetPrefix === undefined)
    throw new UpstreamError('REFUSED', `${service} has paths, not actions`)
  return {
    method: 'POST',
    rawPath: '/',
    rawQuery: '',
    headers: [
      ...without(headers, 'content-type'),
      'Content-Type',
      'application/x-amz-json-1.1',
      'X-Amz-Target',
      `${targetPrefix}.${target.action}`,
    ],
    body,
  }
}

function without(headers: readonly string[], lowerCaseName: string): readonly string[] {
  return headers.filter((_, at) => headers[at - (at % 2)]!.toLowerCase() !== lowerCaseName)
}

async function received({ status, headers, body }: Reply): Promise<UpstreamResponse> {
  if (typeof body === 'string') return { status, headers, body: Buffer.from(body) }
  if (body instanceof Uint8Array) return { status, headers, body }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    size += bytes.length
    if (size > mostAnswerBytes)
      throw new UpstreamError('TOO_LARGE', `the answer is larger than ${mostAnswerBytes} bytes`)
    parts.push(bytes)
  }
  return { status, headers, body: Buffer.concat(parts) }
}

/** @throws UpstreamError TIMEOUT */
function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new UpstreamError('TIMEOUT', `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    work().then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
