/** Why was a signature refused? Faults as data; `answers.ts` says how each service words them. */
import { answerTo } from './answers.ts'

/** Where the signature stood: the Authorization header, or the query of a presigned URL. */
export type SignatureForm = 'header' | 'presigned'

/** What is known about each fault, for its message. */
export interface FaultDetails {
  /** Neither the header nor the query holds a signature. */
  missingAuthentication: object
  /** The header and the query both hold one. */
  bothForms: object
  /** A header that may stand once stands twice. */
  repeatedHeader: { readonly name: string }
  unsupportedAlgorithm: { readonly form: SignatureForm; readonly algorithm: string }
  /** Asymmetric signatures (SigV4a), where the service can be signed for otherwise. */
  signatureV4a: { readonly form: SignatureForm }
  /** Signature version 2: not supported here, nor by AWS any longer. */
  signatureV2: { readonly header: string | undefined }
  /** A part of the Authorization header without `=`. */
  malformedPart: { readonly header: string; readonly part: string }
  incompleteHeader: { readonly header: string; readonly missing: readonly string[] }
  incompleteQuery: { readonly missing: readonly string[] }
  malformedExpires: { readonly given: string; readonly fault: 'number' | 'negative' | 'tooLarge' }
  hostNotSigned: object
  /** Headers that must be signed and are not; lower case. */
  headersNotSigned: { readonly names: readonly string[] }
  malformedDate: { readonly form: SignatureForm; readonly given: string }
  malformedCredential: { readonly form: SignatureForm; readonly given: string }
  /** Times as `20150830T123600Z`. */
  expired: Moments
  notYetCurrent: Moments
  wrongScope: {
    readonly form: SignatureForm
    readonly region?: Mismatch
    readonly service?: Mismatch
    readonly terminator?: string
    readonly date?: { readonly scope: string; readonly signed: string; readonly from: string }
  }
  /** No such access key, an inactive one, or a temporary one without its session token. */
  unknownAccessKey: { readonly accessKeyId: string }
  invalidToken: { readonly token: string }
  expiredToken: { readonly token: string }
  mismatch: {
    readonly accessKeyId: string
    readonly canonicalRequest: string
    readonly stringToSign: string
    readonly provided: string
  }
  missingContentSha256: object
  invalidContentSha256: { readonly given: string }
  contentSha256Mismatch: { readonly claimed: string; readonly computed: string }
  malformedEscape: { readonly text: string }
  tooLarge: { readonly part: string; readonly limit: number }
  /** A chunk's (or the trailers') signature is wrong. */
  chunkMismatch: { readonly stringToSign: string; readonly provided: string }
  malformedChunk: { readonly reason: string }
  missingDecodedLength: object
  smallChunk: { readonly chunk: number; readonly sizeBytes: number }
  malformedTrailer: { readonly reason: string }
}

interface Moments {
  readonly form: SignatureForm
  readonly signedAt: string
  /** The edge of the window that was overstepped. */
  readonly edge: string
  readonly now: string
  readonly windowSeconds: number
  /** Presigned: the `X-Amz-Expires` that has run out. */
  readonly expires?: number
}

interface Mismatch {
  readonly given: string
  readonly expected: string
}

export type SignatureFault = keyof FaultDetails

/**
 * A refused signature. `answerTo(error, family)` gives what the service at hand would answer;
 * `message` is the wording of the query protocol (IAM, STS).
 */
export class SignatureError<Fault extends SignatureFault = SignatureFault> extends Error {
  override readonly name = 'SignatureError'
  /** Stable name of the fault; the same as `fault`. */
  readonly code: Fault
  readonly fault: Fault
  readonly details: FaultDetails[Fault]

  constructor(fault: Fault, details: FaultDetails[Fault]) {
    super()
    this.code = fault
    this.fault = fault
    this.details = details
    Object.defineProperty(this, 'message', {
      value: answerTo(this as unknown as SignatureError, 'query').message,
      configurable: true,
      writable: true,
    })
  }
}
