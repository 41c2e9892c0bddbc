/** An error as a client of AWS sees it. */

/** Errors that no model lists and every service may answer with. */
export const commonErrors = {
  AccessDenied: 403,
  AccessDeniedException: 403,
  ExpiredToken: 403,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidParameterValue: 400,
  MalformedQueryString: 404,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  NotImplemented: 501,
  OptInRequired: 403,
  RequestExpired: 400,
  SerializationException: 400,
  ServiceUnavailable: 503,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 403,
  ValidationError: 400,
  ValidationException: 400,
} as const satisfies Record<string, number>

/** @see IAM API Reference, "Common Errors" */
export type CommonErrorName = keyof typeof commonErrors

/**
 * Thrown by handlers, turned into each protocol's shape at the edge.
 *
 * The code is what clients read as the error's name; the message is AWS's, word for word.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: string
  readonly status: number
  /** Further members of the error's shape, as its model names them. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    status: number,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.code = code
    this.status = status
    this.details = details
  }
}

export function commonError(code: CommonErrorName, message: string): AwsError {
  return new AwsError(code, message, commonErrors[code])
}
