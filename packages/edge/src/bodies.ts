/** Bodies that come piece by piece: taken in whole, or let go of. */
import type { Body, Room } from './ports.ts'

/** Nobody wants it: whoever sends it is told, however much of it has been taken. */
export function letGo(body: Body): void {
  if (body instanceof Uint8Array) return
  // An iterator that has not begun has nothing to end.
  if (body.destroy) body.destroy()
  else void body[Symbol.asyncIterator]().return?.().catch(ignored)
}

const ignored = () => {}

/**
 * The whole body, as long as it is no longer than `limit` and there is room for it; else what there is of it and the
 * rest to come.
 *
 * @throws OriginError
 */
export async function readUpTo(body: Body, limit: number, room: Room): Promise<Body> {
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const rest = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { value, done } = await rest.next()
      if (done === true) return chunks.length === 1 ? chunks[0]! : joined(chunks, sizeBytes)
      chunks.push(value)
      sizeBytes += value.length
      room.left -= value.length
      if (sizeBytes > limit || room.left < 0) return continued(chunks, rest, body)
    }
  } finally {
    room.left += sizeBytes
  }
}

function continued(
  chunks: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  body: Exclude<Body, Uint8Array>,
): Body {
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    await rest.return?.()
    return { done: true, value: undefined }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const value = chunks.shift()
        return value === undefined ? rest.next() : Promise.resolve({ done: false, value })
      },
      return: end,
    }),
    // Whoever waits for the next piece would be waited for by the end.
    destroy: () => (body.destroy ? body.destroy() : void end().catch(ignored)),
  }
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
