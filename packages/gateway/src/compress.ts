/** Does the client get this answer compressed? */
import { deflateSync, gzipSync } from 'node:zlib'
import type { MappedResponse } from './map-response.ts'
import type { Matched } from './pass.ts'

const encoders = { gzip: gzipSync, deflate: deflateSync } as const

/**
 * Compresses where the API asks for it from this size on, the client names an encoding, and the backend has not
 * encoded the answer already.
 *
 * @see API Gateway Developer Guide, "Payload compression for REST APIs in API Gateway"
 */
export function compress(
  response: MappedResponse,
  { deployment, received }: Matched,
): MappedResponse {
  const { minimumCompressionSize } = deployment.snapshot
  // What is passed on as it comes is compressed behind the method, or not at all.
  if (minimumCompressionSize === undefined || response.stream !== undefined) return response
  const bytes = Buffer.from(response.body)
  const encoding =
    bytes.length < minimumCompressionSize || bytes.length === 0
      ? undefined
      : acceptedEncoding(received.headers)
  if (encoding === undefined || hasHeader(response.headers, 'content-encoding')) return response
  return {
    ...response,
    headers: [...response.headers, 'Content-Encoding', encoding],
    body: encoders[encoding](bytes),
  }
}

/** The first that is named without `q=0`; `*` names none. */
function acceptedEncoding(headers: readonly string[]): keyof typeof encoders | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== 'accept-encoding') continue
    for (const item of headers[at + 1]!.toLowerCase().split(',')) {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
      const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
      if (Object.hasOwn(encoders, name) && !isRefused) return name as keyof typeof encoders
    }
  }
  return undefined
}

function hasHeader(headers: readonly string[], lowerCaseName: string): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === lowerCaseName)
}
