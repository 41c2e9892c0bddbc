/** The canonical request: one text for all the ways to write the same request. */
import { encodePath, recode, toWire } from './encoding.ts'
import { limits } from './limits.ts'
import type { HttpMessage } from './message.ts'
import type { ServiceRules } from './rules.ts'
import { SignatureError } from './signature-error.ts'

/** Header name in lower case -> its value, repeats trimmed and joined by `,`. */
export type CanonicalHeaders = ReadonlyMap<string, string>

/**
 * The canonical request.
 *
 * @param signedHeaders  lower case, sorted; one that is not in `headers` counts as empty.
 * @see IAM User Guide, "Create a signed AWS API request", step "Create a canonical request"
 */
export function canonicalRequest(
  method: string,
  path: string,
  query: string,
  headers: CanonicalHeaders,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  let block = ''
  for (const name of signedHeaders) block += `${name}:${canonicalValue(headers.get(name) ?? '')}\n`
  if (block.length > limits.headerBlock) {
    throw new SignatureError('tooLarge', { part: 'Header section', limit: limits.headerBlock })
  }
  return `${method}\n${path}\n${query}\n${block}\n${signedHeaders.join(';')}\n${payloadHash}`
}

/**
 * The path to sign.
 *
 * Services but S3 see the path as received, escapes included, as text to be encoded: `%20` becomes
 * `%2520`. S3 leaves the path alone: `//` and `..` are characters of a key.
 *
 * @throws SignatureError  `malformedEscape` (S3's form alone), `tooLarge`
 */
export function canonicalPath(rawPath: string, form: ServiceRules['path']): string {
  if (rawPath.length > limits.path) {
    throw new SignatureError('tooLarge', { part: 'Path', limit: limits.path })
  }
  if (form === 'asSent') return rawPath === '' ? '/' : recode(rawPath, true)
  return encodePath(normalizePath(rawPath))
}

/**
 * The query to sign: decoded once, encoded once, sorted by name, then value.
 *
 * A `+` is itself (`%2B`); a blank is `%20` alone. Empty pairs (`a=1&&b=2`) are left out.
 *
 * @param leaveOut  names to leave out, each at its first place only: of a second `X-Amz-Signature`
 *                  nothing vouches for.
 * @throws SignatureError  `malformedEscape`, `tooLarge`
 */
export function canonicalQuery(rawQuery: string, leaveOut: readonly string[]): string {
  if (rawQuery === '') return ''
  if (rawQuery.length > limits.query) {
    throw new SignatureError('tooLarge', { part: 'Query string', limit: limits.query })
  }
  const pairs: Pair[] = []
  let isSorted = true
  const skipped = new Set<string>()
  for (const text of rawQuery.split('&')) {
    if (text === '') continue
    const equals = text.indexOf('=')
    const name = recode(equals < 0 ? text : text.slice(0, equals), false)
    const value = equals < 0 ? '' : recode(text.slice(equals + 1), false)
    if (leaveOut.includes(name) && !skipped.has(name)) {
      skipped.add(name)
      continue
    }
    const pair = { name, value }
    const last = pairs.at(-1)
    if (last !== undefined && byNameThenValue(last, pair) > 0) isSorted = false
    pairs.push(pair)
  }
  if (!isSorted) pairs.sort(byNameThenValue)
  let out = ''
  for (const { name, value } of pairs) out += `${out === '' ? '' : '&'}${name}=${value}`
  return out
}

/** All headers of a request, to look the signed ones up in. */
export function canonicalHeaders(message: HttpMessage): Map<string, string> {
  const found = new Map<string, string>()
  const { headers } = message
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    const value = headers[i + 1]!
    const earlier = found.get(name)
    const isRepeated = earlier !== undefined
    found.set(name, isRepeated ? `${canonicalValue(earlier)},${canonicalValue(value)}` : value)
  }
  return found
}

const blanks = /[ \t\n\v\f\r]+/g
const unevenBlanks = /[\t\n\v\f\r]| {2}|^ | $/

/** Trimmed, inner runs of blanks one blank; also inside quotes. */
function canonicalValue(value: string): string {
  const wire = toWire(value)
  if (!unevenBlanks.test(wire)) return wire
  return wire.replace(blanks, ' ').replace(/^ | $/g, '')
}

interface Pair {
  readonly name: string
  readonly value: string
}

/** Encoded text is ASCII, so comparing code units compares bytes. */
function byNameThenValue(a: Pair, b: Pair): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return 0
}

const needsNormalizing = /\/\/|\/\.\.?(?:\/|$)/

/** Removes `.`, `..` and repeated slashes; keeps a trailing slash. Escaped dots are no dots. */
function normalizePath(path: string): string {
  if (path === '' || path === '/') return '/'
  if (path[0] === '/' && !needsNormalizing.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  if (kept.length === 0) return '/'
  return `/${kept.join('/')}${path.endsWith('/') ? '/' : ''}`
}
