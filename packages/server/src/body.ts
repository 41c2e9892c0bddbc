/** The body of a request, whole, up to a limit. */
import type { IncomingMessage } from 'node:http'
import { BodyTooLargeError, noBody } from './arrival.ts'

export function hasBody({ headers }: IncomingMessage): boolean {
  const announced = headers['content-length']
  return (
    (announced !== undefined && announced !== '0') || headers['transfer-encoding'] !== undefined
  )
}

/** At once where the headers announce none. @throws BodyTooLargeError */
export function bodyOf(
  request: IncomingMessage,
  limitBytes: number,
): Uint8Array | Promise<Uint8Array> {
  if (!hasBody(request)) return noBody
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw new BodyTooLargeError()
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
    request.once('error', reject)
    // A connection that ends within the body: there is nobody left to answer.
    request.once('close', () => reject(new Error('the connection ended within the body')))
  })
}
