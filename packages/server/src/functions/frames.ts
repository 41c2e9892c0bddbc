/** What the server and a function's environment say to each other: frames of a kind and bytes over one socket. */

/** Kinds are bytes on the wire; the bootstraps have the same numbers. */
export const kinds = {
  /** To the environment: u32 length of the context, the context (JSON), the event. */
  invoke: 1,
  /** From it: it can be asked. */
  ready: 2,
  /** Its beginning failed: the error object. */
  initError: 3,
  /** u32 the number of its turn; u32 how long the handler took, in microseconds; the answer. */
  response: 4,
  /** The same, with the error object. */
  error: 5,
  /** A line for the log. */
  log: 6,
  /** u32 the number of its turn; a piece of a streamed answer; empty: its end. */
  piece: 7,
  /** Before the first piece: u32 the number of its turn; its content type. */
  contentType: 8,
  /** The ids (JSON) of events that it was asked to give back and had not begun. */
  returned: 9,
  /** It begins no other event. */
  over: 10,
  /** To one that waits to hear whose it is: its variables (JSON). */
  variables: 11,
} as const

export type Kind = (typeof kinds)[keyof typeof kinds]

const headBytes = 5
/** An answer of 6 MiB in the worst of escapings, and no more. */
const mostBytes = 64 * 1024 * 1024

export function frame(kind: Kind, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + body.length)
  bytes.writeUInt32BE(body.length, 0)
  bytes[4] = kind
  bytes.set(body, headBytes)
  return bytes
}

/** @param context  JSON that the bootstrap hands to the handler */
export function invokeFrame(context: string, event: Uint8Array | string): Buffer {
  const contextBytes = Buffer.byteLength(context)
  const eventBytes = typeof event === 'string' ? Buffer.byteLength(event) : event.length
  const eventAt = headBytes + 4 + contextBytes
  const bytes = Buffer.allocUnsafe(eventAt + eventBytes)
  bytes.writeUInt32BE(4 + contextBytes + eventBytes, 0)
  bytes[4] = kinds.invoke
  bytes.writeUInt32BE(contextBytes, headBytes)
  bytes.write(context, headBytes + 4, 'utf8')
  if (typeof event === 'string') bytes.write(event, eventAt, 'utf8')
  else bytes.set(event, eventAt)
  return bytes
}

/** Puts chunks together to frames. What an environment sends is its own user's doing: nothing of it is believed. */
export class FrameReader {
  #kept: Buffer = Buffer.alloc(0)
  #waiting: Buffer[] = []
  #waitingBytes = 0
  readonly #onFrame: (kind: number, body: Buffer) => void

  constructor(onFrame: (kind: number, body: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** @throws RangeError  a frame is longer than any may be */
  push(chunk: Buffer): void {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    const needed = this.#needed()
    if (this.#kept.length + this.#waitingBytes < needed) return
    let bytes =
      this.#kept.length === 0 && this.#waiting.length === 1
        ? chunk
        : Buffer.concat([this.#kept, ...this.#waiting])
    this.#waiting = []
    this.#waitingBytes = 0
    while (bytes.length >= headBytes) {
      const length = bytes.readUInt32BE(0)
      if (length > mostBytes) throw new RangeError('a frame is too long')
      if (bytes.length < headBytes + length) break
      this.#onFrame(bytes[4]!, bytes.subarray(headBytes, headBytes + length))
      bytes = bytes.subarray(headBytes + length)
    }
    this.#kept = bytes
  }

  /** How many bytes make the frame whole that has begun. */
  #needed(): number {
    return this.#kept.length < headBytes ? headBytes : headBytes + this.#kept.readUInt32BE(0)
  }
}
