/** How large may the parts of a signed request be before they are refused unread? */

/** Sizes in characters (one character is one byte of the wire) and counts. */
export const limits = {
  /** The whole Authorization header. AWS's own clients send about 300. */
  authorization: 8_192,
  /** The query string; presigned URLs with long session tokens stay below 6,000. */
  query: 16_384,
  path: 16_384,
  signedHeaders: 128,
  /** All signed headers together, canonical form. */
  headerBlock: 65_536,
  /** One line of an `aws-chunked` body: a chunk's size and signature, or one trailer. */
  chunkLine: 4_096,
  /** Trailers after an `aws-chunked` body. */
  trailers: 32,
} as const
