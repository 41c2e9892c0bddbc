/** An answer as it stands on the wire, its framing made here and nowhere else. */
import { STATUS_CODES } from 'node:http'
import type { Reply } from './arrival.ts'

/** A header that cannot be sent; made by a mapping, it would split the answer. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError'
  readonly code = 'HEADER'
}

const validName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Status line and headers with the empty line.
 *
 * @param framing  `Content-Length: 5` or what else says where the body ends; empty where there can be none
 * @throws HeaderError
 */
export function headOf(
  { status, headers }: Pick<Reply, 'status' | 'headers'>,
  framing: string,
  isLast: boolean,
): string {
  let text = statusLine(status)
  let hasDate = false
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (isFraming(name)) continue
    if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true
    if (!known.has(name)) {
      if (!validName.test(name)) throw new HeaderError(`\`${name}\` is no name for a header`)
      if (known.size < 256) known.add(name)
    }
    if (invalidValue.test(value)) throw new HeaderError(`the value of \`${name}\` cannot be sent`)
    text += `${name}: ${value}\r\n`
  }
  return text + framing + (isLast ? lastTail(hasDate) : tail(hasDate))
}

/** The same headers for a server that writes them itself: framing as it really is. */
export function framedHeaders({ status, headers, body, lengthBytes }: Reply): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (!isFraming(headers[at]!)) kept.push(headers[at]!, headers[at + 1]!)
  if (hasNoBody(status)) return kept
  if (lengthBytes !== undefined) kept.push('Content-Length', String(lengthBytes))
  else if (typeof body === 'string') kept.push('Content-Length', String(Buffer.byteLength(body)))
  else if (body instanceof Uint8Array) kept.push('Content-Length', String(body.length))
  return kept
}

/** Names that were found good. */
const known = new Set<string>()

const statusLines: string[] = []

function statusLine(status: number): string {
  return (statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`)
}

/** Said by us alone, of what is really sent. */
function isFraming(name: string): boolean {
  switch (name.length) {
    case 10:
      return name.toLowerCase() === 'connection' || name.toLowerCase() === 'keep-alive'
    case 14:
      return name.toLowerCase() === 'content-length'
    case 17:
      return name.toLowerCase() === 'transfer-encoding'
    default:
      return false
  }
}

let second = 0
let date = ''
let keepAlive = ''

const undated = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\n'

/** @param hasDate  the answer says itself when it was made */
function tail(hasDate: boolean): string {
  if (hasDate) return undated
  tick()
  return keepAlive
}

function lastTail(hasDate: boolean): string {
  tick()
  return `${hasDate ? '' : date}Connection: close\r\n\r\n`
}

/** Many answers share a second. */
function tick(): void {
  const now = Math.floor(Date.now() / 1_000)
  if (now === second) return
  second = now
  date = `Date: ${new Date(now * 1_000).toUTCString()}\r\n`
  keepAlive = date + undated
}

/** These end with their head. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}
