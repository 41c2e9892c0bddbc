/** What a function behind a streaming AWS_PROXY answers: metadata, a delimiter, then the body as it comes. */
import type { IntegrationRequest } from '../pass.ts'
import type { BodyStream, Streaming } from '../ports.ts'
import { MalformedAnswerError, type ProxyHead, readStreamHead } from './proxy-answer.ts'

/** Of an edge-optimized API, and of others. */
const edgeIdleMs = 30_000
const idleMs = 300_000

/**
 * Nothing where the answer is waited for as a whole.
 *
 * @see API Gateway Developer Guide, "Stream the integration response for your proxy integrations in API Gateway"
 */
export function streamingOf({ for: { method, deployment } }: IntegrationRequest): {
  streaming?: Streaming
} {
  if (method.integration?.streams !== true) return {}
  const isEdge = deployment.snapshot.endpointTypes.includes('EDGE')
  return { streaming: { idleMs: isEdge ? edgeIdleMs : idleMs } }
}

export interface StreamedAnswer extends ProxyHead {
  readonly stream: BodyStream
}

/** Metadata has to end within this much. */
const longestHead = 16 * 1024
const delimiter = Buffer.alloc(8)

/**
 * @throws MalformedAnswerError  and whatever the stream throws
 * @see API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming in API Gateway"
 */
export async function readStreamedAnswer(pieces: BodyStream): Promise<StreamedAnswer> {
  const rest = pieces[Symbol.asyncIterator]()
  let kept = Buffer.alloc(0)
  try {
    for (;;) {
      const end = kept.indexOf(delimiter)
      if (end > longestHead || (end < 0 && kept.length > longestHead + delimiter.length))
        throw new MalformedAnswerError('its metadata is longer than 16 KB')
      if (end >= 0) {
        const head = readStreamHead(kept.subarray(0, end))
        const stream = behindHead(kept.subarray(end + delimiter.length), rest, pieces)
        return { ...head, stream }
      }
      const next = await rest.next()
      if (next.done) throw new MalformedAnswerError('it has no metadata with a delimiter')
      kept = Buffer.concat([kept, next.value])
    }
  } catch (error) {
    // Whatever its end is like: why it is not wanted is said already.
    rest.return?.().catch(() => {})
    throw error
  }
}

/** The rest of a stream whose head has been read: what came with the head, then what comes. */
export function behindHead(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  { destroy }: BodyStream,
): BodyStream {
  return {
    ...(destroy && { destroy }),
    async *[Symbol.asyncIterator]() {
      try {
        if (first.length > 0) yield first
        for (;;) {
          const { done, value } = await rest.next()
          if (done) return
          yield value
        }
      } finally {
        await rest.return?.()
      }
    },
  }
}
