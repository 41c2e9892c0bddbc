/** What does this request say about its signature? Reads the header or presigned form; trusts nothing. */
import { formatAmzDate, parseAmzDate, parseDateHeader } from './dates.ts'
import { decode } from './encoding.ts'
import { limits } from './limits.ts'
import { type HttpMessage, headerValues } from './message.ts'
import { SignatureError, type SignatureForm } from './signature-error.ts'
import type { Scope } from './signing-key.ts'

/** A signature as claimed; nothing in it is proven until `verifySignature` returns. */
export interface SignatureClaim extends Scope {
  readonly form: SignatureForm
  readonly accessKeyId: string
  /** Fifth element of the credential; `aws4_request` or the claim is refused. */
  readonly terminator: string
  /** Time of signing as `20150830T123600Z`. */
  readonly amzDate: string
  readonly signedAt: Date
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[]
  /** 64 hex digits when well formed. */
  readonly signature: string
  readonly sessionToken?: string
  /** Presigned only: seconds, 1 to 604,800. */
  readonly expires?: number
  /** The `x-amz-content-sha256` of the request (header; of a presigned request also the query). */
  readonly contentSha256?: string
  /** SigV4a: verified with a public key, good in more than one region; `region` is where it is used. */
  readonly isAsymmetric?: true
}

export const algorithm = 'AWS4-HMAC-SHA256'
export const asymmetric = 'AWS4-ECDSA-P256-SHA256'
/** Services whose clients can sign in no other way; all at home in one region. */
const asymmetricServices: ReadonlySet<string> = new Set(['cloudfront-keyvaluestore'])
const homeRegion = 'us-east-1'

/**
 * Finds and parses the signature of a request.
 *
 * @returns undefined when the request is unsigned: neither an Authorization header nor `X-Amz-*`
 *          signature parameters. A service that needs a signature answers that with
 *          `new SignatureError('missingAuthentication', {})`.
 * @throws SignatureError  there is something that claims to be a signature and is not a well-formed
 *         SigV4 one; also when both forms are present.
 */
export function findSignature(message: HttpMessage): SignatureClaim | undefined {
  const authorization = single(message, 'authorization')
  single(message, 'host')
  const parameters = presignedParameters(message.rawQuery)
  if (authorization !== undefined && authorization !== '') {
    if (parameters !== undefined) throw new SignatureError('bothForms', {})
    return fromHeader(message, authorization)
  }
  return parameters === undefined ? undefined : fromQuery(message, parameters)
}

/** Splits as AWS does: at blanks and commas alike. */
const separators = /[ \t,]+/

function fromHeader(message: HttpMessage, header: string): SignatureClaim {
  if (header.length > limits.authorization) {
    throw new SignatureError('tooLarge', {
      part: 'Authorization header',
      limit: limits.authorization,
    })
  }
  const tokens = header.split(separators)
  const scheme = tokens[0]!
  refuseScheme(scheme, header)

  let credential: string | undefined
  let signedHeaders: string | undefined
  let signature: string | undefined
  // A header of one word that names no AWS algorithm has no scheme: the word is its first part.
  for (let i = tokens.length > 1 || scheme === algorithm ? 1 : 0; i < tokens.length; i++) {
    const token = tokens[i]!
    if (token === '') continue
    const equals = token.indexOf('=')
    if (equals < 0) throw new SignatureError('malformedPart', { header, part: token })
    const value = token.slice(equals + 1)
    // Repeated: the last one wins.
    if (token.startsWith('Credential=')) credential = value
    else if (token.startsWith('SignedHeaders=')) signedHeaders = value
    else if (token.startsWith('Signature=')) signature = value
  }

  const amzDate = single(message, 'x-amz-date')
  const date = amzDate ?? single(message, 'date')
  if (
    credential === undefined ||
    signature === undefined ||
    signedHeaders === undefined ||
    date === undefined
  ) {
    const parts = { Credential: credential, Signature: signature, SignedHeaders: signedHeaders }
    throw new SignatureError('incompleteHeader', {
      header,
      missing: absent({ ...parts, Date: date }),
    })
  }
  const isAsymmetric = scheme === asymmetric
  if (scheme !== algorithm && !isAsymmetric) {
    throw new SignatureError('unsupportedAlgorithm', { form: 'header', algorithm: scheme })
  }

  const names = parseSignedHeaders(signedHeaders)
  const signedAt = amzDate === undefined ? parseDateHeader(date) : parseAmzDate(date)
  if (signedAt === undefined) {
    throw new SignatureError('malformedDate', { form: 'header', given: date })
  }
  const sessionToken = single(message, 'x-amz-security-token')
  const contentSha256 = single(message, 'x-amz-content-sha256')
  const who = isAsymmetric
    ? asymmetricCredential(credential, names, single(message, 'x-amz-region-set'))
    : parseCredential(credential, 'header')
  return {
    form: 'header',
    ...who,
    amzDate: amzDate ?? formatAmzDate(new Date(signedAt)),
    signedAt: new Date(signedAt),
    signedHeaders: names,
    signature,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(contentSha256 !== undefined && { contentSha256 }),
  }
}

function refuseScheme(scheme: string, header: string): void {
  if (scheme === algorithm || scheme === asymmetric) return
  if (scheme.startsWith('AWS4-')) {
    throw new SignatureError('unsupportedAlgorithm', { form: 'header', algorithm: scheme })
  }
  if (scheme === 'AWS') throw new SignatureError('signatureV2', { header })
}

function fromQuery(message: HttpMessage, given: PresignedParameters): SignatureClaim {
  const named = given['X-Amz-Algorithm']
  if (named === asymmetric) throw new SignatureError('signatureV4a', { form: 'presigned' })
  if (named !== undefined && named !== algorithm) {
    throw new SignatureError('unsupportedAlgorithm', { form: 'presigned', algorithm: named })
  }
  const credential = given['X-Amz-Credential']
  const signature = given['X-Amz-Signature']
  const signedHeaders = given['X-Amz-SignedHeaders']
  const amzDate = given['X-Amz-Date']
  if (
    named === undefined ||
    credential === undefined ||
    signature === undefined ||
    signedHeaders === undefined ||
    amzDate === undefined
  ) {
    throw new SignatureError('incompleteQuery', {
      missing: absent({
        'X-Amz-Algorithm': named,
        'X-Amz-Credential': credential,
        'X-Amz-Signature': signature,
        'X-Amz-SignedHeaders': signedHeaders,
        'X-Amz-Date': amzDate,
      }),
    })
  }
  const names = parseSignedHeaders(signedHeaders)
  const signedAt = parseAmzDate(amzDate)
  if (signedAt === undefined) {
    throw new SignatureError('malformedDate', { form: 'presigned', given: amzDate })
  }
  const sessionToken = given['X-Amz-Security-Token']
  const expires = parseExpires(given['X-Amz-Expires'])
  const contentSha256 = given['X-Amz-Content-Sha256'] ?? single(message, 'x-amz-content-sha256')
  return {
    form: 'presigned',
    ...parseCredential(credential, 'presigned'),
    amzDate,
    signedAt: new Date(signedAt),
    signedHeaders: names,
    signature,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expires !== undefined && { expires }),
    ...(contentSha256 !== undefined && { contentSha256 }),
  }
}

const presignedNames = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
] as const

type PresignedName = (typeof presignedNames)[number]
type PresignedParameters = { readonly [Name in PresignedName]?: string }

const presignedNameSet: ReadonlySet<string> = new Set(presignedNames)

/** @returns undefined when the query holds no signature. */
function presignedParameters(rawQuery: string): PresignedParameters | undefined {
  // A name may be written with escapes: only a query with neither is known to be unsigned.
  if (!rawQuery.includes('X-Amz-') && !rawQuery.includes('%')) {
    if (!rawQuery.includes('AWSAccessKeyId=')) return undefined
  }
  if (rawQuery.length > limits.query) {
    throw new SignatureError('tooLarge', { part: 'Query string', limit: limits.query })
  }
  const found: { [Name in PresignedName]?: string } = {}
  let version2 = 0
  for (const pair of rawQuery.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeName(equals < 0 ? pair : pair.slice(0, equals))
    if (name === 'AWSAccessKeyId' || name === 'Signature') version2++
    if (!presignedNameSet.has(name)) continue
    // Repeated: the first one wins.
    found[name as PresignedName] ??= equals < 0 ? '' : decode(pair.slice(equals + 1))
  }
  const isSigned =
    found['X-Amz-Algorithm'] !== undefined ||
    found['X-Amz-Credential'] !== undefined ||
    found['X-Amz-Signature'] !== undefined
  if (isSigned) return found
  if (version2 > 1) throw new SignatureError('signatureV2', { header: undefined })
  return undefined
}

/** An unsigned request may hold any bytes; what cannot be decoded is no parameter of ours. */
function decodeName(name: string): string {
  if (!name.includes('%')) return name
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function parseSignedHeaders(text: string): readonly string[] {
  const names = text.toLowerCase().split(';')
  if (names.length > limits.signedHeaders) {
    throw new SignatureError('tooLarge', { part: 'SignedHeaders', limit: limits.signedHeaders })
  }
  if (!names.includes('host')) throw new SignatureError('hostNotSigned', {})
  return names.sort()
}

function parseCredential(given: string, form: SignatureForm) {
  const elements = given.split('/')
  const [accessKeyId, date, region, service, terminator] = elements
  if (
    elements.length !== 5 ||
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined
  ) {
    throw new SignatureError('malformedCredential', { form, given })
  }
  return { accessKeyId, date, region, service, terminator }
}

/** Without a region: those are in a header, which has to be signed. */
function asymmetricCredential(
  given: string,
  signedHeaders: readonly string[],
  regionSet: string | undefined,
) {
  const elements = given.split('/')
  if (!asymmetricServices.has(elements.at(-2) ?? ''))
    throw new SignatureError('signatureV4a', { form: 'header' })
  const [accessKeyId = '', date = '', service = '', terminator = ''] = elements
  if (elements.length !== 4)
    throw new SignatureError('malformedCredential', { form: 'header', given })
  if (!signedHeaders.includes('x-amz-region-set'))
    throw new SignatureError('headersNotSigned', { names: ['x-amz-region-set'] })
  if (!coversHome(regionSet ?? ''))
    throw new SignatureError('wrongScope', {
      form: 'header',
      region: { given: regionSet ?? '', expected: homeRegion },
    })
  return { accessKeyId, date, region: homeRegion, service, terminator, isAsymmetric: true } as const
}

/** @param regionSet  `*`, or regions with commas between them, at whose end a star may stand for any characters */
function coversHome(regionSet: string): boolean {
  return regionSet.split(',').some((each) => {
    const name = each.trim()
    return name.endsWith('*') ? homeRegion.startsWith(name.slice(0, -1)) : name === homeRegion
  })
}

/** @see Amazon S3 API Reference, "Authenticating requests: using query parameters" */
function parseExpires(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const fault = !/^-?\d{1,12}$/.test(given)
    ? 'number'
    : Number(given) < 1
      ? 'negative'
      : Number(given) > 604_800
        ? 'tooLarge'
        : undefined
  if (fault !== undefined) throw new SignatureError('malformedExpires', { given, fault })
  return Number(given)
}

function single(message: HttpMessage, name: string): string | undefined {
  const values = headerValues(message, name)
  if (values.length > 1) throw new SignatureError('repeatedHeader', { name })
  return values[0]?.trim()
}

function absent(parts: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(parts).filter((name) => parts[name] === undefined)
}
