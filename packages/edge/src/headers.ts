/** Headers as they stand on the wire (name, value, name, value …): looked up, left out, replaced. */

export type Headers = readonly string[]

/** The first of that name. */
export function headerOf(headers: Headers, lowerCaseName: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName)
      return headers[at + 1]
  }
  return undefined
}

/** All of that name as one list; undefined where there is none. */
export function listOf(headers: Headers, lowerCaseName: string): string | undefined {
  let list: string | undefined
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName)
      list = list === undefined ? headers[at + 1]! : `${list}, ${headers[at + 1]}`
  }
  return list
}

/** Those that `keeps` wants, asked by lower-case name. */
export function kept(headers: Headers, keeps: (lowerCaseName: string) => boolean): string[] {
  const chosen: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (keeps(headers[at]!.toLowerCase())) chosen.push(headers[at]!, headers[at + 1]!)
  return chosen
}

/** Of one connection, not of the message, beside those that `Connection` itself names. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What `Connection` names, lower case. */
export function namedByConnection(headers: Headers): readonly string[] {
  const list = listOf(headers, 'connection')
  return list === undefined ? [] : tokensOf(list)
}

/** Lower-case members of a comma-separated list. */
export function tokensOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
}
