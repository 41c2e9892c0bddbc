/** Which headers pass the gateway, which it drops, renames or refuses to map. */

/**
 * Never seen by mappings, templates or integrations.
 * @see recorded answers of AWS: what `$input.params` shows of them
 */
export const droppedAtIngress: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-md5',
  'expect',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'te',
  'transfer-encoding',
  'trailer',
  'upgrade',
  'www-authenticate',
])

/** Mapped to an integration, the call fails. */
export const unmappable: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'x-amzn-trace-id',
  'x-amzn-apigateway-api-id',
])

/** Mapped to an integration of another service, the call fails as well. */
export const unmappableToServices: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'expect',
  'proxy-authenticate',
  'te',
])

/** Mapped to an HTTP integration, they are dropped without a word. */
export const droppedWhenMapped: ReadonlySet<string> = new Set([
  'expect',
  'proxy-authenticate',
  'te',
  'via',
])

/** Of what a client sent, not passed on to an HTTP_PROXY backend beside those above. */
export const notForwarded: ReadonlySet<string> = new Set([
  'host',
  'content-encoding',
  'via',
  'x-amzn-apigateway-api-id',
  'x-amzn-trace-id',
])

/** Of what a backend or a function sent by itself: dropped on the way to the client. */
export const droppedAtEgress: ReadonlySet<string> = new Set([
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'transfer-encoding',
  'via',
])

/**
 * Of what a backend sent: told to the client under another name.
 * @see API Gateway Developer Guide, "Amazon API Gateway important notes for REST APIs"
 */
export const remapped: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'trailer',
  'upgrade',
  'user-agent',
  'www-authenticate',
  'x-amzn-requestid',
])

export const remapPrefix = 'x-amzn-Remapped-'

/** Line breaks would make another header, and so would characters whose last byte is one. */
export function isHeaderValue(value: string): boolean {
  return !/[^\t\x20-\x7e\x80-\xff]/.test(value)
}

export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
}

/** What is mapped to the client's answer under its own name, and is sent so. */
export function isAnswered(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  return (
    isHeaderName(name) &&
    isHeaderValue(value) &&
    !remapped.has(lower) &&
    lower !== 'transfer-encoding'
  )
}

/** The first of that name. */
export function headerOf(headers: readonly string[], lowerCaseName: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName)
      return headers[at + 1]
  }
  return undefined
}

/** The last of that name. */
export function lastHeaderOf(
  headers: readonly string[],
  lowerCaseName: string,
): string | undefined {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const name = headers[at]!
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName)
      return headers[at + 1]
  }
  return undefined
}
