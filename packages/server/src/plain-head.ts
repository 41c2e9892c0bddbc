/** Is this the head of a plain request (at most a body of one said length, nothing unusual), and what does it say? */

export interface PlainHead {
  readonly method: string
  readonly target: string
  readonly host: string
  /** Name, value, name, value … */
  readonly headers: string[]
  /** What follows it. */
  readonly bodyBytes: number
}

/**
 * The one form that is read here: a method, a target in origin form, HTTP/1.1, header lines of printable ASCII, and of
 * framing no more than one length in plain digits. Stricter than the standard on purpose: whatever differs is for the complete parser to read or refuse.
 */
const plain =
  /^(GET|POST|PUT|PATCH|DELETE|OPTIONS) (\/[\w!$%&'()*+,\-./:;=?@~[\]]*) HTTP\/1\.1\r\n(?:[\w-]+: ?[ -~]*\r\n)+\r\n$/

/**
 * @param head  to the empty line that ends it, one character a byte
 * @returns undefined when it takes more than this to understand it
 */
export function readPlainHead(head: string): PlainHead | undefined {
  const match = plain.exec(head)
  if (match === null) return undefined
  const headers: string[] = []
  let host: string | undefined
  let bodyBytes: number | undefined
  let at = head.indexOf('\r\n') + 2
  const end = head.length - 2
  while (at < end) {
    const lineEnd = head.indexOf('\r\n', at)
    const colon = head.indexOf(':', at)
    const name = head.slice(at, colon)
    const value = head.slice(colon + 1, lineEnd).trim()
    const meaning = meaningOf(name, value)
    if (meaning === 'framing') return undefined
    if (meaning === 'host') {
      if (host !== undefined) return undefined
      host = value
    } else if (meaning === 'length') {
      if (bodyBytes !== undefined || !plainLength.test(value)) return undefined
      bodyBytes = Number(value)
    }
    headers.push(name, value)
    at = lineEnd + 2
  }
  if (host === undefined) return undefined
  return { method: match[1]!, target: match[2]!, host, headers, bodyBytes: bodyBytes ?? 0 }
}

const plainLength = /^(?:0|[1-9]\d{0,6})$/

/** Names that say how the message, or the connection, goes on. */
const framing: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'proxy-connection',
  'keep-alive',
])

function meaningOf(name: string, value: string): 'host' | 'length' | 'framing' | 'other' {
  switch (name.length) {
    case 4:
      return name.toLowerCase() === 'host' ? 'host' : 'other'
    case 10:
      if (name.toLowerCase() === 'connection')
        return value.toLowerCase() === 'keep-alive' ? 'other' : 'framing'
      return framing.has(name.toLowerCase()) ? 'framing' : 'other'
    case 14:
      return name.toLowerCase() === 'content-length' ? 'length' : 'other'
    case 2:
    case 6:
    case 7:
    case 16:
    case 17:
      return framing.has(name.toLowerCase()) ? 'framing' : 'other'
    default:
      return 'other'
  }
}
