/** The chain of signatures through an `aws-chunked` body: each vouches for a chunk and the one before. */
import { emptySha256, sha256 } from './signature.ts'
import { type Scope, type SigningKey, scopeText } from './signing-key.ts'

/** One link of the chain. */
export interface ChunkLink {
  readonly key: SigningKey
  readonly scope: Scope
  readonly amzDate: string
  /** The signature before this one; of the first chunk the request's own. */
  readonly previous: string
}

/** @see Amazon S3 API Reference, "Signature calculations: transferring payload in multiple chunks" */
export function chunkStringToSign(link: Omit<ChunkLink, 'key'>, dataSha256: string): string {
  return `AWS4-HMAC-SHA256-PAYLOAD\n${head(link)}\n${emptySha256}\n${dataSha256}`
}

/**
 * @param trailers  `name:value\n` of each trailer, names in lower case, in the order sent. The line
 *                  feed stands alone: with CRLF AWS's published example does not come out.
 * @see Amazon S3 API Reference, "Signature calculations … including trailing headers"
 */
export function trailerStringToSign(link: Omit<ChunkLink, 'key'>, trailers: string): string {
  return `AWS4-HMAC-SHA256-TRAILER\n${head(link)}\n${sha256(trailers)}`
}

/** The signature of one chunk; the last chunk is empty. */
export function signChunk(link: ChunkLink, data: Uint8Array): string {
  return link.key.sign(chunkStringToSign(link, sha256(data)))
}

/** The signature of the trailers; see {@link trailerStringToSign}. */
export function signTrailers(link: ChunkLink, trailers: string): string {
  return link.key.sign(trailerStringToSign(link, trailers))
}

function head({ amzDate, scope, previous }: Omit<ChunkLink, 'key'>): string {
  return `${amzDate}\n${scopeText(scope)}\n${previous}`
}
