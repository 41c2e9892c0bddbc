/** May a distribution be configured so, and how does CloudFront give the configuration back? */
import type { Reader } from '@sekisho/store'
import { checkBehaviour, checkPatterns, filledBehaviour } from './behaviours.ts'
import { cachePolicyKind } from './cache-policies.ts'
import { isCountry } from './countries.ts'
import { fail, invalidArgument, notSupported } from './errors.ts'
import { liveFunction } from './function-records.ts'
import { findKept } from './kept.ts'
import { keyGroupKind } from './key-groups.ts'
import { checkLogging, filledLogging } from './logging.ts'
import { originAccessControlKind } from './origin-access-controls.ts'
import { originRequestPolicyKind } from './origin-request-policies.ts'
import { checkOrigins, filledOrigin, noSuchOrigin } from './origins.ts'
import { checkQuantities, counted } from './quantities.ts'
import { behavioursOf, type DefaultBehavior, type DistributionConfig } from './records.ts'
import { responseHeadersPolicyKind } from './response-headers-policies.ts'
import { checkAliases, filledCertificate } from './viewer-certificate.ts'

/** @throws AwsError  what is wrong in itself, or what is not built */
export function checkConfig(config: DistributionConfig): void {
  checkQuantities(config)
  refuseUnbuilt(config)
  checkNames(config)
  checkOrigins(config)
  checkPatterns(config)
  for (const behaviour of behavioursOf(config)) checkBehaviour(behaviour)
  checkTargets(config)
  checkAliases(config)
  checkErrorResponses(config)
  checkRestrictions(config)
  checkLogging(config.Logging)
}

/** As CloudFront gives it back: every part is there. */
export function filledConfig(config: DistributionConfig): DistributionConfig {
  const { Origins, ViewerCertificate: certificate } = config
  return {
    ...config,
    Aliases: counted(config.Aliases?.Items ?? []),
    DefaultRootObject: config.DefaultRootObject ?? '',
    Origins: { Quantity: Origins.Quantity, Items: Origins.Items.map(filledOrigin) },
    OriginGroups: counted(config.OriginGroups?.Items ?? []),
    DefaultCacheBehavior: filledBehaviour(config.DefaultCacheBehavior),
    CacheBehaviors: counted((config.CacheBehaviors?.Items ?? []).map(filledBehaviour)),
    CustomErrorResponses: counted(
      (config.CustomErrorResponses?.Items ?? []).map((each) => ({
        ResponsePagePath: '',
        ResponseCode: '',
        ErrorCachingMinTTL: 10,
        ...each,
      })),
    ),
    Logging: filledLogging(config.Logging),
    PriceClass: config.PriceClass ?? 'PriceClass_All',
    ViewerCertificate: filledCertificate(certificate),
    Restrictions: {
      GeoRestriction: config.Restrictions?.GeoRestriction ?? {
        RestrictionType: 'none',
        Quantity: 0,
      },
    },
    WebACLId: '',
    HttpVersion: config.HttpVersion ?? 'http2',
    IsIPV6Enabled: config.IsIPV6Enabled ?? false,
    ContinuousDeploymentPolicyId: '',
    Staging: false,
  }
}

/**
 * Is there everything that the configuration names, and is no header both added and forwarded?
 *
 * @throws AwsError
 */
export async function checkReferences(
  config: DistributionConfig,
  accountId: string,
  reader: Reader,
): Promise<void> {
  for (const { OriginAccessControlId, S3OriginConfig } of config.Origins.Items) {
    if (!OriginAccessControlId) continue
    if (!(await findKept(originAccessControlKind, OriginAccessControlId, accountId, reader)))
      throw fail('InvalidOriginAccessControl', 'The origin access control is not valid.')
    if (!S3OriginConfig)
      throw fail(
        'InvalidOriginAccessControl',
        'An origin access control of the type s3 needs an S3 origin.',
      )
  }
  for (const behaviour of behavioursOf(config)) {
    const forwarded = await forwardedHeaders(behaviour, accountId, reader)
    refuseAddedAndForwarded(config, behaviour.TargetOriginId, forwarded)
    for (const { FunctionARN } of behaviour.FunctionAssociations?.Items ?? [])
      if (!(await liveFunction(reader, FunctionARN, accountId)))
        throw fail(
          'InvalidFunctionAssociation',
          'The function does not exist, or it has not been published.',
        )
    for (const group of behaviour.TrustedKeyGroups?.Items ?? [])
      if (!(await findKept(keyGroupKind, group, accountId, reader)))
        throw fail('TrustedKeyGroupDoesNotExist', 'The specified key group does not exist.')
    const { ResponseHeadersPolicyId: id } = behaviour
    if (id && !(await findKept(responseHeadersPolicyKind, id, accountId, reader)))
      throw fail(
        'NoSuchResponseHeadersPolicy',
        'The specified response headers policy does not exist.',
      )
  }
}

/** @throws AwsError NoSuchCachePolicy, NoSuchOriginRequestPolicy @returns lower case */
async function forwardedHeaders(
  { CachePolicyId, OriginRequestPolicyId, ForwardedValues }: DefaultBehavior,
  accountId: string,
  reader: Reader,
): Promise<ReadonlySet<string>> {
  const names = [...(ForwardedValues?.Headers?.Items ?? [])]
  if (CachePolicyId) {
    const policy = await findKept(cachePolicyKind, CachePolicyId, accountId, reader)
    if (policy === undefined)
      throw fail('NoSuchCachePolicy', 'The specified cache policy does not exist.')
    const { HeadersConfig } = policy.config.ParametersInCacheKeyAndForwardedToOrigin!
    names.push(...(HeadersConfig.Headers?.Items ?? []))
  }
  if (OriginRequestPolicyId) {
    const policy = await findKept(originRequestPolicyKind, OriginRequestPolicyId, accountId, reader)
    if (policy === undefined)
      throw fail('NoSuchOriginRequestPolicy', 'The specified origin request policy does not exist.')
    const { HeaderBehavior, Headers } = policy.config.HeadersConfig
    if (HeaderBehavior === 'whitelist') names.push(...(Headers?.Items ?? []))
  }
  return new Set(names.map((name) => name.toLowerCase()))
}

/** *Observed* sentence; policies that forward all headers are let through, the custom value wins. */
function refuseAddedAndForwarded(
  { Origins, OriginGroups }: DistributionConfig,
  targetId: string,
  forwarded: ReadonlySet<string>,
): void {
  const group = OriginGroups?.Items?.find(({ Id }) => Id === targetId)
  const targets = group ? group.Members.Items.map(({ OriginId }) => OriginId) : [targetId]
  for (const { Id, CustomHeaders } of Origins.Items)
    for (const { HeaderName } of targets.includes(Id) ? (CustomHeaders?.Items ?? []) : [])
      if (forwarded.has(HeaderName.toLowerCase()))
        throw invalidArgument(
          `The parameter Header Name with value ${HeaderName} is not allowed as both an origin custom header and a forward header.`,
        )
}

function refuseUnbuilt(config: DistributionConfig): void {
  if (config.WebACLId) throw notSupported('A web ACL')
  if (config.ContinuousDeploymentPolicyId || config.Staging)
    throw notSupported('Continuous deployment')
  if (config.AnycastIpListId) throw notSupported('An Anycast static IP list')
  if (config.TenantConfig || config.ConnectionMode === 'tenant-only')
    throw notSupported('A multi-tenant distribution')
  if (config.ViewerMtlsConfig) throw notSupported('Mutual TLS with viewers')
  if (config.ConnectionFunctionAssociation) throw notSupported('A connection function')
  if (config.CacheTagConfig) throw notSupported('Invalidation by cache tags')
}

const priceClasses = ['PriceClass_100', 'PriceClass_200', 'PriceClass_All', 'None']
const httpVersions = ['http1.1', 'http2', 'http3', 'http2and3', 'HTTP1.1', 'HTTP2']

function checkNames(config: DistributionConfig): void {
  const { CallerReference, Comment, DefaultRootObject = '', PriceClass, HttpVersion } = config
  if (CallerReference.length < 1 || CallerReference.length > 128)
    throw invalidArgument('The parameter CallerReference is not valid.')
  if (Comment.length > 128) throw invalidArgument('The parameter Comment is too long.')
  if (!/^(?:[^/\s?#][^\s?#]{0,254})?$/.test(DefaultRootObject))
    throw fail(
      'InvalidDefaultRootObject',
      'The default root object file name is too big or contains an invalid character.',
    )
  if (PriceClass !== undefined && !priceClasses.includes(PriceClass))
    throw invalidArgument('The parameter PriceClass is not valid.')
  if (HttpVersion !== undefined && !httpVersions.includes(HttpVersion))
    throw invalidArgument('The parameter HttpVersion is not valid.')
}

function checkTargets(config: DistributionConfig): void {
  const groups = new Set((config.OriginGroups?.Items ?? []).map(({ Id }) => Id))
  const origins = new Set(config.Origins.Items.map(({ Id }) => Id))
  for (const { TargetOriginId, AllowedMethods } of behavioursOf(config)) {
    if (!origins.has(TargetOriginId) && !groups.has(TargetOriginId)) throw noSuchOrigin()
    if (groups.has(TargetOriginId) && (AllowedMethods?.Items ?? []).includes('POST'))
      throw invalidArgument(
        'The parameter AllowedMethods cannot include POST, PUT, PATCH, and DELETE for a cached behavior associated with an origin group.',
      )
  }
}

/** @see CloudFront API Reference, "CustomErrorResponse" */
const errorCodes: ReadonlySet<number> = new Set([
  400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504,
])
const responseCodes: ReadonlySet<string> = new Set(['200', ...[...errorCodes].map(String)])

function checkErrorResponses({ CustomErrorResponses }: DistributionConfig): void {
  const seen = new Set<number>()
  for (const response of CustomErrorResponses?.Items ?? []) {
    const { ErrorCode, ResponsePagePath = '', ResponseCode = '', ErrorCachingMinTTL } = response
    if (!errorCodes.has(ErrorCode) || seen.has(ErrorCode))
      throw fail('InvalidErrorCode', 'An invalid error code was specified.')
    seen.add(ErrorCode)
    if ((ResponsePagePath === '') !== (ResponseCode === ''))
      throw invalidArgument(
        'The parameters ResponsePagePath and ResponseCode must both be given or both be absent.',
      )
    if (ResponsePagePath !== '' && !/^\/[\x21-\x7e]{0,4095}$/.test(ResponsePagePath))
      throw fail(
        'InvalidRelativePath',
        'The relative path is too big, is not URL-encoded, or does not begin with a slash (/).',
      )
    if (ResponseCode !== '' && !responseCodes.has(ResponseCode))
      throw fail('InvalidResponseCode', 'A response code is not valid.')
    if (ErrorCachingMinTTL !== undefined && !(ErrorCachingMinTTL >= 0))
      throw invalidArgument('The parameter ErrorCachingMinTTL is not valid.')
  }
}

function checkRestrictions({ Restrictions }: DistributionConfig): void {
  if (!Restrictions) return
  const { RestrictionType, Items = [] } = Restrictions.GeoRestriction
  const isKnown = ['none', 'whitelist', 'blacklist'].includes(RestrictionType)
  if (!isKnown || (RestrictionType === 'none') !== (Items.length === 0))
    throw fail(
      'InvalidGeoRestrictionParameter',
      'The specified geo restriction parameter is not valid.',
    )
  if (!Items.every(isCountry))
    throw fail('InvalidLocationCode', 'The location code specified is not valid.')
}
