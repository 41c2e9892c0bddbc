/** AWS_PROXY: a function is given the whole request, and its answer is the response. */
import { isBinary } from '../content-handling.ts'
import { GatewayError } from '../gateway-responses.ts'
import { isHeaderName, isHeaderValue } from '../headers.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'
import type { Ports } from '../ports.ts'
import { askFunction } from './function.ts'
import { MalformedAnswerError, type ProxyAnswer, readProxyAnswer } from './proxy-answer.ts'
import { proxyEvent } from './proxy-event.ts'
import { functionOf, parseServiceAddress } from './service-address.ts'

/** @throws GatewayError INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR, DEFAULT_5XX */
export async function lambdaProxy(
  request: IntegrationRequest,
  ports: Ports,
): Promise<IntegrationResponse> {
  const { integration } = request.for.method
  // Made as it is written, and found out when it is called.
  if (integration!.httpMethod !== 'POST')
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `functions are asked with POST, not ${integration!.httpMethod}`,
    })
  const functionName = functionAt(request.uri)
  if (functionName === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `\`${request.uri}\` is the address of no function`,
    })
  const event = JSON.stringify(proxyEvent(request.env))
  const { payload, functionError } = await askFunction(request, functionName, event, ports)
  if (functionError !== undefined) throw malformed('the function failed')
  const answer = read(payload)
  return {
    to: request,
    status: answer.status,
    serviceStatus: 200,
    headers: answer.headers,
    body: bodyOf(answer, request),
  }
}

const functionNames = new Map<string, string | undefined>()
/** Stage variables may make many of one. */
const mostNames = 1_000

/** What an address names is the same with every call. */
function functionAt(uri: string): string | undefined {
  let name = functionNames.get(uri)
  if (name === undefined && !functionNames.has(uri)) {
    const address = parseServiceAddress(uri)
    name = address && functionOf(address)
    if (functionNames.size >= mostNames) functionNames.clear()
    functionNames.set(uri, name)
  }
  return name
}

function read(payload: Uint8Array): ProxyAnswer {
  try {
    const answer = readProxyAnswer(payload)
    for (let at = 0; at < answer.headers.length; at += 2)
      if (!isHeaderName(answer.headers[at]!) || !isHeaderValue(answer.headers[at + 1]!))
        throw new MalformedAnswerError('one of its headers is none')
    return answer
  } catch (error) {
    throw error instanceof MalformedAnswerError ? malformed(error.message) : error
  }
}

/** @see API Gateway Developer Guide, "Handle Lambda errors in API Gateway" */
function malformed(why: string): GatewayError {
  return new GatewayError('DEFAULT_5XX', {
    status: 502,
    message: 'Internal server error',
    detail: `Execution failed due to configuration error: Malformed Lambda proxy response: ${why}`,
  })
}

/** Decoded where the client, or else what is sent, is binary. */
function bodyOf({ body, isBase64Encoded, headers }: ProxyAnswer, request: IntegrationRequest) {
  if (!isBase64Encoded) return Buffer.from(body)
  const { binaryMediaTypes } = request.for.deployment.snapshot
  const accept = request.env.headers.get('accept')?.values[0]?.split(',')[0] ?? ''
  const at = headers.findIndex((name, index) => index % 2 === 0 && /^content-type$/i.test(name))
  const isWanted =
    isBinary(accept, binaryMediaTypes) || (at >= 0 && isBinary(headers[at + 1]!, binaryMediaTypes))
  return isWanted ? Buffer.from(body, 'base64') : Buffer.from(body)
}
