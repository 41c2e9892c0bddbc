/** Policies that AWS brings, by the ids that every account knows them by. */
import type {
  CachePolicyConfig,
  OriginRequestPolicyConfig,
  ResponseHeadersPolicyConfig,
} from './records.ts'

const year = 31_536_000
const day = 86_400

type Ttls = readonly [min: number, usual: number, max: number]
type Choice = 'none' | 'all' | readonly string[]

interface CacheRow {
  readonly name: string
  readonly ttls: Ttls
  readonly headers?: readonly string[]
  readonly cookies?: Choice
  readonly query?: Choice
  readonly compresses: boolean
}

const originHeaders = [
  'Host',
  'Origin',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
]

/** @see CloudFront Developer Guide, "Use managed cache policies" */
const cacheRows: Readonly<Record<string, CacheRow>> = {
  '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': {
    name: 'Managed-CachingDisabled',
    ttls: [0, 0, 0],
    compresses: false,
  },
  '658327ea-f89d-4fab-a63d-7e88639e58f6': {
    name: 'Managed-CachingOptimized',
    ttls: [1, day, year],
    compresses: true,
  },
  'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': {
    name: 'Managed-CachingOptimizedForUncompressedObjects',
    ttls: [1, day, year],
    compresses: false,
  },
  '83da9c7e-98b4-4e11-a168-04f0df8e2c65': {
    name: 'UseOriginCacheControlHeaders',
    ttls: [0, 0, year],
    headers: originHeaders,
    cookies: 'all',
    compresses: true,
  },
  '4cc15a8a-d715-48a4-82b8-cc0b614638fe': {
    name: 'UseOriginCacheControlHeaders-QueryStrings',
    ttls: [0, 0, year],
    headers: originHeaders,
    cookies: 'all',
    query: 'all',
    compresses: true,
  },
  '08627262-05a9-4f76-9ded-b50ca2e3a84f': {
    name: 'Managed-Elemental-MediaPackage',
    ttls: [0, day, year],
    headers: ['Origin'],
    query: ['aws.manifestfilter', 'end', 'm', 'start'],
    compresses: true,
  },
  '2e54312d-136d-493c-8eb9-b001f22f67d2': {
    name: 'Managed-Amplify',
    ttls: [2, 2, 600],
    headers: ['Authorization', 'CloudFront-Viewer-Country', 'Host'],
    cookies: 'all',
    query: 'all',
    compresses: true,
  },
}

export const managedCachePolicies: ReadonlyMap<string, CachePolicyConfig> = new Map(
  Object.entries(cacheRows).map(([id, row]) => [id, cachePolicy(row)]),
)

function cachePolicy(row: CacheRow): CachePolicyConfig {
  const { name, ttls, headers, cookies = 'none', query = 'none', compresses } = row
  const [MinTTL, DefaultTTL, MaxTTL] = ttls
  return {
    Name: name,
    Comment: `Managed policy ${name}`,
    MinTTL,
    DefaultTTL,
    MaxTTL,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: compresses,
      EnableAcceptEncodingBrotli: compresses,
      HeadersConfig: headers
        ? { HeaderBehavior: 'whitelist', Headers: listed(headers) }
        : { HeaderBehavior: 'none' },
      CookiesConfig:
        typeof cookies === 'string'
          ? { CookieBehavior: cookies }
          : { CookieBehavior: 'whitelist', Cookies: listed(cookies) },
      QueryStringsConfig:
        typeof query === 'string'
          ? { QueryStringBehavior: query }
          : { QueryStringBehavior: 'whitelist', QueryStrings: listed(query) },
    },
  }
}

type HeaderBehavior = NonNullable<OriginRequestPolicyConfig['HeadersConfig']['HeaderBehavior']>

interface RequestRow {
  readonly name: string
  readonly behavior: HeaderBehavior
  readonly headers?: readonly string[]
  readonly cookies: 'none' | 'all'
  readonly query: 'none' | 'all'
}

const corsHeaders = ['Access-Control-Request-Headers', 'Access-Control-Request-Method', 'Origin']

/** @see CloudFront Developer Guide, "Use managed origin request policies" */
const requestRows: Readonly<Record<string, RequestRow>> = {
  '216adef6-5c7f-47e4-b989-5492eafa07d3': {
    name: 'Managed-AllViewer',
    behavior: 'allViewer',
    cookies: 'all',
    query: 'all',
  },
  'b689b0a8-53d0-40ab-baf2-68738e2966ac': {
    name: 'Managed-AllViewerExceptHostHeader',
    behavior: 'allExcept',
    headers: ['Host'],
    cookies: 'all',
    query: 'all',
  },
  '33f36d7e-f396-46d9-90e0-52428a34d9dc': {
    name: 'Managed-AllViewerAndCloudFrontHeaders-2022-06',
    behavior: 'allViewerAndWhitelistCloudFront',
    headers: [
      'CloudFront-Forwarded-Proto',
      'CloudFront-Is-Android-Viewer',
      'CloudFront-Is-Desktop-Viewer',
      'CloudFront-Is-IOS-Viewer',
      'CloudFront-Is-Mobile-Viewer',
      'CloudFront-Is-SmartTV-Viewer',
      'CloudFront-Is-Tablet-Viewer',
      'CloudFront-Viewer-ASN',
      'CloudFront-Viewer-Address',
      'CloudFront-Viewer-City',
      'CloudFront-Viewer-Country',
      'CloudFront-Viewer-Country-Name',
      'CloudFront-Viewer-Country-Region',
      'CloudFront-Viewer-Country-Region-Name',
      'CloudFront-Viewer-Http-Version',
      'CloudFront-Viewer-Latitude',
      'CloudFront-Viewer-Longitude',
      'CloudFront-Viewer-Metro-Code',
      'CloudFront-Viewer-Postal-Code',
      'CloudFront-Viewer-TLS',
      'CloudFront-Viewer-Time-Zone',
    ],
    cookies: 'all',
    query: 'all',
  },
  '59781a5b-3903-41f3-afcb-af62929ccde1': {
    name: 'Managed-CORS-CustomOrigin',
    behavior: 'whitelist',
    headers: ['Origin'],
    cookies: 'none',
    query: 'none',
  },
  '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf': {
    name: 'Managed-CORS-S3Origin',
    behavior: 'whitelist',
    headers: corsHeaders,
    cookies: 'none',
    query: 'none',
  },
  '775133bc-15f2-49f9-abea-afb2e0bf67d2': {
    name: 'Managed-Elemental-MediaTailor-PersonalizedManifests',
    behavior: 'whitelist',
    headers: [...corsHeaders, 'User-Agent', 'X-Forwarded-For'],
    cookies: 'none',
    query: 'all',
  },
  'bf0718e1-ba1e-49d1-88b1-f726733018ae': {
    name: 'Managed-HostHeaderOnly',
    behavior: 'whitelist',
    headers: ['Host'],
    cookies: 'none',
    query: 'none',
  },
  'acba4595-bd28-49b8-b9fe-13317c0390fa': {
    name: 'Managed-UserAgentRefererHeaders',
    behavior: 'whitelist',
    headers: ['Referer', 'User-Agent'],
    cookies: 'none',
    query: 'none',
  },
}

export const managedOriginRequestPolicies: ReadonlyMap<string, OriginRequestPolicyConfig> = new Map(
  Object.entries(requestRows).map(([id, { name, behavior, headers, cookies, query }]) => [
    id,
    {
      Name: name,
      Comment: `Managed policy ${name}`,
      HeadersConfig: {
        HeaderBehavior: behavior,
        ...(headers && { Headers: listed(headers) }),
      },
      CookiesConfig: { CookieBehavior: cookies },
      QueryStringsConfig: { QueryStringBehavior: query },
    },
  ]),
)

type Cors = NonNullable<ResponseHeadersPolicyConfig['CorsConfig']>
type Security = NonNullable<ResponseHeadersPolicyConfig['SecurityHeadersConfig']>

const simpleCors: Cors = {
  AccessControlAllowOrigins: listed(['*']),
  AccessControlAllowHeaders: listed(['*']),
  AccessControlAllowMethods: listed(['GET', 'HEAD']),
  AccessControlAllowCredentials: false,
  OriginOverride: false,
}
const preflightCors: Cors = {
  ...simpleCors,
  AccessControlAllowMethods: listed(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']),
  AccessControlExposeHeaders: listed(['*']),
}
const security: Security = {
  XSSProtection: { Override: false, Protection: true, ModeBlock: true },
  FrameOptions: { Override: false, FrameOption: 'SAMEORIGIN' },
  ReferrerPolicy: { Override: false, ReferrerPolicy: 'strict-origin-when-cross-origin' },
  ContentTypeOptions: { Override: true },
  StrictTransportSecurity: { Override: false, AccessControlMaxAgeSec: year },
}

const responseRow = (
  Name: string,
  cors?: Cors,
  safety?: Security,
): ResponseHeadersPolicyConfig => ({
  Name: `Managed-${Name}`,
  Comment: `Managed policy Managed-${Name}`,
  ...(cors && { CorsConfig: cors }),
  ...(safety && { SecurityHeadersConfig: safety }),
})

/** @see CloudFront Developer Guide, "Use managed response headers policies" */
export const managedResponseHeadersPolicies: ReadonlyMap<string, ResponseHeadersPolicyConfig> =
  new Map([
    ['60669652-455b-4ae9-85a4-c4c02393f86c', responseRow('SimpleCORS', simpleCors)],
    ['5cc3b908-e619-4b99-88e5-2cf7f45965bd', responseRow('CORS-With-Preflight', preflightCors)],
    [
      'e61eb60c-9c35-4d20-a928-2b84e02af89c',
      responseRow('CORS-and-SecurityHeadersPolicy', simpleCors, security),
    ],
    [
      'eaab4381-ed33-4a86-88ca-d9558dc6cd63',
      responseRow('CORS-with-preflight-and-SecurityHeadersPolicy', preflightCors, security),
    ],
    [
      '67f7725c-6f97-4210-82d7-5512b31e9d03',
      responseRow('SecurityHeadersPolicy', undefined, security),
    ],
  ])

function listed<const Item extends string>(
  items: readonly Item[],
): { Quantity: number; Items: Item[] } {
  return { Quantity: items.length, Items: [...items] }
}
