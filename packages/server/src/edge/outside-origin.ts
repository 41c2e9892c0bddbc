/** Origins out there: asked over connections that are kept, with the times that the origin's settings give. */

import { OriginError, type OriginRequest, type OriginResponse, Refusal } from '@sekisho/edge'
import { headerOf } from '@sekisho/protocols'
import type { BodyQueue } from '../body-queue.ts'
import type { Exchange } from '../http-client/connection.ts'
import type { Pool, Sent } from '../http-client/pool.ts'
import { mayAskAgain } from '../http-client/repeat.ts'
import { type Address, RequestError, requestHead } from '../http-client/request-head.ts'
import { type Silence, streamedBody, watchSilence } from '../http-client/streamed-body.ts'
import type { Upstream } from '../upstream.ts'
import { portOf } from './own-origin.ts'

/** Of an origin's headers together. @see CloudFront Developer Guide, "Quotas" */
const mostHeadBytes = 32_768
/** Bodies up to this length are taken in whole before the answer goes on. */
const wholeBytes = 65_536

/** @throws OriginError, Refusal BAD_REQUEST */
export async function askOutside(
  request: OriginRequest,
  upstream: Pick<Upstream, 'pool'>,
): Promise<OriginResponse> {
  const { connectSeconds, keepAliveSeconds } = request.origin
  try {
    const pool = upstream.pool({
      connectMs: connectSeconds * 1_000,
      keepAliveMs: keepAliveSeconds * 1_000,
      mostHeadBytes,
    })
    const to = addressOf(request)
    const head = requestHead(request.method, to, request.headers, request.body.length)
    return await new Promise((resolve, reject) => {
      new Asked(pool, to, head, request, resolve, reject)
    })
  } catch (error) {
    // Nothing was asked: it is the viewer who is to write it otherwise, and nobody else hears of it.
    throw error instanceof RequestError
      ? new Refusal('BAD_REQUEST', error.message)
      : originError(error)
  }
}

/** Raw, as the viewer wrote it: CloudFront changes nothing in a path. */
const sendable = /^[!-~\x80-\xff]+$/

function addressOf({ origin, isSecure, rawPath, rawQuery, headers }: OriginRequest): Address {
  const target = `${rawPath === '' ? '/' : rawPath}${rawQuery === '' ? '' : `?${rawQuery}`}`
  if (!sendable.test(target)) throw new RequestError('the path cannot be sent')
  const hostname = origin.domainName
  const port = String(portOf(origin, isSecure))
  const protocol = isSecure ? 'https:' : 'http:'
  const host = headerOf(headers, 'host') ?? hostname
  const at = `${protocol}//${hostname}:${port}`
  // Over TLS the host that is meant is what the origin's certificate is for.
  return { origin: isSecure ? `${at} ${host}` : at, protocol, hostname, port, host, target }
}

/** One request, from its head to the end of its answer. */
class Asked implements Exchange {
  readonly method: string
  readonly head: string
  readonly body: Uint8Array
  readonly #pool: Pool
  readonly #to: Address
  readonly #origin: OriginRequest['origin']
  readonly #resolve: (response: OriginResponse) => void
  readonly #reject: (error: OriginError) => void
  readonly #chunks: Buffer[] = []
  #sent: Sent
  #status = 0
  #headers: readonly string[] = []
  /** Of an answer that goes on as it comes. */
  #queue: BodyQueue | undefined
  #silence: Silence | undefined
  #completion: NodeJS.Timeout | undefined

  constructor(
    pool: Pool,
    to: Address,
    head: string,
    { method, body, origin }: OriginRequest,
    resolve: (response: OriginResponse) => void,
    reject: (error: OriginError) => void,
  ) {
    this.method = method
    this.head = head
    this.body = body
    this.#pool = pool
    this.#to = to
    this.#origin = origin
    this.#resolve = resolve
    this.#reject = reject
    this.#sent = pool.send(to, this)
  }

  onStart(): void {
    const { readSeconds, completionSeconds } = this.#origin
    this.#stopWatching()
    this.#silence = watchSilence(readSeconds * 1_000, () =>
      this.#giveUp(`nothing came for ${readSeconds} seconds`),
    )
    if (completionSeconds !== undefined)
      this.#completion = setTimeout(
        () => this.#giveUp('the answer took too long'),
        completionSeconds * 1_000,
      )
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#silence?.heard()
    this.#status = status
    this.#headers = headers
    if (isShort(headers)) return
    this.#queue = streamedBody(this.#sent, this.#silence!, () => this.#stopWatching())
    this.#resolve({ status, headers, body: this.#queue.body })
  }

  onData(bytes: Buffer): void {
    this.#silence?.heard()
    if (this.#queue === undefined) this.#chunks.push(bytes)
    else this.#queue.push(bytes)
  }

  onEnd(): void {
    this.#stopWatching()
    if (this.#queue !== undefined) {
      this.#queue.end()
      return
    }
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, body })
  }

  onError(error: Error): void {
    if (this.#status === 0 && this.#sent.isKept && mayAskAgain(this.method, error))
      this.#sent = this.#pool.send(this.#to, this, true)
    else this.#fail(originError(error))
  }

  #giveUp(message: string): void {
    this.#sent.cancel()
    this.#fail(new OriginError('READ_TIMEOUT', message))
  }

  #fail(error: OriginError): void {
    this.#stopWatching()
    if (this.#queue === undefined) this.#reject(error)
    else this.#queue.fail(error)
  }

  #stopWatching(): void {
    this.#silence?.stop()
    clearTimeout(this.#completion)
  }
}

function isShort(headers: readonly string[]): boolean {
  const length = headerOf(headers, 'content-length')
  return length !== undefined && Number(length) <= wholeBytes
}

const codes: Readonly<Record<string, OriginError['code']>> = {
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  CUT: 'BROKEN',
  RESPONSE: 'BROKEN',
  ECONNRESET: 'BROKEN',
  EPIPE: 'BROKEN',
}

function originError(error: unknown): OriginError {
  if (error instanceof OriginError) return error
  const { code = '', message = String(error) } = error as Partial<NodeJS.ErrnoException>
  return new OriginError(codes[code] ?? 'UNREACHABLE', message, { cause: error })
}
