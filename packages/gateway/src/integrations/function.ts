/** A function is asked, and what it means when it cannot be. */
import { GatewayError } from '../gateway-responses.ts'
import type { IntegrationRequest, IntegrationResponse } from '../pass.ts'
import { type FunctionAnswer, type FunctionCall, type Ports, UpstreamError } from '../ports.ts'
import { behalfOf } from './behalf.ts'
import { upstreamRefusal } from './http.ts'
import { streamingOf } from './streamed-answer.ts'

/** @throws GatewayError INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR */
export async function askFunction(
  request: IntegrationRequest,
  functionName: string,
  payload: FunctionCall['payload'],
  ports: Ports,
  isEvent = false,
): Promise<FunctionAnswer> {
  try {
    return await ports.invokeFunction({
      functionName,
      payload,
      isEvent,
      onBehalf: behalfOf(request),
      timeoutMs: request.for.method.integration!.timeoutMs,
      ...streamingOf(request),
    })
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    const row = Object.hasOwn(configurationFaults, error.code)
      ? configurationFaults[error.code as keyof typeof configurationFaults]
      : undefined
    if (row === undefined) throw upstreamRefusal(error)
    throw new GatewayError(row.type, {
      status: 500,
      message: 'Internal server error',
      detail: `${row.words}: ${error.message}`,
    })
  }
}

export function serviceRequest({
  requestId,
}: FunctionAnswer): Pick<IntegrationResponse, 'serviceRequestId'> {
  return requestId === undefined ? {} : { serviceRequestId: requestId }
}

/** Whatever it is, the client learns of an error of ours; the words are the execution log's. */
const configurationFaults = {
  NOT_PERMITTED: {
    type: 'API_CONFIGURATION_ERROR',
    words: 'Execution failed due to configuration error: Invalid permissions on Lambda function',
  },
  THROTTLED: {
    type: 'INTEGRATION_FAILURE',
    words: 'Lambda invocation failed with status: 429',
  },
  REFUSED: {
    type: 'API_CONFIGURATION_ERROR',
    words: 'Execution failed due to configuration error: Lambda refused the invocation',
  },
} as const
