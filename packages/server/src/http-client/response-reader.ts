/** Where does an HTTP/1.1 answer begin and end, and what does it say? Read as it arrives, however it is cut. */

/** What is read, told as soon as it is known. */
export interface ResponseParts {
  /** @param headers  name, value, name, value … */
  readonly onHead: (status: number, headers: string[]) => void
  readonly onData: (bytes: Buffer) => void
}

/** Bytes that are no answer, or one that could be read in two ways. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError'
  readonly code = 'RESPONSE'
}

/** Of a chunk's size with its extensions. */
const mostChunkLine = 1_024

type State = 'head' | 'sized' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'open' | 'done'

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/
const chunkSize = /^([0-9a-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i

/** Reads one answer after another. @see RFC 9112, "HTTP/1.1" (message body length, chunked transfer coding) */
export class ResponseReader {
  readonly #parts: ResponseParts
  readonly #mostHeadBytes: number
  #state: State = 'done'
  #isHead = false
  /** Of a head, a chunk's line or trailers that have not come whole. */
  #kept: Buffer | undefined
  #left = 0
  #trailerBytes = 0
  #keepsAlive = true
  /** How long the other side keeps a connection that rests, where it says so. */
  keepAliveMs: number | undefined

  constructor(parts: ResponseParts, mostHeadBytes: number) {
    this.#parts = parts
    this.#mostHeadBytes = mostHeadBytes
  }

  /** The answer to a request of this method is next. */
  expect(method: string): void {
    this.#state = 'head'
    this.#isHead = method === 'HEAD'
    this.#keepsAlive = true
    this.keepAliveMs = undefined
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** The answer was read to its end, and nothing speaks against another one on the same connection. */
  get canGoOn(): boolean {
    return this.#state === 'done' && this.#keepsAlive && this.#kept === undefined
  }

  /** @throws ResponseError */
  read(arrived: Buffer): void {
    let bytes = arrived
    if (this.#kept !== undefined) {
      bytes = Buffer.concat([this.#kept, arrived])
      this.#kept = undefined
    }
    let at = 0
    do {
      const next = this.#step(bytes, at)
      if (next === undefined) {
        this.#kept = at === 0 ? bytes : bytes.subarray(at)
        return
      }
      at = next
    } while (at < bytes.length && !this.isDone)
    // More than the answer: whose it is nobody knows.
    if (at < bytes.length) this.#keepsAlive = false
  }

  /** The other side sends no more. @returns whether the answer was whole */
  end(): boolean {
    this.#keepsAlive = false
    if (this.#state === 'open') this.#state = 'done'
    return this.isDone
  }

  /** @returns where to go on; undefined: more has to come first */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'sized':
      case 'chunk':
        return this.#readBytes(bytes, at)
      case 'chunk size':
        return this.#readChunkSize(bytes, at)
      case 'chunk end':
        return this.#readChunkEnd(bytes, at)
      case 'trailers':
        return this.#readTrailer(bytes, at)
      case 'open':
        this.#parts.onData(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
      default:
        throw new ResponseError('an answer that nobody asked for')
    }
  }

  #readHead(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
    const size = (end < 0 ? bytes.length : end) - at
    if (size > this.#mostHeadBytes) throw new ResponseError('the headers are too long')
    if (end < 0) return undefined
    const text = bytes.toString('latin1', at, end)
    let lineEnd = text.indexOf('\r\n')
    if (lineEnd < 0) lineEnd = text.length
    const [, minor, code] = statusLine.exec(text.slice(0, lineEnd)) ?? []
    if (code === undefined) throw new ResponseError('the status line is none')
    const status = Number(code)
    const headers = readHeaders(text, lineEnd + 2)
    if (status === 101) throw new ResponseError('another protocol, which nobody asked for')
    // An interim answer: the true one follows.
    if (status < 200) return end + 4
    const framing = framingOf(headers)
    this.#keepsAlive = minor === '1' && !framing.closes
    this.keepAliveMs = framing.keepAliveMs
    this.#state = this.#isHead || status === 204 || status === 304 ? 'done' : bodyOf(framing)
    this.#left = framing.length ?? 0
    if (this.#state === 'sized' && this.#left === 0) this.#state = 'done'
    this.#parts.onHead(status, headers)
    return end + 4
  }

  #readBytes(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    this.#parts.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk end' : 'done'
    return end
  }

  #readChunkSize(bytes: Buffer, at: number): number | undefined {
    const end = lineEndOf(bytes, at, mostChunkLine)
    if (end === undefined) return undefined
    const [, digits] = chunkSize.exec(bytes.toString('latin1', at, end)) ?? []
    if (digits === undefined) throw new ResponseError('the size of a chunk is none')
    this.#left = Number.parseInt(digits, 16)
    this.#trailerBytes = 0
    this.#state = this.#left === 0 ? 'trailers' : 'chunk'
    return end + 2
  }

  #readChunkEnd(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined
    if (bytes[at] !== 13 || bytes[at + 1] !== 10)
      throw new ResponseError('a chunk is not of its size')
    this.#state = 'chunk size'
    return at + 2
  }

  /** Read away: nobody here tells trailers to anyone. */
  #readTrailer(bytes: Buffer, at: number): number | undefined {
    const end = lineEndOf(bytes, at, this.#mostHeadBytes)
    if (end === undefined) return undefined
    this.#trailerBytes += end - at
    if (this.#trailerBytes > this.#mostHeadBytes) throw new ResponseError('too many trailers')
    if (end === at) this.#state = 'done'
    return end + 2
  }
}

function lineEndOf(bytes: Buffer, at: number, most: number): number | undefined {
  const end = bytes.indexOf('\r\n', at, 'latin1')
  if ((end < 0 ? bytes.length : end) - at > most) throw new ResponseError('a line is too long')
  return end < 0 ? undefined : end
}

function readHeaders(text: string, from: number): string[] {
  const headers: string[] = []
  for (let at = from; at < text.length; ) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    const name = text.slice(at, colon)
    const value = trimmed(text, colon + 1, end)
    if (colon < 0 || colon > end || !isName(name) || !headerValue.test(value))
      throw new ResponseError('a header is none')
    headers.push(name, value)
    at = end + 2
  }
  return headers
}

/** Without the blanks around it; no others than these count. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number) => code === 32 || code === 9

/** Names that were found good. */
const known = new Set<string>()

function isName(name: string): boolean {
  if (known.has(name)) return true
  if (!headerName.test(name)) return false
  if (known.size < 256) known.add(name)
  return true
}

interface Framing {
  isChunked: boolean
  length: number | undefined
  closes: boolean
  keepAliveMs: number | undefined
}

/** What is said twice has to be the same, and nothing may be said in both ways. */
function framingOf(headers: readonly string[]): Framing {
  const framing: Framing = {
    isChunked: false,
    length: undefined,
    closes: false,
    keepAliveMs: undefined,
  }
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue
    note(name.toLowerCase(), headers[at + 1]!, framing)
  }
  if (framing.isChunked && framing.length !== undefined)
    throw new ResponseError('the body has a length and none')
  return framing
}

function note(name: string, value: string, framing: Framing): void {
  switch (name) {
    case 'content-length': {
      const length = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
      if (!(length === (framing.length ?? length)))
        throw new ResponseError('the length of the body is none')
      framing.length = length
      return
    }
    case 'transfer-encoding':
      if (framing.isChunked || value.toLowerCase() !== 'chunked')
        throw new ResponseError('the body is encoded in a way that nobody asked for')
      framing.isChunked = true
      return
    case 'connection':
      if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) framing.closes = true
      return
    case 'keep-alive': {
      const [, seconds] = /(?:^|[,;\s])timeout\s*=\s*(\d{1,6})/i.exec(value) ?? []
      if (seconds !== undefined) framing.keepAliveMs = Number(seconds) * 1_000
      return
    }
    default:
  }
}

function bodyOf({ isChunked, length }: Framing): State {
  if (isChunked) return 'chunk size'
  return length === undefined ? 'open' : 'sized'
}
