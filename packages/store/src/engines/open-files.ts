/** Files that were read lately stay open for the next reader: opening and closing is half of what a small read costs. */
import { type FileHandle, open } from 'node:fs/promises'

/** Of those that nobody reads. */
const mostIdle = 64
/** What is read at once: fewer trips to the disk, a bounded memory. */
const pieceBytes = 512 * 1024

interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
  readers: number
  /** Closed with its last reader. */
  isForgotten: boolean
}

/** Of files that never change; they may be deleted while they are read. */
export class OpenFiles implements AsyncDisposable {
  /** Those used last come last. */
  readonly #files = new Map<string, Promise<OpenFile | undefined>>()
  #idle = 0

  /**
   * @param end  exclusive
   * @returns undefined where there is no such file
   */
  async read(path: string, start: number, end?: number): Promise<Pieces | undefined> {
    const opened = this.#files.get(path) ?? this.#open(path)
    this.#files.delete(path)
    this.#files.set(path, opened)
    const file = await opened
    if (file === undefined) return undefined
    if (file.readers === 0) this.#idle--
    file.readers++
    const done = () => this.#leave(file)
    return new Pieces(file.handle, start, Math.min(end ?? file.size, file.size), done)
  }

  /** Before it is deleted. */
  async forget(path: string): Promise<void> {
    const opened = this.#files.get(path)
    this.#files.delete(path)
    const file = await opened
    if (file === undefined || file.isForgotten) return
    file.isForgotten = true
    if (file.readers > 0) return
    this.#idle--
    await file.handle.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#files.keys()].map((path) => this.forget(path)))
  }

  async #open(path: string): Promise<OpenFile | undefined> {
    let handle: FileHandle
    try {
      handle = await open(path, 'r')
    } catch (error) {
      this.#files.delete(path)
      // Deleted, or replaced, since its place was looked up.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const { size } = await handle.stat()
    this.#idle++
    return { handle, size, readers: 0, isForgotten: false }
  }

  #leave(file: OpenFile): void {
    file.readers--
    if (file.readers > 0) return
    if (file.isForgotten) void file.handle.close()
    else {
      this.#idle++
      if (this.#idle > mostIdle) void this.#closeOne()
    }
  }

  /** Of the idle ones that which was read longest ago. */
  async #closeOne(): Promise<void> {
    for (const [path, opened] of this.#files)
      if ((await opened)?.readers === 0) return this.forget(path)
  }
}

/** Bytes of a file, one piece ahead of who reads them; has to be read to its end, or destroyed. */
class Pieces implements AsyncIterable<Uint8Array> {
  readonly #handle: FileHandle
  readonly #start: number
  readonly #end: number
  #done: (() => void) | undefined

  constructor(handle: FileHandle, start: number, end: number, done: () => void) {
    this.#handle = handle
    this.#start = start
    this.#end = end
    this.#done = done
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let at = this.#start
    let reading = this.#read(at)
    try {
      while (at < this.#end) {
        const piece = await reading
        if (piece.length === 0) throw new Error('a file ends before its end')
        at += piece.length
        reading = this.#read(at)
        yield piece
      }
    } finally {
      await reading.catch(() => {})
      this.destroy()
    }
  }

  destroy(): void {
    this.#done?.()
    this.#done = undefined
  }

  async #read(at: number): Promise<Uint8Array> {
    const length = Math.min(pieceBytes, this.#end - at)
    if (length <= 0) return empty
    const { buffer, bytesRead } = await this.#handle.read(
      Buffer.allocUnsafeSlow(length),
      0,
      length,
      at,
    )
    return buffer.subarray(0, bytesRead)
  }
}

const empty = new Uint8Array(0)
