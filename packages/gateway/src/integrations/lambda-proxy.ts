/** AWS_PROXY: a function is given the whole request, and its answer is the response. */
import { isBinary } from '../content-handling.ts'
import { GatewayError, type RefusalDetails } from '../gateway-responses.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'
import { type BodyStream, type Ports, UpstreamError } from '../ports.ts'
import { askFunction, serviceRequest } from './function.ts'
import { upstreamRefusal } from './http.ts'
import { MalformedAnswerError, type ProxyAnswer, readProxyAnswer } from './proxy-answer.ts'
import { proxyEvent } from './proxy-event.ts'
import { functionOf, parseServiceAddress } from './service-address.ts'
import { readStreamedAnswer } from './streamed-answer.ts'

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
  const functionName = functionAt(request.uri, integration!.streams)
  if (functionName === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `\`${request.uri}\` is the address of no function`,
    })
  const event = proxyEvent(request.env)
  const asked = await askFunction(request, functionName, event, ports)
  const { payload, stream, functionError } = asked
  const asService: AsService = { serviceStatus: 200, ...serviceRequest(asked) }
  if (functionError !== undefined) throw malformed('the function failed', asService)
  if (stream !== undefined) return streamed(request, stream, asService)
  const answer = read(payload, asService)
  return {
    to: request,
    status: answer.status,
    ...asService,
    headers: answer.headers,
    body: bodyOf(answer, request),
  }
}

type AsService = NonNullable<RefusalDetails['answered']>

const functionNames = new Map<string, string | undefined>()
const streamingNames = new Map<string, string | undefined>()
/** Stage variables may make many of one. */
const mostNames = 1_000

/** What an address names is the same with every call. */
function functionAt(uri: string, streams: boolean): string | undefined {
  const names = streams ? streamingNames : functionNames
  let name = names.get(uri)
  if (name === undefined && !names.has(uri)) {
    const address = parseServiceAddress(uri)
    name = address && functionOf(address, streams)
    if (names.size >= mostNames) names.clear()
    names.set(uri, name)
  }
  return name
}

function read(payload: Uint8Array, asService: AsService): ProxyAnswer {
  try {
    return readProxyAnswer(payload)
  } catch (error) {
    throw error instanceof MalformedAnswerError ? malformed(error.message, asService) : error
  }
}

async function streamed(
  request: IntegrationRequest,
  pieces: BodyStream,
  asService: AsService,
): Promise<IntegrationResponse> {
  try {
    const answer = await readStreamedAnswer(pieces)
    return { to: request, body: new Uint8Array(), ...asService, ...answer }
  } catch (error) {
    if (error instanceof UpstreamError) throw upstreamRefusal(error)
    const why = error instanceof MalformedAnswerError ? error.message : 'the function failed'
    throw malformed(why, asService)
  }
}

/** @see API Gateway Developer Guide, "Handle Lambda errors in API Gateway" */
function malformed(why: string, answered: AsService): GatewayError {
  return new GatewayError('DEFAULT_5XX', {
    status: 502,
    message: 'Internal server error',
    detail: `Execution failed due to configuration error: Malformed Lambda proxy response: ${why}`,
    answered,
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
