/** The body of an upload as its operation gets it: unwrapped, and checked as it goes by. */
import { createHash } from 'node:crypto'
import { type BodyStream, headerOf } from '@sekisho/protocols'
import {
  type ChunkedPayload,
  createChunkDecoder,
  SignatureError,
  type VerifiedPayload,
} from '@sekisho/sigv4'
import type { Arrival } from '../arrival.ts'

import { refusal } from './authenticate.ts'

/** Whatever is wrong with the body is thrown where it is read, and before its end. */
export function openBody(arrival: Arrival, payload: VerifiedPayload): BodyStream {
  const raw = arrival.streamBody?.() ?? whole(arrival)
  if (payload.form === 'chunked') return unwrapped(raw, payload.chunks)
  return {
    lengthBytes: lengthOf(arrival),
    trailerNames: [],
    trailers: new Map(),
    [Symbol.asyncIterator]: () =>
      (payload.form === 'body' ? compared(raw, payload.sha256) : raw)[Symbol.asyncIterator](),
  }
}

/** The body of a small operation that came in chunks. @throws AwsError */
export function unwrapWhole(body: Uint8Array, payload: VerifiedPayload): Uint8Array {
  if (payload.form !== 'chunked') return body
  return worded(() => {
    const decoder = createChunkDecoder(payload.chunks)
    const pieces = decoder.push(body)
    decoder.finish()
    return Buffer.concat(pieces)
  })
}

async function* whole({ readBody }: Arrival): AsyncIterable<Uint8Array> {
  const body = await readBody(Number.POSITIVE_INFINITY)
  if (body.length > 0) yield body
}

/** Undefined: nobody has said. A request without a word about its body is one of them, as S3 sees it. */
function lengthOf({ headers, streamBody, readBody }: Arrival): number | undefined {
  if (streamBody === undefined) {
    const body = readBody(Number.POSITIVE_INFINITY)
    if (body instanceof Uint8Array && body.length > 0) return body.length
  }
  const text = headerOf(headers, 'content-length')
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function unwrapped(raw: AsyncIterable<Uint8Array>, chunks: ChunkedPayload): BodyStream {
  const trailers = new Map<string, string>()
  return {
    lengthBytes: chunks.decodedLength,
    trailerNames: chunks.trailers,
    trailers,
    async *[Symbol.asyncIterator]() {
      const decoder = createChunkDecoder(chunks)
      for await (const bytes of raw) yield* worded(() => decoder.push(bytes))
      for (const [name, value] of worded(() => decoder.finish())) trailers.set(name, value)
    },
  }
}

async function* compared(
  raw: AsyncIterable<Uint8Array>,
  sha256: string,
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256')
  for await (const bytes of raw) {
    hash.update(bytes)
    yield bytes
  }
  const computed = hash.digest('hex')
  if (computed !== sha256)
    throw refusal(new SignatureError('contentSha256Mismatch', { claimed: sha256, computed }), 's3')
}

function worded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof SignatureError ? refusal(error, 's3') : error
  }
}
