/** The body of a request: whole, up to a limit, or piece by piece. */
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { BodyTimeoutError, BodyTooLargeError, ClientGoneError, noBody } from './arrival.ts'

/** `complete`, where it is there: whether everything that was announced has come. */
type Request = Readable & { readonly complete?: boolean }

/** How long a whole body may take. */
export const wholeBodyMs = 60_000

/**
 * @param announced  the Content-Length; `0` where there is none; `some` for a chunked body
 * @param begin  called when it is wanted
 * @returns at once where there is no body
 * @throws BodyTooLargeError, BodyTimeoutError
 */
export function bodyOf(
  request: Request,
  announced: string,
  limitBytes: number,
  begin: () => void,
): Uint8Array | Promise<Uint8Array> {
  if (announced === '0') return noBody
  if (Number(announced) > limitBytes) throw new BodyTooLargeError()
  begin()
  return collect(request, limitBytes)
}

function collect(request: Request, limitBytes: number): Promise<Uint8Array> {
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
export async function* piecesOf(request: Request, begin: () => void): AsyncIterable<Uint8Array> {
  begin()
  try {
    // Whoever reads no further still answers, on the same connection.
    yield* request.iterator({ destroyOnReturn: false })
  } catch {
    throw new ClientGoneError()
  }
  if (request.complete === false) throw new ClientGoneError()
}

/** Of a client that sends its body when it is told to: one that is refused before need not send it at all. */
export class Expectation {
  readonly #response: ServerResponse
  #isMet = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  meet(): void {
    if (this.#isMet) return
    this.#isMet = true
    this.#response.writeContinue()
  }

  /** Nobody can tell whether the body comes after all: nothing else can come on this connection. */
  end(): void {
    if (!this.#isMet) this.#response.shouldKeepAlive = false
  }
}
