/** How does a client sign? The Authorization header, or a presigned URL. */

import {
  type CanonicalHeaders,
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
} from './canonical-request.ts'
import { algorithm } from './claim.ts'
import { formatAmzDate } from './dates.ts'
import { encodeComponent } from './encoding.ts'
import { type HttpMessage, headerValues } from './message.ts'
import { type ServiceRules, serviceRules } from './rules.ts'
import { emptySha256, stringToSign } from './signature.ts'
import { deriveSigningKey, type Scope, scopeText } from './signing-key.ts'

/** An access key. `sessionToken` belongs to temporary credentials. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** What to sign for. */
export interface SignOptions {
  readonly region: string
  /** Signing name: `iam`, `execute-api`, `s3`. */
  readonly service: string
  readonly now: Date
  /**
   * SHA-256 of the body in hex (absent: of an empty body); for S3 also `UNSIGNED-PAYLOAD` or one of
   * the `STREAMING-…` values. A presigned S3 request takes `UNSIGNED-PAYLOAD` unless told otherwise.
   */
  readonly payloadHash?: string
  /** Send `x-amz-content-sha256` along. S3 demands it; elsewhere absent means no. */
  readonly sendsPayloadHash?: boolean
  /** The service's own unless given. */
  readonly rules?: ServiceRules
}

/** Headers that clients leave unsigned: proxies change them. */
const neverSigned: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
])

/**
 * Signs a request: returns the headers to add, as a flat list of names and values.
 *
 * @param message  as it will be sent, with its Host (with the port, unless it is the scheme's own).
 *                 All its headers are signed, but for those that proxies change.
 * @throws SignatureError  `malformedEscape`, `tooLarge`: the request cannot be signed as it stands.
 */
export function signRequest(
  message: HttpMessage,
  credentials: Credentials,
  options: SignOptions,
): string[] {
  const { region, service, now, rules = serviceRules(service) } = options
  const amzDate = formatAmzDate(now)
  const payloadHash = options.payloadHash ?? emptySha256
  const added = ['X-Amz-Date', amzDate]
  if (options.sendsPayloadHash ?? rules.payload === 's3') {
    added.push('X-Amz-Content-Sha256', payloadHash)
  }
  const token = credentials.sessionToken
  const tokenHeader = token === undefined ? [] : ['X-Amz-Security-Token', token]
  const signsToken = rules.sessionToken === 'signed'
  const headers = canonicalHeaders({
    ...message,
    headers: [...message.headers, ...added, ...(signsToken ? tokenHeader : [])],
  })
  const signedHeaders = signable(headers)
  const scope = { date: amzDate.slice(0, 8), region, service }
  const request = canonicalRequest(
    message.method,
    canonicalPath(message.rawPath, rules.path),
    canonicalQuery(message.rawQuery, []),
    headers,
    signedHeaders,
    payloadHash,
  )
  const signature = signatureOf(request, amzDate, scope, credentials)
  const credential = `${credentials.accessKeyId}/${scopeText(scope)}`
  return [
    ...added,
    ...tokenHeader,
    'Authorization',
    `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  ]
}

/**
 * Presigns a request: returns its whole query string, signature included.
 *
 * @throws SignatureError  as `signRequest`
 */
export function presign(
  message: HttpMessage,
  credentials: Credentials,
  options: Omit<SignOptions, 'sendsPayloadHash'> & {
    /** 1 to 604,800 seconds. */
    readonly expires: number
  },
): string {
  const { region, service, now, rules = serviceRules(service) } = options
  const amzDate = formatAmzDate(now)
  const scope = { date: amzDate.slice(0, 8), region, service }
  const headers = canonicalHeaders(message)
  const signedHeaders = signable(headers)
  const token = credentials.sessionToken
  const tokenPair = token === undefined ? [] : [['X-Amz-Security-Token', token] as const]
  const signsToken = rules.sessionToken === 'signed'
  const query = joinPairs(message.rawQuery, [
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', amzDate],
    ['X-Amz-Expires', String(options.expires)],
    ['X-Amz-SignedHeaders', signedHeaders.join(';')],
    ...(signsToken ? tokenPair : []),
  ])
  const request = canonicalRequest(
    message.method,
    canonicalPath(message.rawPath, rules.path),
    canonicalQuery(query, []),
    headers,
    signedHeaders,
    presignedPayload(message, options.payloadHash, rules),
  )
  const signature = signatureOf(request, amzDate, scope, credentials)
  return joinPairs(query, [...(signsToken ? [] : tokenPair), ['X-Amz-Signature', signature]])
}

function presignedPayload(
  message: HttpMessage,
  given: string | undefined,
  rules: ServiceRules,
): string {
  if (rules.payload === 'body') return given ?? emptySha256
  // S3 reads the hash from the signed header when there is one.
  return headerValues(message, 'x-amz-content-sha256')[0] ?? given ?? 'UNSIGNED-PAYLOAD'
}

function signable(headers: CanonicalHeaders): string[] {
  return [...headers.keys()].filter((name) => !neverSigned.has(name)).sort()
}

function signatureOf(
  request: string,
  amzDate: string,
  scope: Scope,
  { secretAccessKey }: Credentials,
): string {
  return deriveSigningKey(secretAccessKey, scope).sign(stringToSign(amzDate, scope, request))
}

function joinPairs(query: string, pairs: readonly (readonly [string, string])[]): string {
  const added = pairs.map(([name, value]) => `${name}=${encodeComponent(value)}`)
  return [...(query === '' ? [] : [query]), ...added].join('&')
}
