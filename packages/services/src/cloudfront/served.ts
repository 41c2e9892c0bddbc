/** What does a distribution serve? Its configuration with every policy that it names put in its place. */
import type {
  BehaviourSettings,
  CacheSettings,
  CorsSettings,
  DistributionSnapshot,
  Invalidation,
  OriginSettings,
  RequestSettings,
  ResponseHeadersSettings,
  Selection,
  TrustedKey,
} from '@sekisho/edge'
import type { Reader } from '@sekisho/store'
import { cachePolicyKind } from './cache-policies.ts'
import { liveFunction } from './function-records.ts'
import { findKept } from './kept.ts'
import { keyGroupKind } from './key-groups.ts'
import { loggingOf } from './logging.ts'
import { originAccessControlKind } from './origin-access-controls.ts'
import { originRequestPolicyKind } from './origin-request-policies.ts'
import { publicKeyKind } from './public-keys.ts'
import {
  behavioursOf,
  type CachePolicyConfig,
  cloudfrontCollections,
  type DefaultBehavior,
  type DistributionRecord,
  domainNameOf,
  findDistribution,
  type InvalidationRecord,
  type Origin,
  type OriginRequestPolicyConfig,
  type ResponseHeadersPolicyConfig,
} from './records.ts'
import { responseHeadersPolicyKind } from './response-headers-policies.ts'

/** @param name  an id, a domain name of CloudFront's (`d….cloudfront.net`) or its label, or an alternate domain name; in any case */
export async function findServedId(reader: Reader, name: string): Promise<string | undefined> {
  const id = name.toUpperCase()
  if (/^E[A-Z0-9]{13}$/.test(id) && (await findDistribution(reader, id))) return id
  const lower = name.toLowerCase()
  const { domains, aliases } = cloudfrontCollections
  const label = lower.replace(/\.cloudfront\.net$/, '')
  if (!label.includes('.')) return (await reader.get<string>(domains, label))?.value
  const exact = await reader.get<string>(aliases, lower)
  if (exact !== undefined) return exact.value
  // A star stands for any number of labels; the longest name that is taken counts.
  const labels = lower.split('.')
  for (let at = 1; at < labels.length; at++) {
    const wide = await reader.get<string>(aliases, ['*', ...labels.slice(at)].join('.'))
    if (wide !== undefined) return wide.value
  }
  return undefined
}

/** All names, lower case, of distributions that viewers may call over HTTP/2; a star stands for any labels before the rest. */
export async function namesOverHttp2(reader: Reader): Promise<ReadonlySet<string>> {
  const found = await reader.list<DistributionRecord>(cloudfrontCollections.distributions)
  return new Set(
    found
      .filter(({ value }) => /^http2/i.test(value.config.HttpVersion ?? ''))
      .flatMap(({ value: { id, label, config } }) => [
        `${id}.cloudfront.localhost`,
        `${label}.cloudfront.localhost`,
        ...(config.Aliases?.Items ?? []),
      ])
      .map((name) => name.toLowerCase()),
  )
}

export async function loadDistribution(
  reader: Reader,
  id: string,
): Promise<DistributionSnapshot | undefined> {
  const record = await findDistribution(reader, id)
  if (record === undefined) return undefined
  const { config, accountId } = record
  const invalidations = await reader.list<InvalidationRecord>(cloudfrontCollections.invalidations, {
    prefix: `${id}/`,
  })
  const geo = config.Restrictions?.GeoRestriction
  return {
    id,
    accountId,
    domainName: domainNameOf(record),
    isEnabled: config.Enabled,
    defaultRootObject: config.DefaultRootObject ?? '',
    origins: await Promise.all(
      config.Origins.Items.map((origin) => originOf(origin, accountId, reader)),
    ),
    groups: (config.OriginGroups?.Items ?? []).map(({ Id, Members, FailoverCriteria }) => ({
      id: Id,
      members: Members.Items.map(({ OriginId }) => OriginId),
      statuses: FailoverCriteria.StatusCodes.Items,
    })),
    behaviours: await Promise.all(
      behavioursOf(config).map((behaviour) => behaviourOf(behaviour, record, reader)),
    ),
    errorResponses: (config.CustomErrorResponses?.Items ?? []).map((each) => ({
      status: each.ErrorCode,
      cachingMinTtl: each.ErrorCachingMinTTL ?? 10,
      ...(each.ResponsePagePath && {
        page: { path: each.ResponsePagePath, status: Number(each.ResponseCode) },
      }),
    })),
    geo: { type: geo?.RestrictionType ?? 'none', countries: geo?.Items ?? [] },
    ...(config.Logging?.Enabled && { logging: loggingOf(config.Logging) }),
    invalidated: record.invalidations,
    invalidations: newestOf(
      invalidations.map(({ value: { number, paths } }) => ({ number, paths })),
    ),
  }
}

/** Of invalidations that are held against what is kept: what is older than all of them counts as invalidated. */
const mostPaths = 10_000

function newestOf(all: readonly Invalidation[]): readonly Invalidation[] {
  let paths = 0
  let from = all.length
  while (from > 0 && (paths += all[from - 1]!.paths.length) <= mostPaths) from--
  return all.slice(from)
}

async function originOf(
  origin: Origin,
  accountId: string,
  reader: Reader,
): Promise<OriginSettings> {
  const { CustomOriginConfig: custom, S3OriginConfig: s3, OriginAccessControlId: access } = origin
  const control = access
    ? await findKept(originAccessControlKind, access, accountId, reader)
    : undefined
  return {
    id: origin.Id,
    kind: custom ? 'custom' : 's3',
    domainName: origin.DomainName,
    path: origin.OriginPath ?? '',
    headers: (origin.CustomHeaders?.Items ?? []).map(
      ({ HeaderName, HeaderValue }) => [HeaderName, HeaderValue] as const,
    ),
    protocol: custom?.OriginProtocolPolicy ?? 'https-only',
    httpPort: custom?.HTTPPort ?? 80,
    httpsPort: custom?.HTTPSPort ?? 443,
    attempts: origin.ConnectionAttempts ?? 3,
    connectSeconds: origin.ConnectionTimeout ?? 10,
    readSeconds: (custom ?? s3)?.OriginReadTimeout ?? 30,
    keepAliveSeconds: custom?.OriginKeepaliveTimeout ?? 5,
    ...(origin.ResponseCompletionTimeout !== undefined && {
      completionSeconds: origin.ResponseCompletionTimeout,
    }),
    ...(control && {
      signing: control.config.SigningBehavior as NonNullable<OriginSettings['signing']>,
    }),
  }
}

async function behaviourOf(
  behaviour: DefaultBehavior & { readonly PathPattern?: string },
  { accountId }: DistributionRecord,
  reader: Reader,
): Promise<BehaviourSettings> {
  const { CachePolicyId, OriginRequestPolicyId, ResponseHeadersPolicyId } = behaviour
  const find = async <Config extends { readonly Name: string }>(
    kind: Parameters<typeof findKept<Config>>[0],
    id: string | undefined,
  ) => (id ? (await findKept(kind, id, accountId, reader))?.config : undefined)
  const cachePolicy = await find(cachePolicyKind, CachePolicyId)
  const requestPolicy = await find(originRequestPolicyKind, OriginRequestPolicyId)
  const responsePolicy = await find(responseHeadersPolicyKind, ResponseHeadersPolicyId)
  return {
    pathPattern: behaviour.PathPattern ?? '*',
    targetId: behaviour.TargetOriginId,
    viewerProtocol: behaviour.ViewerProtocolPolicy,
    allowedMethods: behaviour.AllowedMethods?.Items ?? ['GET', 'HEAD'],
    cachedMethods: behaviour.AllowedMethods?.CachedMethods?.Items ?? ['GET', 'HEAD'],
    compress: behaviour.Compress ?? false,
    ...(behaviour.TrustedKeyGroups?.Enabled && {
      trustedKeys: await trustedKeysOf(behaviour.TrustedKeyGroups.Items ?? [], accountId, reader),
    }),
    ...(await functionsOf(behaviour, accountId, reader)),
    ...(cachePolicy
      ? { cache: cacheOf(cachePolicy), request: requestOf(requestPolicy) }
      : legacyOf(behaviour)),
    ...(responsePolicy && { responseHeaders: responseHeadersOf(responsePolicy) }),
  }
}

/** A function that is gone since is missed by whoever calls: nothing runs in its place, and nothing is served. */
async function functionsOf(
  { FunctionAssociations }: DefaultBehavior,
  accountId: string,
  reader: Reader,
): Promise<Pick<BehaviourSettings, 'functions'>> {
  const given = FunctionAssociations?.Items ?? []
  if (given.length === 0) return {}
  const codeFor = async (eventType: string) => {
    const association = given.find(({ EventType }) => EventType === eventType)
    return association && ((await liveFunction(reader, association.FunctionARN, accountId)) ?? gone)
  }
  const [viewerRequest, viewerResponse] = await Promise.all([
    codeFor('viewer-request'),
    codeFor('viewer-response'),
  ])
  return {
    functions: {
      ...(viewerRequest && { viewerRequest }),
      ...(viewerResponse && { viewerResponse }),
    },
  }
}

const gone = { id: '', code: '' }

/** Of all groups. A behaviour that trusts nobody any more lets nobody in. */
async function trustedKeysOf(
  groups: readonly string[],
  accountId: string,
  reader: Reader,
): Promise<readonly TrustedKey[]> {
  const found = await Promise.all(
    groups.map((group) => findKept(keyGroupKind, group, accountId, reader)),
  )
  const ids = new Set(found.flatMap((group) => group?.config.Items ?? []))
  const keys = await Promise.all(
    [...ids].map((id) => findKept(publicKeyKind, id, accountId, reader)),
  )
  return keys.flatMap((key) => (key ? [{ id: key.id, pem: key.config.EncodedKey }] : []))
}

const none: Selection = { mode: 'none' }
const all: Selection = { mode: 'all' }

function selectionOf(behavior: string, names: readonly string[] = []): Selection {
  if (behavior === 'all') return all
  if (behavior === 'whitelist') return { mode: 'only', names }
  return behavior === 'allExcept' ? { mode: 'except', names } : none
}

function lowerCase(names: readonly string[] | undefined): readonly string[] {
  return (names ?? []).map((name) => name.toLowerCase())
}

function cacheOf(config: CachePolicyConfig): CacheSettings {
  const parameters = config.ParametersInCacheKeyAndForwardedToOrigin!
  const { HeadersConfig, CookiesConfig, QueryStringsConfig } = parameters
  return {
    minTtl: config.MinTTL,
    defaultTtl: config.DefaultTTL ?? 86_400,
    maxTtl: config.MaxTTL ?? 31_536_000,
    headers: lowerCase(HeadersConfig.Headers?.Items),
    cookies: selectionOf(CookiesConfig.CookieBehavior, CookiesConfig.Cookies?.Items),
    query: selectionOf(
      QueryStringsConfig.QueryStringBehavior,
      QueryStringsConfig.QueryStrings?.Items,
    ),
    gzip: parameters.EnableAcceptEncodingGzip,
    brotli: parameters.EnableAcceptEncodingBrotli ?? false,
  }
}

const isMade = (name: string) => name.startsWith('cloudfront-')

function requestOf(config: OriginRequestPolicyConfig | undefined): RequestSettings {
  if (config === undefined)
    return { headers: none, madeHeaders: [], cookies: none, query: none, passesOthers: false }
  const { HeadersConfig, CookiesConfig, QueryStringsConfig } = config
  const names = lowerCase(HeadersConfig.Headers?.Items)
  const others = names.filter((name) => !isMade(name))
  const headers = {
    none,
    whitelist: { mode: 'only', names: others },
    allViewer: all,
    allViewerAndWhitelistCloudFront: all,
    allExcept: { mode: 'except', names },
  } as const satisfies Record<typeof HeadersConfig.HeaderBehavior, Selection>
  return {
    headers: headers[HeadersConfig.HeaderBehavior],
    madeHeaders: HeadersConfig.HeaderBehavior === 'allExcept' ? [] : names.filter(isMade),
    cookies: selectionOf(CookiesConfig.CookieBehavior, CookiesConfig.Cookies?.Items),
    query: selectionOf(
      QueryStringsConfig.QueryStringBehavior,
      QueryStringsConfig.QueryStrings?.Items,
    ),
    passesOthers: false,
  }
}

/** Settings from before there were policies. @see CloudFront API Reference, "ForwardedValues" */
function legacyOf(behaviour: DefaultBehavior): Pick<BehaviourSettings, 'cache' | 'request'> {
  const { ForwardedValues: forwarded, Compress = false } = behaviour
  const headers = lowerCase(forwarded?.Headers?.Items)
  const forwardsAll = headers.includes('*')
  const { Forward = 'none', WhitelistedNames } = forwarded?.Cookies ?? {}
  const keys = forwarded?.QueryStringCacheKeys?.Items ?? []
  const sendsQuery = forwarded?.QueryString ?? false
  return {
    cache: {
      minTtl: forwardsAll ? 0 : (behaviour.MinTTL ?? 0),
      defaultTtl: forwardsAll ? 0 : (behaviour.DefaultTTL ?? 86_400),
      maxTtl: forwardsAll ? 0 : (behaviour.MaxTTL ?? 31_536_000),
      headers: forwardsAll ? [] : headers,
      cookies: selectionOf(Forward, WhitelistedNames?.Items),
      query: !sendsQuery ? none : keys.length > 0 ? { mode: 'only', names: keys } : all,
      gzip: true,
      brotli: Compress,
    },
    request: {
      headers: forwardsAll ? all : none,
      madeHeaders: [],
      cookies: none,
      query: sendsQuery ? all : none,
      passesOthers: true,
    },
  }
}

function responseHeadersOf(config: ResponseHeadersPolicyConfig): ResponseHeadersSettings {
  const { CorsConfig, ServerTimingHeadersConfig: timing } = config
  return {
    set: [
      ...securityHeaders(config.SecurityHeadersConfig ?? {}),
      ...(config.CustomHeadersConfig?.Items ?? []).map(
        ({ Header, Value, Override }) => [Header, Value, Override] as const,
      ),
    ],
    removed: lowerCase(config.RemoveHeadersConfig?.Items?.map(({ Header }) => Header)),
    ...(CorsConfig && { cors: corsOf(CorsConfig) }),
    ...(timing?.Enabled && { serverTiming: timing.SamplingRate ?? 0 }),
  }
}

type SecurityHeaders = NonNullable<ResponseHeadersPolicyConfig['SecurityHeadersConfig']>

function securityHeaders(config: SecurityHeaders): ResponseHeadersSettings['set'] {
  const { XSSProtection: xss, StrictTransportSecurity: transport } = config
  const set: [string, string, boolean][] = []
  if (xss) {
    const block = xss.ModeBlock ? '; mode=block' : ''
    const report = xss.ReportUri ? `; report=${xss.ReportUri}` : ''
    set.push(['X-XSS-Protection', xss.Protection ? `1${block}${report}` : '0', xss.Override])
  }
  if (config.FrameOptions)
    set.push(['X-Frame-Options', config.FrameOptions.FrameOption, config.FrameOptions.Override])
  if (config.ReferrerPolicy)
    set.push([
      'Referrer-Policy',
      config.ReferrerPolicy.ReferrerPolicy,
      config.ReferrerPolicy.Override,
    ])
  if (config.ContentSecurityPolicy)
    set.push([
      'Content-Security-Policy',
      config.ContentSecurityPolicy.ContentSecurityPolicy,
      config.ContentSecurityPolicy.Override,
    ])
  if (config.ContentTypeOptions)
    set.push(['X-Content-Type-Options', 'nosniff', config.ContentTypeOptions.Override])
  if (transport) {
    const below = transport.IncludeSubdomains ? '; includeSubDomains' : ''
    const preload = transport.Preload ? '; preload' : ''
    set.push([
      'Strict-Transport-Security',
      `max-age=${transport.AccessControlMaxAgeSec}${below}${preload}`,
      transport.Override,
    ])
  }
  return set
}

function corsOf(config: NonNullable<ResponseHeadersPolicyConfig['CorsConfig']>): CorsSettings {
  return {
    origins: config.AccessControlAllowOrigins.Items,
    methods: config.AccessControlAllowMethods.Items,
    headers: config.AccessControlAllowHeaders.Items,
    exposed: config.AccessControlExposeHeaders?.Items ?? [],
    allowsCredentials: config.AccessControlAllowCredentials,
    replaces: config.OriginOverride,
    ...(config.AccessControlMaxAgeSec !== undefined && {
      maxAgeSeconds: config.AccessControlMaxAgeSec,
    }),
  }
}
