/** One line of a distribution's log: what was asked, what was answered, and where the answer came from. */
import { type Headers, headerOf } from './headers.ts'
import type { RefusalName } from './refusal.ts'
import type { Outcome, ViewerRequest } from './viewer.ts'

/** A call that is over. */
export interface LoggedCall {
  readonly viewer: ViewerRequest
  readonly distributionDomain: string
  readonly status: number
  readonly headers: Headers
  readonly outcome: Outcome
  readonly pop: string
  /** Epoch milliseconds. */
  readonly endedAt: number
  /** From the first byte of the request to the last of the answer, or to the first of it. */
  readonly takenMs: number
  readonly firstByteMs: number
  readonly bodyBytes: number
  /** As announced, or known. */
  readonly contentLength?: number | undefined
  /** The viewer went away before the end. */
  readonly isCutShort: boolean
  readonly includesCookies: boolean
  readonly tls?: { readonly version: string; readonly cipherSuite: string } | undefined
}

/** What CloudFront says of its own errors. @see CloudFront Developer Guide, "Standard logging reference" */
const detailedTypes: Readonly<Partial<Record<string, string>>> = {
  BAD_REQUEST: 'InvalidRequest',
  BODY_NOT_ALLOWED: 'InvalidRequest',
  BODY_TOO_LARGE: 'InvalidRequest',
  DISABLED: 'InvalidRequest',
  GEO_RESTRICTED: 'ClientGeoBlocked',
  HEADERS_TOO_LARGE: 'InvalidRequestHeader',
  METHOD_NOT_ALLOWED: 'InvalidRequestMethod',
  ORIGIN_BROKEN: 'OriginInvalidResponseError',
  ORIGIN_TIMED_OUT: 'OriginCommError',
  ORIGIN_UNREACHABLE: 'OriginConnectError',
  URI_TOO_LONG: 'InvalidRequest',
} satisfies Partial<Record<RefusalName, string>>

type Field = readonly [name: string, value: (call: LoggedCall) => string | undefined]

const resultOf = ({ outcome, isCutShort }: LoggedCall) => (isCutShort ? 'Error' : outcome.result)
const sent = (name: string) => (call: LoggedCall) => headerOf(call.viewer.headers, name)
const seconds = (ms: number) => (Math.max(0, ms) / 1_000).toFixed(3)

/** In the order of the log. @see CloudFront Developer Guide, "Standard logging reference", "Log file fields" */
const fields: readonly Field[] = [
  ['date', ({ endedAt }) => new Date(endedAt).toISOString().slice(0, 10)],
  ['time', ({ endedAt }) => new Date(endedAt).toISOString().slice(11, 19)],
  ['x-edge-location', ({ pop }) => pop],
  ['sc-bytes', (call) => String(answerBytes(call))],
  ['c-ip', ({ viewer }) => viewer.sourceIp],
  ['cs-method', ({ viewer }) => viewer.method],
  ['cs(Host)', ({ distributionDomain }) => distributionDomain],
  ['cs-uri-stem', ({ viewer }) => viewer.rawPath],
  ['sc-status', ({ status, isCutShort }) => (isCutShort ? '000' : String(status))],
  ['cs(Referer)', sent('referer')],
  ['cs(User-Agent)', sent('user-agent')],
  ['cs-uri-query', ({ viewer }) => viewer.rawQuery],
  ['cs(Cookie)', (call) => (call.includesCookies ? sent('cookie')(call) : undefined)],
  ['x-edge-result-type', resultOf],
  ['x-edge-request-id', ({ viewer }) => viewer.requestId],
  ['x-host-header', ({ viewer }) => viewer.host],
  ['cs-protocol', ({ viewer }) => (viewer.isSecure ? 'https' : 'http')],
  ['cs-bytes', (call) => String(requestBytes(call))],
  ['time-taken', ({ takenMs }) => seconds(takenMs)],
  ['x-forwarded-for', sent('x-forwarded-for')],
  ['ssl-protocol', ({ tls }) => tls?.version],
  ['ssl-cipher', ({ tls }) => tls?.cipherSuite],
  ['x-edge-response-result-type', resultOf],
  ['cs-protocol-version', ({ viewer }) => `HTTP/${viewer.httpVersion ?? '1.1'}`],
  ['fle-status', () => undefined],
  ['fle-encrypted-fields', () => undefined],
  ['c-port', ({ viewer }) => (viewer.sourcePort === 0 ? undefined : String(viewer.sourcePort))],
  ['time-to-first-byte', ({ firstByteMs }) => seconds(firstByteMs)],
  ['x-edge-detailed-result-type', detailedResultOf],
  ['sc-content-type', ({ headers }) => headerOf(headers, 'content-type')],
  ['sc-content-len', ({ contentLength }) => contentLength?.toString()],
  ['sc-range-start', ({ headers }) => rangeOf(headers)?.[1]],
  ['sc-range-end', ({ headers }) => rangeOf(headers)?.[2]],
]

/** What a log file begins with. */
export const logHead = `#Version: 1.0\n#Fields: ${fields.map(([name]) => name).join(' ')}\n`

/** Without an end of line. */
export function logLine(call: LoggedCall): string {
  return fields.map(([, value]) => written(value(call))).join('\t')
}

/** What deliveries may hold beside it. @see CloudFront Developer Guide, "Configure standard logging (v2)" */
const moreFields: readonly Field[] = [
  ['timestamp(ms)', ({ endedAt }) => String(endedAt)],
  ['cache-behavior-path-pattern', ({ outcome }) => outcome.pathPattern],
]

const fieldsByName = new Map([...fields, ...moreFields])

/** Those that a delivery has that names none. */
export const defaultLogFields: readonly string[] = fields.map(([name]) => name)

export function isLogField(name: string): boolean {
  return fieldsByName.has(name)
}

/** By name, in the order that is asked for, for logs of another form. */
export function logRecord(
  call: LoggedCall,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, written(fieldsByName.get(name)?.(call))]))
}

const longest = 8_192

/** A dash stands for nothing; nothing in a value can end it, or the line. */
function written(value: string | undefined): string {
  if (value === undefined || value === '') return '-'
  return value
    .slice(0, longest)
    .replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    )
}

function detailedResultOf(call: LoggedCall): string {
  const { outcome, isCutShort } = call
  if (isCutShort) return 'ClientCommError'
  return detailedTypes[outcome.refusal ?? ''] ?? outcome.result
}

function rangeOf(headers: Headers): RegExpExecArray | null {
  return /^bytes (\d+)-(\d+)\//.exec(headerOf(headers, 'content-range') ?? '')
}

const lineEnds = 2

/** Names, values, a colon and a blank between them, an end of line after each. */
function headBytes(firstLine: number, headers: Headers): number {
  let bytes = firstLine + lineEnds
  for (const text of headers) bytes += text.length
  return bytes + headers.length * 2 + lineEnds
}

function answerBytes({ headers, bodyBytes }: LoggedCall): number {
  return headBytes('HTTP/1.1 200 OK'.length, headers) + bodyBytes
}

function requestBytes({ viewer }: LoggedCall): number {
  const { method, rawPath, rawQuery, headers } = viewer
  const query = rawQuery === '' ? 0 : rawQuery.length + 1
  const line = method.length + rawPath.length + query + ' '.length + ' HTTP/1.1'.length
  const body = Number(headerOf(headers, 'content-length') ?? 0)
  return headBytes(line, headers) + (Number.isSafeInteger(body) ? body : 0)
}
