/** CloudFront's errors, by the names of its model, and the sentences that several operations share. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import { AwsError, type ErrorName } from '@sekisho/protocols'

/** @see CloudFront API Reference, "Errors" of each operation */
const statuses = {
  AccessDenied: 403,
  BatchTooLarge: 413,
  CNAMEAlreadyExists: 409,
  CachePolicyAlreadyExists: 409,
  CachePolicyInUse: 409,
  CannotChangeImmutablePublicKeyFields: 400,
  CannotDeleteEntityWhileInUse: 409,
  DistributionAlreadyExists: 409,
  DistributionNotDisabled: 409,
  EntityAlreadyExists: 409,
  EntityLimitExceeded: 400,
  EntityNotFound: 404,
  FunctionAlreadyExists: 409,
  FunctionInUse: 409,
  FunctionSizeLimitExceeded: 413,
  IllegalDelete: 400,
  IllegalOriginAccessConfiguration: 400,
  IllegalUpdate: 400,
  InconsistentQuantities: 400,
  InvalidArgument: 400,
  InvalidDefaultRootObject: 400,
  InvalidErrorCode: 400,
  InvalidForwardCookies: 400,
  InvalidFunctionAssociation: 400,
  InvalidGeoRestrictionParameter: 400,
  InvalidIfMatchVersion: 400,
  InvalidLocationCode: 400,
  InvalidOriginAccessControl: 400,
  InvalidOriginKeepaliveTimeout: 400,
  InvalidOriginReadTimeout: 400,
  InvalidRelativePath: 400,
  InvalidResponseCode: 400,
  InvalidTTLOrder: 400,
  InvalidTagging: 400,
  InvalidViewerCertificate: 400,
  KeyGroupAlreadyExists: 409,
  NoSuchCachePolicy: 404,
  NoSuchDistribution: 404,
  NoSuchFunctionExists: 404,
  NoSuchInvalidation: 404,
  NoSuchOrigin: 404,
  NoSuchOriginAccessControl: 404,
  NoSuchOriginRequestPolicy: 404,
  NoSuchPublicKey: 404,
  NoSuchResource: 404,
  NoSuchResponseHeadersPolicy: 404,
  OriginAccessControlAlreadyExists: 409,
  OriginAccessControlInUse: 409,
  OriginRequestPolicyAlreadyExists: 409,
  OriginRequestPolicyInUse: 409,
  PreconditionFailed: 412,
  PublicKeyAlreadyExists: 409,
  PublicKeyInUse: 409,
  ResourceInUse: 409,
  ResponseHeadersPolicyAlreadyExists: 409,
  ResponseHeadersPolicyInUse: 409,
  TestFunctionFailed: 500,
  TooLongCSPInResponseHeadersPolicy: 400,
  TooManyCacheBehaviors: 400,
  TooManyCachePolicies: 400,
  TooManyCookieNamesInWhiteList: 400,
  TooManyCookiesInCachePolicy: 400,
  TooManyCookiesInOriginRequestPolicy: 400,
  TooManyCustomHeadersInResponseHeadersPolicy: 400,
  TooManyDistributionCNAMEs: 400,
  TooManyDistributions: 400,
  TooManyFunctions: 400,
  TooManyHeadersInCachePolicy: 400,
  TooManyHeadersInForwardedValues: 400,
  TooManyHeadersInOriginRequestPolicy: 400,
  TooManyInvalidationsInProgress: 400,
  TooManyKeyGroups: 400,
  TooManyOriginAccessControls: 400,
  TooManyOriginCustomHeaders: 400,
  TooManyOriginGroupsPerDistribution: 400,
  TooManyOriginRequestPolicies: 400,
  TooManyOrigins: 400,
  TooManyPublicKeys: 400,
  TooManyPublicKeysInKeyGroup: 400,
  TooManyQueryStringParameters: 400,
  TooManyQueryStringsInCachePolicy: 400,
  TooManyQueryStringsInOriginRequestPolicy: 400,
  TooManyRemoveHeadersInResponseHeadersPolicy: 400,
  TooManyResponseHeadersPolicies: 400,
  TrustedKeyGroupDoesNotExist: 400,
  UnsupportedOperation: 400,
} as const satisfies { [Name in ErrorName<typeof Sdk>]?: number }

export type CloudFrontError = keyof typeof statuses

export function fail(code: CloudFrontError, message: string): AwsError {
  return new AwsError(code, message, statuses[code])
}

export const invalidArgument = (message: string) => fail('InvalidArgument', message)

/** What CloudFront has and is not built here: said, never ignored. */
export const notSupported = (what: string) =>
  invalidArgument(`${what} is not supported by Sekisho yet.`)

export const noSuchDistribution = () =>
  fail('NoSuchDistribution', 'The specified distribution does not exist.')

/**
 * Is the version that the caller knows the one there is?
 *
 * @throws AwsError InvalidIfMatchVersion, PreconditionFailed
 */
export function checkVersion(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined || ifMatch === '')
    throw fail(
      'InvalidIfMatchVersion',
      'The If-Match version is missing or not valid for the resource.',
    )
  if (ifMatch.replace(/^"(.*)"$/, '$1') !== etag)
    throw fail(
      'PreconditionFailed',
      "The request failed because it didn't meet the preconditions in one or more request-header fields.",
    )
}
