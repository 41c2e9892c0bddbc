/** An error as a client of AWS sees it. */
import type { ServiceModel } from './model.ts'

interface CommonError {
  readonly status: number
  /** Where AWS says so; *inferred* where it does not. */
  readonly source: string
}

const iamCommonErrors = 'IAM API Reference, "Common Error Types"'
const s3Errors = 'Amazon S3 API Reference, "Error responses"'
const smithy = 'Smithy 2.0 specification, the protocols’ "Operation error serialization"'
const recorded = 'recorded from API Gateway'

/** Errors that no model lists and every service of some protocol may answer with. JSON 1.x writes 400 for every 4xx. */
export const commonErrors = {
  AccessDenied: { status: 403, source: s3Errors },
  AccessDeniedException: { status: 403, source: iamCommonErrors },
  ExpiredToken: { status: 403, source: 'observed: STS and IAM' },
  ExpiredTokenException: { status: 403, source: iamCommonErrors },
  IncompleteSignature: { status: 400, source: iamCommonErrors },
  InternalFailure: { status: 500, source: iamCommonErrors },
  InvalidAction: { status: 400, source: iamCommonErrors },
  InvalidArgument: { status: 400, source: s3Errors },
  InvalidClientTokenId: { status: 403, source: iamCommonErrors },
  InvalidParameterCombination: { status: 400, source: iamCommonErrors },
  InvalidParameterValue: { status: 400, source: iamCommonErrors },
  MalformedInput: { status: 400, source: 'observed: CloudFront and CloudFormation' },
  MalformedQueryString: { status: 404, source: iamCommonErrors },
  MalformedXML: { status: 400, source: s3Errors },
  MissingAction: { status: 400, source: iamCommonErrors },
  MissingAuthenticationToken: { status: 403, source: iamCommonErrors },
  MissingParameter: { status: 400, source: iamCommonErrors },
  NotImplemented: { status: 501, source: s3Errors },
  OptInRequired: { status: 403, source: iamCommonErrors },
  RequestExpired: { status: 400, source: iamCommonErrors },
  SerializationException: { status: 400, source: recorded },
  ServiceUnavailable: { status: 503, source: iamCommonErrors },
  ThrottlingException: { status: 400, source: iamCommonErrors },
  UnknownOperationException: { status: 404, source: smithy },
  UnrecognizedClientException: { status: 403, source: iamCommonErrors },
  ValidationError: { status: 400, source: iamCommonErrors },
  ValidationException: { status: 400, source: recorded },
} as const satisfies Record<string, CommonError>

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
  /** Name, value, name, value … that go with it, where its protocol has room for them. */
  readonly headers: readonly string[]

  constructor(
    code: string,
    message: string,
    status: number,
    details: Readonly<Record<string, unknown>> = {},
    headers: readonly string[] = [],
  ) {
    super(message)
    this.code = code
    this.status = status
    this.details = details
    this.headers = headers
  }
}

export function commonError(code: CommonErrorName, message: string): AwsError {
  return new AwsError(code, message, commonErrors[code].status)
}

/**
 * What `read` gives; what it cannot read is called as the protocol calls it.
 *
 * @throws AwsError  `code` instead of SerializationException
 */
export function callingUnreadable<T>(code: CommonErrorName, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof AwsError && error.code === 'SerializationException')
      throw commonError(code, error.message)
    throw error
  }
}

/**
 * An error of the model or of the common ones, with the code and status that AWS sends.
 *
 * @param name  of the error's shape: `NoSuchEntityException` is written as `NoSuchEntity` by IAM
 */
export function errorNamed(
  model: ServiceModel,
  name: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): AwsError {
  const modelled = model.errors.get(name)
  if (modelled) return new AwsError(modelled.code, message, modelled.status, details)
  const status = Object.hasOwn(commonErrors, name)
    ? commonErrors[name as CommonErrorName].status
    : 400
  return new AwsError(name, message, status, details)
}

/** What AWS has and Sekisho has not: the answer names it. */
export function notImplemented(what: string): AwsError {
  return commonError('NotImplemented', `${what} is not supported by Sekisho.`)
}
