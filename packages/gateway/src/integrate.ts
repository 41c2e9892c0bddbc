/** What stands behind the method answers. */
import type { IntegrationType } from '@aws-sdk/client-api-gateway'
import { GatewayError } from './gateway-responses.ts'
import { aws } from './integrations/aws.ts'
import { http } from './integrations/http.ts'
import { lambdaProxy } from './integrations/lambda-proxy.ts'
import { mock } from './integrations/mock.ts'
import type { IntegrationRequest, IntegrationResponse } from './pass.ts'
import type { Ports } from './ports.ts'

type Integrate = (
  request: IntegrationRequest,
  ports: Ports,
) => IntegrationResponse | Promise<IntegrationResponse>

/** One row an integration type. */
const integrations = {
  MOCK: mock,
  HTTP: http,
  HTTP_PROXY: http,
  AWS: aws,
  AWS_PROXY: lambdaProxy,
} satisfies Record<IntegrationType, Integrate>

/** @throws GatewayError INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR */
export function integrate(
  request: IntegrationRequest,
  ports: Ports,
): IntegrationResponse | Promise<IntegrationResponse> {
  const { type } = request.for.method.integration!
  return (Object.hasOwn(integrations, type) ? integrations[type as IntegrationType] : unknown)(
    request,
    ports,
  )
}

function unknown({ for: { method } }: IntegrationRequest): never {
  throw new GatewayError('API_CONFIGURATION_ERROR', {
    detail: `there is no integration type ${method.integration?.type}`,
  })
}
