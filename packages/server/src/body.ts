/** The body of a request, whole, up to a limit. */
import type { IncomingMessage } from 'node:http'
import { BodyTooLargeError, ClientGoneError, noBody } from './arrival.ts'

/**
 * @param announced  the Content-Length; `0` where there is none; `some` for a chunked body
 * @returns at once where there is no body
 * @throws BodyTooLargeError
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
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > limitBytes) {
        request.removeAllListeners('data')
        request.pause()
        reject(new BodyTooLargeError())
      } else chunks.push(chunk)
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    const gone = () => reject(new ClientGoneError())
    request.once('error', gone)
    request.once('close', gone)
  })
}
