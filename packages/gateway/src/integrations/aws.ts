/** AWS: a service of this endpoint answers, asked as its own clients ask it. */
import { GatewayError } from '../gateway-responses.ts'
import { headerOf } from '../headers.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'
import { type Ports, UpstreamError } from '../ports.ts'
import { behalfOf } from './behalf.ts'
import { askFunction, serviceRequest } from './function.ts'
import { upstreamRefusal } from './http.ts'
import { functionOf, parseServiceAddress, type ServiceAddress } from './service-address.ts'

/** @throws GatewayError INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR */
export function aws(request: IntegrationRequest, ports: Ports): Promise<IntegrationResponse> {
  const address = addressOf(request)
  const functionName = functionOf(address)
  return functionName === undefined
    ? service(request, address, ports)
    : invoke(request, functionName, ports)
}

function addressOf({ uri }: IntegrationRequest): ServiceAddress {
  const address = parseServiceAddress(uri)
  if (address === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `invalid service address \`${uri}\``,
    })
  return address
}

async function invoke(
  request: IntegrationRequest,
  functionName: string,
  ports: Ports,
): Promise<IntegrationResponse> {
  const isEvent = headerOf(request.headers, 'x-amz-invocation-type') === 'Event'
  const answer = await askFunction(request, functionName, request.body, ports, isEvent)
  return {
    to: request,
    status: 200,
    headers: ['Content-Type', 'application/json'],
    body: answer.payload,
    ...serviceRequest(answer),
    functionResult: { errorMessage: answer.functionError && errorMessageOf(answer.payload) },
  }
}

/** What patterns are compared with; a function that fails without a word matches the empty ones alone. */
function errorMessageOf(payload: Uint8Array): string {
  try {
    const { errorMessage } = JSON.parse(new TextDecoder().decode(payload))
    return typeof errorMessage === 'string' ? errorMessage : ''
  } catch {
    return ''
  }
}

async function service(
  request: IntegrationRequest,
  { region, service: name, subdomain, target }: ServiceAddress,
  ports: Ports,
): Promise<IntegrationResponse> {
  const integration = request.for.method.integration!
  const method = integration.httpMethod === 'ANY' ? request.for.httpMethod : integration.httpMethod
  const rawQuery = [target.rawQuery, request.rawQuery].filter((part) => part !== '').join('&')
  try {
    const { status, headers, body } = await ports.askService({
      service: name,
      subdomain,
      region,
      method,
      target: target.kind === 'path' ? { rawPath: target.rawPath } : { action: target.action },
      rawQuery,
      headers: [
        ...(headerOf(request.headers, 'accept') === undefined
          ? ['Accept', 'application/json']
          : []),
        ...request.headers,
      ],
      body: request.body,
      onBehalf: behalfOf(request),
      timeoutMs: integration.timeoutMs,
    })
    return { to: request, status, headers, body }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.code === 'TIMEOUT' || error.code === 'TOO_LARGE') throw upstreamRefusal(error)
    throw new GatewayError('API_CONFIGURATION_ERROR', { detail: error.message })
  }
}
