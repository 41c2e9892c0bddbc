/** An answer that comes piece by piece. */
import type { Duplex } from 'node:stream'

/** More that nobody has fetched stay with the function. */
const mostWaiting = 16

export class Pieces implements AsyncIterable<Uint8Array> {
  /** Resolves when nothing comes any more, whether or not it was fetched; with the error object of what failed. */
  readonly ended: Promise<Uint8Array | undefined>
  readonly #source: Duplex
  readonly #waiting: Uint8Array[] = []
  #wake: () => void = () => {}
  #isOver = false
  /** Nobody fetches any more. */
  #isUnwanted = false
  #failure: Error | undefined
  #end: (failure?: Uint8Array) => void = () => {}

  constructor(source: Duplex) {
    this.#source = source
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  push(piece: Uint8Array): void {
    if (this.#isOver || this.#isUnwanted) return
    this.#waiting.push(piece)
    if (this.#waiting.length > mostWaiting) this.#source.pause()
    this.#wake()
  }

  end(): void {
    this.#finish()
  }

  /** @param payload  the error object */
  fail(error: Error, payload: Uint8Array): void {
    if (this.#isOver) return
    this.#failure = error
    this.#finish(payload)
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        const piece = this.#waiting.shift()
        if (piece !== undefined) {
          yield piece
          continue
        }
        if (this.#failure) throw this.#failure
        if (this.#isOver) return
        this.#source.resume()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      this.#isUnwanted = true
      this.#waiting.length = 0
      this.#source.resume()
    }
  }

  #finish(failure?: Uint8Array): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#source.resume()
    this.#wake()
    this.#end(failure)
  }
}
