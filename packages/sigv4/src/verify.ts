/** Is this signature true? Time, scope, headers, body and the signature itself, in AWS's order. */
import { asymmetricStringToSign, createPublicKeys, isSignedBy } from './asymmetric.ts'
import {
  type CanonicalHeaders,
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
} from './canonical-request.ts'
import type { SignatureClaim } from './claim.ts'
import { formatAmzDate } from './dates.ts'
import type { HttpMessage } from './message.ts'
import type { ServiceRules } from './rules.ts'
import { isEqual, isSha256, stringToSign } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { createSigningKeys, type Scope, type SigningKey, type SigningKeys } from './signing-key.ts'

/** What a verification needs beside the request and its claim. */
export interface VerifyOptions {
  /** Of the access key that the claim names. */
  readonly secretAccessKey: string
  readonly now: Date
  /**
   * SHA-256 of the body as received, in hex, or how to get it (asked for only when needed, and only
   * after time and scope were found good). `streamed`, for S3 alone: the body is read later, and the
   * caller compares it with what is returned.
   */
  readonly bodySha256: string | (() => string) | 'streamed'
  readonly rules: ServiceRules
  /** The host that the client signed, where a trusted proxy changed the Host header. */
  readonly host?: string
  /** Where derived keys are remembered; one memory for the process unless given. */
  readonly keys?: SigningKeys
}

/** What is now known of the body. */
export type VerifiedPayload =
  /** Its hash is signed. Checked already, unless `bodySha256` was `streamed`. */
  | { readonly form: 'body'; readonly sha256: string }
  /** S3's UNSIGNED-PAYLOAD: nothing vouches for the body. */
  | { readonly form: 'unsigned' }
  /** S3's `aws-chunked`: decode and check it with `createChunkDecoder`. */
  | { readonly form: 'chunked'; readonly chunks: ChunkedPayload }

/** What `createChunkDecoder` needs to read an `aws-chunked` body. */
export interface ChunkedPayload {
  /** Present when each chunk is signed. */
  readonly signed?: {
    readonly key: SigningKey
    readonly scope: Scope
    readonly amzDate: string
    /** The request's own signature: the first link of the chain. */
    readonly seedSignature: string
  }
  /** Chunks may be signed, and nobody looks at it. */
  readonly isUnverified?: true
  readonly hasTrailer: boolean
  /** Names that `x-amz-trailer` announces, lower case. */
  readonly trailers: readonly string[]
  /** `x-amz-decoded-content-length` */
  readonly decodedLength: number
}

/**
 * Time and scope: what can be refused before the access key is looked up, as AWS does.
 * `verifySignature` checks the same again.
 *
 * @throws SignatureError  `incompleteQuery` (S3 without X-Amz-Expires), `expired`, `notYetCurrent`,
 *         `wrongScope`
 */
export function checkClaim(
  claim: SignatureClaim,
  { now, rules }: Pick<VerifyOptions, 'now' | 'rules'>,
): void {
  if (claim.form === 'presigned' && rules.payload === 's3' && claim.expires === undefined) {
    throw new SignatureError('incompleteQuery', { missing: ['X-Amz-Expires'] })
  }
  checkTime(claim, now, rules)
  checkScope(claim, rules)
}

/**
 * Verifies a signature. Returns only when it is true.
 *
 * @throws SignatureError  everything else
 */
export function verifySignature(
  message: HttpMessage,
  claim: SignatureClaim,
  options: VerifyOptions,
): VerifiedPayload {
  const { rules } = options
  checkClaim(claim, options)
  // Whoever knows the name of a key without a secret could sign with it.
  if (options.secretAccessKey === '') {
    throw new SignatureError('unknownAccessKey', { accessKeyId: claim.accessKeyId })
  }
  const headers = canonicalHeaders(message)
  if (options.host !== undefined) headers.set('host', options.host)
  if (!claim.signedHeaders.includes('host')) throw new SignatureError('hostNotSigned', {})
  checkSignedHeaders(headers, claim.signedHeaders, rules)

  const payload = claimedPayload(claim, headers, options)
  const key = (options.keys ?? sharedKeys).find(claim.accessKeyId, options.secretAccessKey, claim)
  const publicKey = claim.isAsymmetric && publicKeyOf(claim.accessKeyId, options.secretAccessKey)
  const judge: Judge = publicKey
    ? {
        text: (request) => asymmetricStringToSign(claim, request),
        isTrue: (text) => isSignedBy(publicKey, text, claim.signature),
      }
    : {
        text: (request) => stringToSign(claim.amzDate, claim, request),
        isTrue: (text) => isEqual(key.sign(text), claim.signature),
      }
  checkSignature(message, claim, headers, payload.line, judge, rules)
  return payload.accept(key)
}

const sharedKeys = createSigningKeys()
const publicKeyOf = createPublicKeys()

interface Judge {
  /** The string to sign. */
  readonly text: (canonicalRequest: string) => string
  readonly isTrue: (text: string) => boolean
}

function checkTime(claim: SignatureClaim, now: Date, rules: ServiceRules): void {
  const signedAt = claim.signedAt.getTime()
  const skewSeconds = rules.windowMinutes * 60
  const lifeSeconds =
    claim.expires !== undefined && rules.presigned === 'expires' ? claim.expires : skewSeconds
  const { form, amzDate } = claim
  // Written so that an invalid date fails both comparisons and is refused.
  if (!(signedAt + lifeSeconds * 1000 >= now.getTime())) {
    throw new SignatureError('expired', {
      form,
      signedAt: amzDate,
      edge: formatAmzDate(new Date(now.getTime() - lifeSeconds * 1000)),
      now: formatAmzDate(now),
      windowSeconds: lifeSeconds,
      ...(claim.expires !== undefined && { expires: claim.expires }),
    })
  }
  if (!(signedAt - skewSeconds * 1000 <= now.getTime())) {
    throw new SignatureError('notYetCurrent', {
      form,
      signedAt: amzDate,
      edge: formatAmzDate(new Date(now.getTime() + skewSeconds * 1000)),
      now: formatAmzDate(now),
      windowSeconds: skewSeconds,
    })
  }
}

function checkScope(claim: SignatureClaim, rules: ServiceRules): void {
  const { region, service, terminator, date, amzDate, form } = claim
  const isRegion = rules.region === undefined ? region !== '' : region === rules.region
  const isService = rules.services.includes(service)
  const isTerminator = terminator === 'aws4_request'
  const isDate = amzDate.startsWith(date) && date.length === 8
  if (isRegion && isService && isTerminator && isDate) return
  throw new SignatureError('wrongScope', {
    form,
    ...(!isRegion && { region: { given: region, expected: rules.region ?? 'us-east-1' } }),
    ...(!isService && { service: { given: service, expected: rules.services[0] ?? '' } }),
    ...(!isTerminator && { terminator }),
    ...(!isDate && { date: { scope: date, signed: amzDate.slice(0, 8), from: amzDate } }),
  })
}

function checkSignedHeaders(
  headers: CanonicalHeaders,
  signedHeaders: readonly string[],
  { mustBeSigned }: ServiceRules,
): void {
  const unsigned: string[] = []
  if (mustBeSigned === 'every x-amz-*') {
    for (const name of headers.keys()) {
      if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) unsigned.push(name)
    }
  } else {
    for (const name of mustBeSigned) {
      if (headers.has(name) && !signedHeaders.includes(name)) unsigned.push(name)
    }
  }
  if (unsigned.length > 0) throw new SignatureError('headersNotSigned', { names: unsigned })
}

/**
 * The body of a request whose signature is nobody's concern: what form it has, as its headers say.
 *
 * @throws SignatureError  it is not what they say
 */
export function unverifiedPayload(message: HttpMessage): VerifiedPayload {
  const headers = canonicalHeaders(message)
  const line = headers.get('x-amz-content-sha256') ?? ''
  if (isSha256(line)) return { form: 'body', sha256: line }
  if (!Object.hasOwn(streaming, line)) return { form: 'unsigned' }
  const { hasTrailer } = streaming[line]!
  const chunks = { isUnverified: true, hasTrailer, ...announced(headers, hasTrailer) } as const
  return { form: 'chunked', chunks }
}

interface ClaimedPayload {
  /** Last line of the canonical request. */
  readonly line: string
  /** What to return once the signature is found true; may still refuse the body. */
  readonly accept: (key: SigningKey) => VerifiedPayload
}

function claimedPayload(
  claim: SignatureClaim,
  headers: CanonicalHeaders,
  { rules, bodySha256 }: VerifyOptions,
): ClaimedPayload {
  if (rules.payload === 's3') return s3Payload(claim, headers, bodySha256)
  // The body's own hash, whatever the request says: UNSIGNED-PAYLOAD cannot come out true.
  const sha256 = typeof bodySha256 === 'function' ? bodySha256() : bodySha256
  if (!isSha256(sha256)) {
    throw new TypeError('`bodySha256` is no SHA-256 in hex; `streamed` is for S3 alone')
  }
  return { line: sha256, accept: () => ({ form: 'body', sha256 }) }
}

const streaming: Readonly<Record<string, { signed: boolean; hasTrailer: boolean }>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, hasTrailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, hasTrailer: true },
}

/** @see Amazon S3 API Reference, "Authenticating requests: using the Authorization header" */
function s3Payload(
  claim: SignatureClaim,
  headers: CanonicalHeaders,
  bodySha256: VerifyOptions['bodySha256'],
): ClaimedPayload {
  const line = claim.contentSha256 ?? (claim.form === 'presigned' ? 'UNSIGNED-PAYLOAD' : undefined)
  if (line === undefined) throw new SignatureError('missingContentSha256', {})
  if (line === 'UNSIGNED-PAYLOAD') return { line, accept: () => ({ form: 'unsigned' }) }
  if (line.startsWith('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD')) {
    throw new SignatureError('signatureV4a', { form: claim.form })
  }
  if (Object.hasOwn(streaming, line)) {
    const { signed, hasTrailer } = streaming[line]!
    const shape = { hasTrailer, ...announced(headers, hasTrailer) }
    const link = { scope: claim, amzDate: claim.amzDate, seedSignature: claim.signature }
    return {
      line,
      accept: (key) => ({
        form: 'chunked',
        chunks: signed ? { ...shape, signed: { key, ...link } } : shape,
      }),
    }
  }
  if (!isSha256(line)) {
    throw new SignatureError('invalidContentSha256', { given: line })
  }
  return {
    line,
    accept: () => {
      const computed = typeof bodySha256 === 'function' ? bodySha256() : bodySha256
      if (computed !== 'streamed' && computed !== line) {
        throw new SignatureError('contentSha256Mismatch', { claimed: line, computed })
      }
      return { form: 'body', sha256: line }
    },
  }
}

function announced(headers: CanonicalHeaders, hasTrailer: boolean) {
  const length = headers.get('x-amz-decoded-content-length')?.trim()
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new SignatureError('missingDecodedLength', {})
  }
  const names = (headers.get('x-amz-trailer') ?? '').toLowerCase().split(',')
  const trailers = names.map((name) => name.trim()).filter((name) => name !== '')
  if (hasTrailer && trailers.length === 0) {
    throw new SignatureError('malformedTrailer', { reason: 'x-amz-trailer is missing' })
  }
  return { trailers, decodedLength: Number(length) }
}

function checkSignature(
  message: HttpMessage,
  claim: SignatureClaim,
  headers: Map<string, string>,
  payloadLine: string,
  judge: Judge,
  rules: ServiceRules,
): void {
  const path = canonicalPath(message.rawPath, rules.path)
  const query = canonicalQuery(message.rawQuery, leftOut(claim, rules))
  const ask = () => {
    const request = canonicalRequest(
      message.method,
      path,
      query,
      headers,
      claim.signedHeaders,
      payloadLine,
    )
    const text = judge.text(request)
    return { request, text, isTrue: judge.isTrue(text) }
  }
  const asSent = ask()
  if (asSent.isTrue) return
  // A client may name the default port in Host and sign without it: the host is the same.
  const host = headers.get('host') ?? ''
  const bareHost = host.replace(/:(?:80|443)$/, '')
  if (bareHost !== host) {
    headers.set('host', bareHost)
    if (ask().isTrue) return
  }
  throw new SignatureError('mismatch', {
    accessKeyId: claim.accessKeyId,
    canonicalRequest: asSent.request,
    stringToSign: asSent.text,
    provided: claim.signature,
  })
}

function leftOut(claim: SignatureClaim, rules: ServiceRules): readonly string[] {
  if (claim.form === 'header') return []
  return rules.sessionToken === 'afterSigning'
    ? ['X-Amz-Signature', 'X-Amz-Security-Token']
    : ['X-Amz-Signature']
}
