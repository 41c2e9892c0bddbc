/** What does each kind of AWS service answer to a signature it refuses? Code, status and message. */
import { createHash } from 'node:crypto'
import { limits } from './limits.ts'
import { s3Answers } from './s3-answers.ts'
import type { FaultDetails, SignatureError, SignatureFault } from './signature-error.ts'

/**
 * How a service speaks of errors: `query` (IAM, STS, CloudFormation and the XML services but S3),
 * `json` (awsJson 1.0 and 1.1), `restJson` (Lambda, API Gateway's own API), `executeApi` (calls to
 * deployed APIs), `s3`.
 */
export type ErrorFamily = 'query' | 'json' | 'restJson' | 'executeApi' | 's3'

/** One error answer. `code` is the error's name as `x-amzn-ErrorType` or `<Code>` carries it. */
export interface ErrorAnswer {
  readonly code: string
  readonly status: number
  readonly message: string
  /** S3's further elements of `<Error>`, in order. */
  readonly fields?: Readonly<Record<string, string>>
}

/** The answer to `error` of a service of this family. */
export function answerTo(error: SignatureError, family: ErrorFamily): ErrorAnswer {
  return answerOf(error.fault, error.details, family)
}

type PlainFamily = Exclude<ErrorFamily, 's3'>

type Kind = keyof typeof kinds

/** Name and status of each kind of refusal, everywhere but in S3. */
const kinds = {
  MissingAuthenticationToken: row(
    'MissingAuthenticationToken',
    403,
    'MissingAuthenticationTokenException',
  ),
  IncompleteSignature: row('IncompleteSignature', 400, 'IncompleteSignatureException'),
  SignatureDoesNotMatch: row('SignatureDoesNotMatch', 403, 'InvalidSignatureException'),
  InvalidClientTokenId: row('InvalidClientTokenId', 403, 'UnrecognizedClientException'),
  ExpiredToken: row('ExpiredToken', 403, 'ExpiredTokenException'),
  MalformedQueryString: row('MalformedQueryString', 404, 'IncompleteSignatureException'),
} satisfies Record<string, Record<PlainFamily, readonly [code: string, status: number]>>

function row(query: string, queryStatus: number, json: string) {
  return {
    query: [query, queryStatus],
    json: [json, 400],
    restJson: [json, 403],
    executeApi: [json, 403],
  } as const
}

type Text<Fault extends SignatureFault> = (
  details: FaultDetails[Fault],
  family: PlainFamily,
) => string

/**
 * Kind and sentence of each fault, everywhere but in S3. Sentences are AWS's, observed; those of
 * faults that AWS has no sentence for are marked *ours*.
 */
const plain: { readonly [Fault in SignatureFault]: readonly [Kind, Text<Fault>] } = {
  missingAuthentication: [
    'MissingAuthenticationToken',
    (_, family) =>
      family === 'executeApi'
        ? 'Missing Authentication Token'
        : 'Request is missing Authentication Token',
  ],
  bothForms: [
    'SignatureDoesNotMatch',
    () =>
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ],
  repeatedHeader: [
    'IncompleteSignature', // ours: AWS's own answer is not known
    ({ name }) => `Found more than one '${name}' as HTTP header.`,
  ],
  unsupportedAlgorithm: [
    'IncompleteSignature',
    ({ algorithm }) => `Unsupported AWS 'algorithm': '${algorithm}'.`,
  ],
  signatureV4a: [
    'IncompleteSignature', // ours
    () =>
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'. Asymmetric signatures (SigV4a) are not supported here: sign with AWS4-HMAC-SHA256.",
  ],
  signatureV2: [
    'IncompleteSignature', // a SigV2 header fails as any header without key=value pairs
    ({ header }) =>
      header === undefined
        ? "Unsupported AWS 'algorithm': Signature Version 2. Please use AWS4-HMAC-SHA256."
        : missingEqualSign(header),
  ],
  malformedPart: ['IncompleteSignature', ({ header }) => missingEqualSign(header)],
  incompleteHeader: [
    'IncompleteSignature',
    ({ header, missing }) =>
      `${missing.map(headerRequirement).join(' ')} (Hashed with SHA-256 and encoded with Base64) Authorization=${hashed(header)}`,
  ],
  incompleteQuery: [
    'IncompleteSignature',
    ({ missing }) =>
      `${missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(' ')} Re-examine the query-string parameters.`,
  ],
  malformedExpires: [
    'IncompleteSignature', // ours; AWS documents the range
    ({ given }) => `X-Amz-Expires must be a number of seconds from 1 to 604800. Got '${given}'.`,
  ],
  hostNotSigned: [
    'SignatureDoesNotMatch',
    () => "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  ],
  headersNotSigned: [
    'SignatureDoesNotMatch', // ours, after the sentence for Host
    ({ names }) =>
      names.map((name) => `'${name}' must be a 'SignedHeader' in the AWS Authorization.`).join(' '),
  ],
  malformedDate: [
    'IncompleteSignature',
    ({ given }) =>
      `Date must be in ISO-8601 'basic format'. Got '${given}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  ],
  malformedCredential: [
    'IncompleteSignature',
    ({ given }) =>
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${given}'`,
  ],
  expired: [
    'SignatureDoesNotMatch',
    ({ signedAt, edge, now, windowSeconds }) =>
      `Signature expired: ${signedAt} is now earlier than ${edge} (${now} - ${span(windowSeconds)})`,
  ],
  notYetCurrent: [
    'SignatureDoesNotMatch',
    ({ signedAt, edge, now, windowSeconds }) =>
      `Signature not yet current: ${signedAt} is still later than ${edge} (${now} + ${span(windowSeconds)})`,
  ],
  wrongScope: ['SignatureDoesNotMatch', scopeText],
  unknownAccessKey: [
    'InvalidClientTokenId',
    () => 'The security token included in the request is invalid.',
  ],
  invalidToken: [
    'InvalidClientTokenId', // AWS: without a final stop; deployed APIs answer with one
    (_, family) =>
      `The security token included in the request is invalid${family === 'executeApi' ? '.' : ''}`,
  ],
  expiredToken: ['ExpiredToken', () => 'The security token included in the request is expired'],
  mismatch: [
    'SignatureDoesNotMatch',
    (details, family) => (family === 'query' ? mismatch : mismatch + canonicalForms(details)),
  ],
  missingContentSha256: [
    'IncompleteSignature', // S3 alone asks for the header
    () => 'Missing required header for this request: x-amz-content-sha256',
  ],
  invalidContentSha256: [
    'SignatureDoesNotMatch', // ours
    ({ given }) => `x-amz-content-sha256 must be the SHA-256 of the body in hex, got '${given}'.`,
  ],
  contentSha256Mismatch: ['SignatureDoesNotMatch', () => mismatch],
  malformedEscape: [
    'MalformedQueryString', // ours
    ({ text }) => `Illegal hex characters in escape (%) pattern: '${text}'`,
  ],
  tooLarge: [
    'IncompleteSignature', // ours
    ({ part, limit }) => `${part} is larger than the ${limit} that are accepted here.`,
  ],
  chunkMismatch: ['SignatureDoesNotMatch', () => mismatch],
  malformedChunk: ['IncompleteSignature', ({ reason }) => `Malformed aws-chunked body: ${reason}.`],
  missingDecodedLength: [
    'IncompleteSignature',
    () => 'Missing required header for this request: x-amz-decoded-content-length',
  ],
  smallChunk: [
    'IncompleteSignature',
    () => 'Only the last chunk is allowed to have a size less than 8192 bytes',
  ],
  malformedTrailer: ['IncompleteSignature', ({ reason }) => `Malformed trailer: ${reason}.`],
}

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

function answerOf<Fault extends SignatureFault>(
  fault: Fault,
  details: FaultDetails[Fault],
  family: ErrorFamily,
): ErrorAnswer {
  if (family === 's3') return s3Answers[fault](details)
  const [kind, text] = plain[fault]
  const [code, status] = kinds[kind][family]
  return { code, status, message: text(details, family) }
}

function canonicalForms({ canonicalRequest, stringToSign }: FaultDetails['mismatch']): string {
  return `\n\nThe Canonical String for this request should have been\n'${canonicalRequest}'\n\nThe String-to-Sign should have been\n'${stringToSign}'\n`
}

function headerRequirement(part: string): string {
  return part === 'Date'
    ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    : `Authorization header requires '${part}' parameter.`
}

function missingEqualSign(header: string): string {
  return `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hashed(header)}'.`
}

/** The newer messages do not repeat what may be a secret. */
function hashed(header: string): string {
  return createHash('sha256')
    .update(header.slice(0, limits.authorization), 'latin1')
    .digest('base64')
}

function scopeText(
  { region, service, terminator, date }: FaultDetails['wrongScope'],
  family: PlainFamily,
): string {
  const sentences: string[] = []
  if (region) {
    sentences.push(`Credential should be scoped to a valid region, not '${region.given}'.`)
  }
  if (service) {
    sentences.push(`Credential should be scoped to correct service: '${service.expected}'.`)
  }
  if (terminator !== undefined) {
    sentences.push(
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`,
    )
  }
  if (date) {
    sentences.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date.scope}' != '${date.signed}', from '${date.from}'.`,
    )
  }
  // Deployed APIs were observed to end with a blank.
  return sentences.join(' ') + (family === 'executeApi' ? ' ' : '')
}

/** `15 min.`; a presigned request's own validity may be no whole minute. */
function span(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min.` : `${seconds} sec.`
}
