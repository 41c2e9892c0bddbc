/**
 * A connection that speaks plainly: requests that arrive whole, in one piece, are read and answered here, at a third of
 * the cost of the complete HTTP server. With the first thing that is not plain, the connection is handed over to that server for good.
 */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  type Arrival,
  abandon,
  BodyTooLargeError,
  noBody,
  type Reply,
  type TlsConnection,
} from './arrival.ts'
import { drained } from './drained.ts'
import { type PlainHead, readPlainHead } from './plain-head.ts'
import { hasNoBody, headOf } from './reply-text.ts'
import type { VpcEndpoint } from './vpc-endpoints.ts'

export interface PlainOptions {
  readonly answer: (arrival: Arrival) => Reply | Promise<Reply>
  /** What an unexpected failure is answered with. */
  readonly failed: (error: unknown, requestId: string) => Reply
  /** @param unread  what has come of the request that is not plain; the socket has it again */
  readonly handOver: (socket: Socket, unread: Buffer) => void
  readonly isClosing: () => boolean
  readonly peer: string
  readonly peerPort: number
  readonly localAddress: string
  readonly tls: TlsConnection | undefined
  readonly vpcEndpoint: VpcEndpoint | undefined
  readonly isOwn: () => boolean
  /** Runs `flush` once everything that has arrived by now was read. */
  readonly afterReading: (flush: () => void) => void
  readonly headBytes: number
  /** How long nothing may happen. */
  readonly silentMs: number
}

/** More than this is not kept back. */
const unsentBytes = 16_384
/** Bodies of bytes up to here leave with their head: a copy costs less than a second piece. */
const joinedBytes = 8_192

export class PlainConnection {
  readonly #socket: Socket
  readonly #options: PlainOptions
  /** Received and not yet read, while an answer is waited for. */
  #waiting: Buffer[] = []
  #isBusy = false
  /** The client sends no more; it may still wait for its answer. */
  #hasEnded = false
  #own: boolean | undefined
  /** Answers that wait to be sent together, one character a byte. */
  #unsent = ''
  readonly #flush = () => this.#sendUnsent()
  readonly #onData = (chunk: Buffer) => this.#receive(chunk)
  readonly #onEnd = () => this.#hearEnd()
  readonly #onTimeout = () => this.#socket.destroy()
  readonly #onError = () => this.#socket.destroy()

  constructor(socket: Socket, options: PlainOptions) {
    this.#socket = socket
    this.#options = options
    socket.setTimeout(options.silentMs)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('timeout', this.#onTimeout)
    socket.on('error', this.#onError)
  }

  /** Where nothing is being answered the connection ends without anybody noticing. */
  closeIfIdle(): void {
    if (this.#isBusy) return
    if (this.#unsent === '') this.#socket.destroy()
    else this.#end()
  }

  #receive(chunk: Buffer): void {
    if (this.#isBusy) {
      this.#waiting.push(chunk)
      // One chunk may wait; more stay with the sender.
      this.#socket.pause()
      return
    }
    this.#read(chunk)
  }

  #hearEnd(): void {
    this.#hasEnded = true
    if (this.#isBusy) return
    this.#sendUnsent()
    this.#socket.end()
  }

  #read(chunk: Buffer): void {
    const text = chunk.toString('latin1')
    let at = 0
    while (at < text.length) {
      const end = text.indexOf('\r\n\r\n', at) + 4
      const head =
        end < 4 ? undefined : at === 0 && end === text.length ? text : text.slice(at, end)
      const plain =
        head === undefined || head.length > this.#options.headBytes
          ? undefined
          : readPlainHead(head)
      // What has not all come is waited for by the complete parser.
      if (plain === undefined || end + plain.bodyBytes > text.length) {
        this.#leave(chunk.subarray(at))
        return
      }
      at = end + plain.bodyBytes
      const requestId = randomUUID()
      let reply: Reply | Promise<Reply>
      try {
        const body = plain.bodyBytes === 0 ? noBody : chunk.subarray(end, at)
        reply = this.#options.answer(this.#arrivalOf(plain, body, requestId))
      } catch (error) {
        reply = this.#options.failed(error, requestId)
      }
      if (reply instanceof Promise || !isWhole(reply)) {
        this.#wait(reply, requestId, chunk.subarray(at))
        return
      }
      this.#write(reply, requestId)
      if (this.#socket.writableEnded) return
      if (this.#socket.writableNeedDrain) {
        this.#waitForDrain(chunk.subarray(at))
        return
      }
    }
  }

  #arrivalOf(
    { method, target, host, headers }: PlainHead,
    body: Uint8Array,
    requestId: string,
  ): Arrival {
    const question = target.indexOf('?')
    const { peer, peerPort, localAddress, tls, vpcEndpoint } = this.#options
    return {
      requestId,
      method,
      rawPath: question < 0 ? target : target.slice(0, question),
      rawQuery: question < 0 ? '' : target.slice(question + 1),
      headers,
      host,
      peer,
      peerPort,
      localAddress,
      receivedAt: Date.now(),
      tls,
      vpcEndpoint,
      hasBody: body.length > 0,
      isOwn: (this.#own ??= this.#options.isOwn()),
      readBody(limitBytes) {
        if (body.length > limitBytes) throw new BodyTooLargeError()
        return body
      },
    }
  }

  /** Requests behind this one are not read before it is answered. */
  #wait(reply: Reply | Promise<Reply>, requestId: string, rest: Buffer): void {
    this.#isBusy = true
    // The answer takes as long as it takes; whoever makes it has a deadline of its own.
    this.#socket.setTimeout(0)
    this.#finish(reply, requestId).then(
      () => {
        this.#socket.setTimeout(this.#options.silentMs)
        this.#goOn(rest)
      },
      () => this.#socket.destroy(),
    )
  }

  async #finish(pending: Reply | Promise<Reply>, requestId: string): Promise<void> {
    let reply: Reply
    try {
      reply = await pending
    } catch (error) {
      reply = this.#options.failed(error, requestId)
    }
    if (isWhole(reply)) this.#write(reply, requestId)
    else await this.#stream(reply, requestId)
  }

  #waitForDrain(rest: Buffer): void {
    this.#isBusy = true
    this.#socket.once('drain', () => this.#goOn(rest))
  }

  #goOn(rest: Buffer): void {
    this.#isBusy = false
    const chunks = [rest, ...this.#waiting]
    this.#waiting = []
    const next = chunks.length === 1 ? rest : Buffer.concat(chunks)
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    if (next.length > 0) this.#read(next)
    if (this.#isBusy) return
    if (this.#hasEnded) {
      this.#sendUnsent()
      this.#socket.end()
    } else this.#socket.resume()
  }

  #write(reply: WholeReply, requestId: string): void {
    const isLast = reply.closes === true || this.#options.isClosing()
    const socket = this.#socket
    const { status, body } = reply
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const isEmpty = hasNoBody(status)
    const framing = isEmpty ? '' : `Content-Length: ${length}\r\n`
    const head = this.#headOf(reply, requestId, framing, isLast)
    if (head === undefined) return
    if (isEmpty) this.#send(head)
    // One byte a character: head and body leave as one.
    else if (typeof body === 'string' && length === body.length) this.#send(head + body)
    else if (typeof body === 'object' && length <= joinedBytes)
      this.#send(head + Buffer.from(body.buffer, body.byteOffset, length).toString('latin1'))
    else {
      this.#sendUnsent()
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body)
      socket.uncork()
    }
    if (isLast) this.#end()
  }

  /**
   * Answers of one turn leave together: a client that sleeps is woken once a turn, not once an answer, and waking it is
   * the dearest part of a small answer.
   */
  #send(text: string): void {
    if (this.#unsent === '') this.#options.afterReading(this.#flush)
    this.#unsent += text
    if (this.#unsent.length > unsentBytes) this.#sendUnsent()
  }

  #sendUnsent(): void {
    if (this.#unsent === '') return
    const text = this.#unsent
    this.#unsent = ''
    this.#socket.write(text, 'latin1')
  }

  async #stream(reply: Reply, requestId: string): Promise<void> {
    if (this.#socket.destroyed) {
      abandon(reply.body)
      return
    }
    if (hasNoBody(reply.status)) {
      abandon(reply.body)
      this.#write({ ...reply, body: '' }, requestId)
      return
    }
    this.#sendUnsent()
    const isLast = reply.closes === true || this.#options.isClosing()
    const socket = this.#socket
    const { lengthBytes } = reply
    const body = reply.body as AsyncIterable<Uint8Array | string>
    const framing =
      lengthBytes === undefined
        ? 'Transfer-Encoding: chunked\r\n'
        : `Content-Length: ${lengthBytes}\r\n`
    const head = this.#headOf(reply, requestId, framing, isLast)
    if (head === undefined) {
      abandon(body)
      return
    }
    // Whoever waits for the next piece is told that nobody wants it any more.
    const gone = () => abandon(body)
    socket.once('close', gone)
    // Of a body without a known end, a client that says no more wants no more: it may never end.
    if (lengthBytes === undefined) socket.once('end', gone)
    let sentBytes = 0
    // A body of known length is at hand.
    if (lengthBytes !== undefined) socket.cork()
    socket.write(head, 'latin1')
    for await (const piece of body) {
      if (socket.destroyed) return
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      if (bytes.length === 0) continue
      sentBytes += bytes.length
      socket.cork()
      if (lengthBytes === undefined) socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      if (lengthBytes === undefined) socket.write('\r\n', 'latin1')
      uncorkAll(socket)
      if (socket.writableNeedDrain) {
        // However long the pieces take, the client takes them in its time, or leaves.
        socket.setTimeout(this.#options.silentMs)
        await drained(socket)
        socket.setTimeout(0)
      }
    }
    socket.removeListener('close', gone)
    socket.removeListener('end', gone)
    if (lengthBytes === undefined) socket.write('0\r\n\r\n', 'latin1')
    else if (sentBytes !== lengthBytes)
      throw new Error(`a body has ${sentBytes} bytes instead of ${lengthBytes}`)
    uncorkAll(socket)
    if (isLast) this.#end()
  }

  /** A header that cannot be sent is a failure of ours, answered as such, and the connection's end. */
  #headOf(reply: Reply, requestId: string, framing: string, isLast: boolean): string | undefined {
    try {
      return headOf(reply, framing, isLast)
    } catch (error) {
      const failure = this.#options.failed(error, requestId)
      const body = failure.body as string
      const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`
      this.#sendUnsent()
      this.#socket.write(headOf(failure, length, true) + body)
      this.#end()
      return undefined
    }
  }

  #end(): void {
    this.#isBusy = true
    this.#sendUnsent()
    this.#socket.end()
    // Whatever still comes is not for us; a client that never closes is closed.
    this.#socket.removeListener('data', this.#onData)
    this.#socket.resume()
  }

  #leave(unread: Buffer): void {
    const socket = this.#socket
    this.#sendUnsent()
    // Half a request, and no more to come.
    if (this.#hasEnded) {
      socket.destroy()
      return
    }
    socket.removeListener('data', this.#onData)
    socket.removeListener('end', this.#onEnd)
    socket.removeListener('timeout', this.#onTimeout)
    socket.removeListener('error', this.#onError)
    socket.setTimeout(0)
    socket.pause()
    socket.unshift(unread)
    this.#options.handOver(socket, unread)
    socket.resume()
  }
}

type WholeReply = Reply & { readonly body: string | Uint8Array }

function isWhole(reply: Reply): reply is WholeReply {
  return typeof reply.body === 'string' || reply.body instanceof Uint8Array
}

/** The head leaves with the first piece. */
function uncorkAll(socket: Socket): void {
  while (socket.writableCorked > 0) socket.uncork()
}
