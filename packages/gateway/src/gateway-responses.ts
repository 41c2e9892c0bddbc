/** What API Gateway answers by itself: one row a gateway response type. */
import type { GatewayResponseType } from '@aws-sdk/client-api-gateway'
import type { IntegrationResponse } from './pass.ts'

export interface GatewayResponseRow {
  /** Absent for the two that stand for classes. */
  readonly status: number
  readonly errorType: string
  readonly message: string
  /** Where the body is made: the front door writes no space after the colon, the execution stage one. */
  readonly from: 'front door' | 'execution'
}

const front = (status: number, errorType: string, message: string): GatewayResponseRow => ({
  status,
  errorType,
  message,
  from: 'front door',
})
const execution = (status: number, errorType: string, message: string): GatewayResponseRow => ({
  status,
  errorType,
  message,
  from: 'execution',
})

/**
 * @see API Gateway Developer Guide, "Gateway response types for API Gateway"; bodies as recorded from AWS
 */
export const gatewayResponses = {
  ACCESS_DENIED: front(403, 'AccessDeniedException', 'Forbidden'),
  API_CONFIGURATION_ERROR: execution(500, 'InternalServerErrorException', 'Internal server error'),
  AUTHORIZER_CONFIGURATION_ERROR: front(500, 'AuthorizerConfigurationException', 'null'),
  AUTHORIZER_FAILURE: front(500, 'AuthorizerFailureException', 'null'),
  BAD_REQUEST_BODY: execution(400, 'BadRequestException', 'Invalid request body'),
  BAD_REQUEST_PARAMETERS: execution(
    400,
    'BadRequestException',
    'Missing required request parameters',
  ),
  DEFAULT_4XX: front(403, 'ForbiddenException', 'Forbidden'),
  DEFAULT_5XX: execution(500, 'InternalServerErrorException', 'Internal server error'),
  EXPIRED_TOKEN: front(
    403,
    'ExpiredTokenException',
    'The security token included in the request is expired',
  ),
  INTEGRATION_FAILURE: execution(
    504,
    'InternalServerErrorException',
    'Network error communicating with endpoint',
  ),
  INTEGRATION_TIMEOUT: execution(504, 'InternalServerErrorException', 'Endpoint request timed out'),
  INVALID_API_KEY: front(403, 'ForbiddenException', 'Forbidden'),
  INVALID_SIGNATURE: front(403, 'InvalidSignatureException', 'Forbidden'),
  MISSING_AUTHENTICATION_TOKEN: front(
    403,
    'MissingAuthenticationTokenException',
    'Missing Authentication Token',
  ),
  QUOTA_EXCEEDED: front(429, 'LimitExceededException', 'Limit Exceeded'),
  REQUEST_TOO_LARGE: front(
    413,
    'RequestEntityTooLargeException',
    'HTTP content length exceeded 10485760 bytes.',
  ),
  RESOURCE_NOT_FOUND: front(404, 'NotFoundException', 'Not Found'),
  THROTTLED: front(429, 'TooManyRequestsException', 'Too Many Requests'),
  UNAUTHORIZED: front(401, 'UnauthorizedException', 'Unauthorized'),
  UNSUPPORTED_MEDIA_TYPE: execution(415, 'BadRequestException', 'Unsupported Media Type'),
  WAF_FILTERED: front(403, 'ForbiddenException', 'Forbidden'),
} satisfies Record<GatewayResponseType, GatewayResponseRow>

export interface RefusalDetails {
  /** Instead of the row's. */
  readonly message?: string
  readonly errorType?: string
  readonly status?: number
  /** What a request's validation found: templates may tell. */
  readonly validationError?: string
  /** For people who look into the logs, never for the client. */
  readonly detail?: string
  /** The service did answer, though not with what can be passed on. */
  readonly answered?: Pick<IntegrationResponse, 'serviceStatus' | 'serviceRequestId'>
}

/** A gate refuses: the name of a gateway response, and what it says. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly type: GatewayResponseType
  readonly details: RefusalDetails

  constructor(type: GatewayResponseType, details: RefusalDetails = {}) {
    super(details.detail ?? details.message ?? type)
    this.type = type
    this.details = details
  }
}

export interface RenderedResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

/** What it says, without the form of a body. */
export function messageOf({ type, details }: GatewayError): string {
  return details.message ?? gatewayResponses[type].message
}

/** `$context.error` of a refusal. @see API Gateway Developer Guide, "Variables for access logging for API Gateway" */
export function errorContextOf(refusal: GatewayError): Record<string, string | undefined> {
  const message = messageOf(refusal)
  return {
    message: message === 'null' ? undefined : message,
    messageString: message === 'null' ? 'null' : JSON.stringify(message),
    responseType: refusal.type,
    validationErrorString: refusal.details.validationError,
  }
}

/** The answer to a refusal, to the byte. */
export function renderRefusal({ type, details }: GatewayError): RenderedResponse {
  const row: GatewayResponseRow = gatewayResponses[type]
  const status = details.status ?? row.status
  const message = details.message ?? row.message
  if (type === 'REQUEST_TOO_LARGE')
    return { status, headers: ['Content-Type', 'text/plain'], body: message }
  const headers = [
    'x-amzn-ErrorType',
    details.errorType ?? row.errorType,
    'Content-Type',
    'application/json',
  ]
  return { status, headers, body: bodyOf(type, row, message) }
}

function bodyOf(type: GatewayResponseType, row: GatewayResponseRow, message: string): string {
  const text = message === 'null' ? 'null' : JSON.stringify(message)
  if (type === 'ACCESS_DENIED') return `{"Message":${text}}`
  return row.from === 'execution' ? `{"message": ${text}}` : `{"message":${text}}`
}
