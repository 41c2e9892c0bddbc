/** HTTP and HTTP_PROXY: somebody else's web server answers. */
import { GatewayError } from '../gateway-responses.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'
import { type Connection, type Ports, UpstreamError } from '../ports.ts'
import { traceOf } from '../trace.ts'
import { streamingOf } from './streamed-answer.ts'

export async function http(
  request: IntegrationRequest,
  ports: Ports,
): Promise<IntegrationResponse> {
  const { integration } = request.for.method
  const url = withQuery(request.uri, request.rawQuery)
  if (!/^https?:\/\/[^/]/i.test(url))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `invalid endpoint address \`${url}\``,
    })
  const method =
    integration!.httpMethod === 'ANY' ? request.for.httpMethod : integration!.httpMethod
  try {
    const answer = await ports.send({
      method,
      url,
      headers: sentHeaders(request),
      body: request.body,
      timeoutMs: integration!.timeoutMs,
      ...streamingOf(request),
      ...connectionOf(request),
    })
    return { to: request, ...answer }
  } catch (error) {
    throw error instanceof UpstreamError ? upstreamRefusal(error) : error
  }
}

/** Those of the gateway itself, then what was mapped or passed on. */
export function sentHeaders(request: IntegrationRequest): readonly string[] {
  const { method, deployment } = request.for
  const { restApiId } = deployment.snapshot
  const headers = ['X-Amzn-Apigateway-Api-Id', restApiId, 'X-Amzn-Trace-Id', traceOf(request.for)]
  if (method.integration?.type === 'HTTP') headers.push(...ownHeaders(request, restApiId))
  headers.push(...request.headers)
  return headers
}

/**
 * What the client is told of an upstream that gave no answer.
 * @see AWS re:Post Knowledge Center, "How do I resolve 5xx errors in API Gateway?"
 */
export function upstreamRefusal({ code, message }: UpstreamError): GatewayError {
  const type =
    code === 'TIMEOUT'
      ? 'INTEGRATION_TIMEOUT'
      : code === 'REFUSED' || code === 'TOO_LARGE'
        ? 'API_CONFIGURATION_ERROR'
        : 'INTEGRATION_FAILURE'
  return new GatewayError(type, { detail: message })
}

/** Most integrations connect as anybody would. */
function connectionOf(request: IntegrationRequest): { connection?: Connection } {
  const { stage, deployment, method } = request.for
  const { connectionType, connectionId = '', tlsConfig } = method.integration!.definition
  const { clientCertificateId } = stage
  const isLinked = connectionType === 'VPC_LINK'
  const skipsVerification = tlsConfig?.insecureSkipVerification === true
  if (!isLinked && !skipsVerification && clientCertificateId === undefined) return {}
  const { accountId, region } = deployment.snapshot
  return {
    connection: {
      owner: { accountId, region },
      ...(isLinked && { vpcLinkId: linkOf(connectionId, stage.variables) }),
      ...(clientCertificateId !== undefined && { clientCertificateId }),
      ...(skipsVerification && { skipsVerification }),
    },
  }
}

function linkOf(connectionId: string, variables: Readonly<Record<string, string>>): string {
  const [, variable] = /^\$\{stageVariables\.(\w+)\}$/.exec(connectionId) ?? []
  if (variable === undefined) return connectionId
  return Object.hasOwn(variables, variable) ? variables[variable]! : ''
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
