/** A request as it stands on the wire, its framing made here and nowhere else. */

/** What cannot be written without becoming another request. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code = 'REQUEST'
}

/** Where a request goes: the connection, and what it says of itself. */
export interface Address {
  /** `http://127.0.0.1:8080`: who shares it shares connections. */
  readonly origin: string
  readonly protocol: 'http:' | 'https:'
  readonly hostname: string
  /** Empty: the protocol's own. */
  readonly port: string
  readonly host: string
  /** Path and query. */
  readonly target: string
}

type Origin = Omit<Address, 'target'>

const origins = new Map<string, Origin>()
const mostOrigins = 1_000
/** Nothing in it that reading it as a URL would change. */
const plainTarget = /^(?!.*(?:\/\.|%2e))\/[\w\-.~!$&()*+,;=:@%/]*(?:\?[\w\-.~!$&()*+,;=:@%/?]+)?$/i

/** @returns undefined: it is no address of a web server */
export function addressOf(url: string): Address | undefined {
  const end = url.indexOf('/', 8)
  const written = end < 0 ? url : url.slice(0, end)
  const target = end < 0 ? '/' : url.slice(end)
  const known = origins.get(written)
  if (known !== undefined && plainTarget.test(target)) return { ...known, target }
  const read = URL.parse(url)
  if (read === null || !(read.protocol === 'http:' || read.protocol === 'https:')) return undefined
  const { protocol, hostname, port, host } = read
  const origin: Origin = { origin: read.origin, protocol, hostname, port, host }
  if (plainTarget.test(target) && !/[?#\\@]/.test(written)) {
    if (origins.size >= mostOrigins) origins.clear()
    origins.set(written, origin)
  }
  return { ...origin, target: `${read.pathname}${read.search}` }
}

/** Of one connection, not of the message; and what is said here of what is really sent. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const unsendable = /[^\t\x20-\x7e\x80-\xff]/

interface Known {
  readonly isOwn: boolean
  readonly isHost: boolean
}

/** Names that were found good. */
const names = new Map<string, Known>()

function meaningOf(name: string): Known {
  const known = names.get(name)
  if (known !== undefined) return known
  if (!token.test(name)) throw new RequestError(`\`${name}\` is no name for a header`)
  const lower = name.toLowerCase()
  const meaning = { isOwn: ownHeaders.has(lower), isHost: lower === 'host' }
  if (names.size < 512) names.set(name, meaning)
  return meaning
}

/** These say that they have no body; others are silent where they have none. */
const withBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Request line and headers with the empty line, one character a byte.
 *
 * @param headers  name, value, name, value …
 * @throws RequestError
 */
export function requestHead(
  method: string,
  { host, target }: Pick<Address, 'host' | 'target'>,
  headers: readonly string[],
  bodyBytes: number,
): string {
  if (!token.test(method)) throw new RequestError(`\`${method}\` is no method`)
  let text = ''
  let named = host
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    const { isOwn, isHost } = meaningOf(name)
    if (isOwn) continue
    if (unsendable.test(value)) throw new RequestError(`the value of \`${name}\` cannot be sent`)
    if (isHost) named = value
    else text += `${name}: ${value}\r\n`
  }
  const length = bodyBytes > 0 || withBody.has(method) ? `Content-Length: ${bodyBytes}\r\n` : ''
  return `${method} ${target} HTTP/1.1\r\nHost: ${named}\r\nConnection: keep-alive\r\n${text}${length}\r\n`
}
