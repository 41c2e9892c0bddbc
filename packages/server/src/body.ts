/** The body of a request: whole, up to a limit, or piece by piece. */
import type { IncomingMessage } from 'node:http'
import { BodyTimeoutError, BodyTooLargeError, ClientGoneError, noBody } from './arrival.ts'

/** How long a whole body may take. */
export const wholeBodyMs = 60_000

/**
 * @param announced  the Content-Length; `0` where there is none; `some` for a chunked body
 * @returns at once where there is no body
 * @throws BodyTooLargeError, BodyTimeoutError
 */
export function bodyOf(
  request: IncomingMessage,
  announced: string,
  limitBytes: number,
): Uint8Array | Promise<Uint8Array> {
  if (announced === '0') return noBody
  if (Number(announced) > limitBytes) throw new BodyTooLargeError()
  return collect(request, limitBytes)
}

function collect(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const late = setTimeout(() => {
      request.removeAllListeners('data')
      request.pause()
      reject(new BodyTimeoutError())
    }, wholeBodyMs)
    request.once('close', () => clearTimeout(late))
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > limitBytes) {
        request.removeAllListeners('data')
        request.pause()
        reject(new BodyTooLargeError())
      } else chunks.push(chunk)
    })
    request.once('end', () => {
      clearTimeout(late)
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    const gone = () => reject(new ClientGoneError())
    request.once('error', gone)
    request.once('close', gone)
  })
}

/**
 * As it arrives, once.
 *
 * @throws ClientGoneError
 */
export async function* piecesOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  try {
    // Whoever reads no further still answers, on the same connection.
    yield* request.iterator({ destroyOnReturn: false })
  } catch {
    throw new ClientGoneError()
  }
  if (!request.complete) throw new ClientGoneError()
}
