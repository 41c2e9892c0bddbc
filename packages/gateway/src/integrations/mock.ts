/** A MOCK answers with what its request template says. */
import { statusOfMock } from '../compiled-integration.ts'
import { GatewayError } from '../gateway-responses.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'

const nothing = new Uint8Array()

/** There is no body behind a mock. */
export function mock(request: IntegrationRequest): IntegrationResponse {
  const status = statusOfMock(new TextDecoder().decode(request.body))
  if (status === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: 'the MOCK request template gives no statusCode',
    })
  return { to: request, status, headers: [], body: nothing }
}
