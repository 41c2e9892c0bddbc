/** What a distribution serves, with everything it refers to put in its place. Times are in seconds where CloudFront's are. */

export interface DistributionSnapshot {
  readonly id: string
  readonly accountId: string
  /** `d….cloudfront.net` */
  readonly domainName: string
  readonly isEnabled: boolean
  /** Empty: none. */
  readonly defaultRootObject: string
  readonly origins: readonly OriginSettings[]
  readonly groups: readonly OriginGroup[]
  /** In the order in which they are asked; the last one matches everything. */
  readonly behaviours: readonly BehaviourSettings[]
  readonly errorResponses: readonly ErrorResponse[]
  readonly geo: GeoRestriction
  /** Invalidations so far. */
  readonly invalidated: number
  /** The newest of them, by number. */
  readonly invalidations: readonly Invalidation[]
  /** Absent: nobody logs. */
  readonly logging?: LoggingSettings
  /** Of its log, to log groups; absent: none. */
  readonly deliveries?: readonly LogDelivery[]
}

export interface LogDelivery {
  readonly id: string
  /** For whose sake it is delivered. */
  readonly sourceArn: string
  readonly region: string
  readonly logGroup: string
  readonly fields: readonly string[]
  readonly includesCookies: boolean
  /** Between values; absent: lines are JSON. */
  readonly delimiter?: string
}

export interface LoggingSettings {
  readonly bucket: string
  /** Empty: none. */
  readonly prefix: string
  readonly includesCookies: boolean
}

export interface OriginSettings {
  readonly id: string
  readonly kind: 'custom' | 's3'
  readonly domainName: string
  /** Begins with `/`, or is empty. */
  readonly path: string
  /** Name and value. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly protocol: 'http-only' | 'match-viewer' | 'https-only'
  readonly httpPort: number
  readonly httpsPort: number
  readonly attempts: number
  readonly connectSeconds: number
  /** Between two packets, the first of them included. */
  readonly readSeconds: number
  readonly keepAliveSeconds: number
  /** For the whole answer; absent: as long as it takes. */
  readonly completionSeconds?: number
  /** Requests are signed by CloudFront. */
  readonly signing?: 'always' | 'never' | 'no-override'
}

export interface OriginGroup {
  readonly id: string
  readonly members: readonly string[]
  /** Answers of the first that send a request to the second. */
  readonly statuses: readonly number[]
}

export interface BehaviourSettings {
  readonly pathPattern: string
  /** An origin or a group of them. */
  readonly targetId: string
  readonly viewerProtocol: 'allow-all' | 'https-only' | 'redirect-to-https'
  readonly allowedMethods: readonly string[]
  readonly cachedMethods: readonly string[]
  readonly compress: boolean
  /** Only what is signed with one of them is served; absent: everything is. */
  readonly trustedKeys?: readonly TrustedKey[]
  readonly cache: CacheSettings
  readonly request: RequestSettings
  readonly responseHeaders?: ResponseHeadersSettings
  /** Absent: none at all. */
  readonly functions?: FunctionSettings
}

export interface FunctionSettings {
  readonly viewerRequest?: FunctionCode
  readonly viewerResponse?: FunctionCode
}

export interface FunctionCode {
  /** Name and version: another code has another. */
  readonly id: string
  readonly code: string
  /** What its module `cloudfront` reads. */
  readonly keyValueStoreId?: string
}

export interface TrustedKey {
  readonly id: string
  readonly pem: string
}

/** Which of a viewer's query strings, cookies or headers. Names of headers are in lower case. */
export type Selection =
  | { readonly mode: 'none' }
  | { readonly mode: 'all' }
  | { readonly mode: 'only'; readonly names: readonly string[] }
  | { readonly mode: 'except'; readonly names: readonly string[] }

export interface CacheSettings {
  readonly minTtl: number
  readonly defaultTtl: number
  readonly maxTtl: number
  /** Lower case. */
  readonly headers: readonly string[]
  readonly cookies: Selection
  readonly query: Selection
  readonly gzip: boolean
  readonly brotli: boolean
}

/** What an origin is sent beside what is in the cache key. */
export interface RequestSettings {
  readonly headers: Selection
  /** Headers that CloudFront makes, lower case. */
  readonly madeHeaders: readonly string[]
  readonly cookies: Selection
  readonly query: Selection
  /** From before there were policies: headers that nothing is said of are passed on. */
  readonly passesOthers: boolean
}

export interface ResponseHeadersSettings {
  /** Name, value, and whether it replaces an origin's. */
  readonly set: readonly (readonly [name: string, value: string, replaces: boolean])[]
  /** Lower case. */
  readonly removed: readonly string[]
  readonly cors?: CorsSettings
  /** Of all answers, in percent. */
  readonly serverTiming?: number
}

export interface CorsSettings {
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly allowsCredentials: boolean
  readonly maxAgeSeconds?: number
  readonly replaces: boolean
}

export interface ErrorResponse {
  readonly status: number
  /** Absent: the answer stays, only how long it is kept is said. */
  readonly page?: { readonly path: string; readonly status: number }
  readonly cachingMinTtl: number
}

export interface GeoRestriction {
  readonly type: 'none' | 'whitelist' | 'blacklist'
  readonly countries: readonly string[]
}

export interface Invalidation {
  readonly number: number
  /** A `*` at the end stands for anything. */
  readonly paths: readonly string[]
}
