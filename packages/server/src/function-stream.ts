/** What a function says piece by piece, as a body that somebody waits for only so long. */
import type { InvokeWithResponseStreamResponseEvent } from '@aws-sdk/client-lambda'
import { type BodyStream, UpstreamError } from '@sekisho/gateway'
import { BrokenAnswerError, ClientGoneError } from './arrival.ts'

/** Of the event stream that InvokeWithResponseStream answers with. @throws BrokenAnswerError  the function failed */
export async function* piecesOf(
  events: AsyncIterable<InvokeWithResponseStreamResponseEvent>,
): AsyncIterable<Uint8Array> {
  for await (const { PayloadChunk, InvokeComplete } of events) {
    if (InvokeComplete?.ErrorCode !== undefined) throw new BrokenAnswerError('the function failed')
    if (PayloadChunk?.Payload !== undefined) yield PayloadChunk.Payload
  }
}

/**
 * The function goes on, whether or not anybody waits.
 *
 * @param untilMs  of `performance.now()`: the end of all pieces
 * @param idleMs  how long nothing may come
 */
export function inTime(
  pieces: AsyncIterable<Uint8Array>,
  untilMs: number,
  idleMs: number,
): BodyStream {
  const source = pieces[Symbol.asyncIterator]()
  let isUnwanted = false
  let stop: (error: Error) => void = () => {}
  const next = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new UpstreamError('TIMEOUT', 'the function takes too long')),
        Math.max(0, Math.min(idleMs, untilMs - performance.now())),
      )
      stop = reject
      source
        .next()
        .then(resolve, reject)
        .finally(() => clearTimeout(late))
    })
  return {
    destroy() {
      isUnwanted = true
      stop(new ClientGoneError('nobody wants the rest'))
    },
    async *[Symbol.asyncIterator]() {
      try {
        while (!isUnwanted) {
          const { done, value } = await next()
          if (done) return
          yield value
        }
      } finally {
        // It may still wait for its own next piece: nobody here does.
        source.return?.()?.catch(() => {})
      }
    },
  }
}
