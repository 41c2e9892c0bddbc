/** One connection to a backend: a request, its answer, then the next. */
import type { Socket } from 'node:net'
import { ResponseReader } from './response-reader.ts'

export interface Exchange {
  readonly method: string
  /** With the empty line, one character a byte. */
  readonly head: string
  readonly body: Uint8Array
  /** There is a connection, and it is sent. */
  readonly onStart?: () => void
  /** @param headers  name, value, name, value … */
  readonly onHead: (status: number, headers: string[]) => void
  readonly onData: (bytes: Buffer) => void
  /** The answer is whole. */
  readonly onEnd: () => void
  /** Said once, instead of the end. */
  readonly onError: (error: Error) => void
}

/** The other side ended the connection where an answer should be. */
export class CutError extends Error {
  override readonly name = 'CutError'
  readonly code = 'CUT'
}

/** Up to here head and body leave as one piece: a system call is dearer than the copy. */
const mostCopied = 16_384

export class Connection {
  readonly #socket: Socket
  readonly #reader: ResponseReader
  readonly #onFree: (connection: Connection, keepAliveMs: number | undefined) => void
  #exchange: Exchange | undefined

  /**
   * @param onFree  takes another request
   * @param onGone  is no more, whatever the reason
   */
  constructor(
    socket: Socket,
    mostHeadBytes: number,
    onFree: (connection: Connection, keepAliveMs: number | undefined) => void,
    onGone: (connection: Connection) => void,
  ) {
    this.#socket = socket
    this.#onFree = onFree
    this.#reader = new ResponseReader(
      {
        onHead: (status, headers) => this.#exchange?.onHead(status, headers),
        onData: (bytes) => this.#exchange?.onData(bytes),
      },
      mostHeadBytes,
    )
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('end', () => this.#end())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => {
      this.#fail(ended())
      onGone(this)
    })
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange
    this.#reader.expect(exchange.method)
    exchange.onStart?.()
    const { head, body } = exchange
    const socket = this.#socket
    // Nothing that could still happen to it would tell anybody.
    if (socket.destroyed) setImmediate(() => this.#fail(ended()))
    if (body.length === 0) socket.write(head, 'latin1')
    else if (body.length <= mostCopied) {
      const bytes = Buffer.allocUnsafe(head.length + body.length)
      bytes.write(head, 'latin1')
      bytes.set(body, head.length)
      socket.write(bytes)
    } else {
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body)
      socket.uncork()
    }
  }

  /** Of an exchange that is over by now, nothing happens: the connection is somebody else's. */
  pause(exchange: Exchange): void {
    if (this.#exchange === exchange) this.#socket.pause()
  }

  resume(exchange: Exchange): void {
    if (this.#exchange === exchange) this.#socket.resume()
  }

  cancel(exchange: Exchange): void {
    if (this.#exchange === exchange) this.destroy()
  }

  /** Whoever waits for something is not told. */
  destroy(): void {
    this.#exchange = undefined
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (this.#exchange !== undefined && this.#reader.isDone) this.#finish()
  }

  #end(): void {
    if (this.#exchange !== undefined && this.#reader.end()) this.#finish()
    else this.#fail(ended())
  }

  #finish(): void {
    const exchange = this.#exchange!
    this.#exchange = undefined
    if (this.#socket.isPaused()) this.#socket.resume()
    // An answer that came before the request was all sent: what is left would stand before the next.
    if (this.#reader.canGoOn && this.#socket.writableLength === 0 && !this.#socket.destroyed)
      this.#onFree(this, this.#reader.keepAliveMs)
    else this.#socket.destroy()
    exchange.onEnd()
  }

  #fail(error: Error): void {
    const exchange = this.#exchange
    this.destroy()
    exchange?.onError(error)
  }
}

const ended = () => new CutError('the connection ended before the answer')
