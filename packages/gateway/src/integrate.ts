/** What stands behind the method answers. */
import type { IntegrationType } from '@aws-sdk/client-api-gateway'
import { statusOfMock } from './compiled-integration.ts'
import { GatewayError } from './gateway-responses.ts'
import type { IntegrationRequest, IntegrationResponse } from './pass.ts'
import { type Ports, UpstreamError } from './ports.ts'

type Integrate = (
  request: IntegrationRequest,
  ports: Ports,
) => IntegrationResponse | Promise<IntegrationResponse>

/** One row an integration type. */
const integrations = {
  MOCK: mock,
  HTTP: http,
  HTTP_PROXY: http,
  AWS: notServed,
  AWS_PROXY: notServed,
} satisfies Record<IntegrationType, Integrate>

/** @throws GatewayError INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR */
export function integrate(
  request: IntegrationRequest,
  ports: Ports,
): IntegrationResponse | Promise<IntegrationResponse> {
  const { type } = request.for.method.integration!
  return (Object.hasOwn(integrations, type) ? integrations[type as IntegrationType] : notServed)(
    request,
    ports,
  )
}

const nothing = new Uint8Array()

/** The status is what the request template says; there is no body behind a mock. */
function mock(request: IntegrationRequest): IntegrationResponse {
  const status = statusOfMock(new TextDecoder().decode(request.body))
  if (status === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: 'the MOCK request template gives no statusCode',
    })
  return { to: request, status, headers: [], body: nothing }
}

async function http(request: IntegrationRequest, ports: Ports): Promise<IntegrationResponse> {
  const { integration } = request.for.method
  const { restApiId } = request.for.deployment.snapshot
  const url = withQuery(request.uri, request.rawQuery)
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `invalid endpoint address \`${url}\``,
    })
  const method =
    integration!.httpMethod === 'ANY' ? request.for.httpMethod : integration!.httpMethod
  const own = [
    'X-Amzn-Apigateway-Api-Id',
    restApiId,
    ...(integration!.type === 'HTTP' ? ownHeaders(request, restApiId) : []),
  ]
  try {
    const { status, headers, body } = await ports.send({
      method,
      url,
      headers: [...own, ...request.headers],
      body: request.body,
      timeoutMs: integration!.timeoutMs,
    })
    return { to: request, status, headers, body }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    throw new GatewayError(
      error.code === 'TIMEOUT' ? 'INTEGRATION_TIMEOUT' : 'INTEGRATION_FAILURE',
      { detail: error.message },
    )
  }
}

/** What a non-proxy HTTP integration says of itself, unless a mapping says otherwise. */
function ownHeaders({ headers }: IntegrationRequest, restApiId: string): readonly string[] {
  const mapped = new Set(headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
  return [
    ...(mapped.has('accept') ? [] : ['Accept', 'application/json']),
    ...(mapped.has('user-agent') ? [] : ['User-Agent', `AmazonAPIGateway_${restApiId}`]),
  ]
}

function withQuery(uri: string, rawQuery: string): string {
  if (rawQuery === '') return uri
  return `${uri}${uri.includes('?') ? '&' : '?'}${rawQuery}`
}

function notServed({ for: { method } }: IntegrationRequest): never {
  throw new GatewayError('API_CONFIGURATION_ERROR', {
    detail: `integration type ${method.integration?.type} is not supported yet`,
  })
}
