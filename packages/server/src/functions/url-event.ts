/** What a function is handed of a call through its URL, and what the caller gets of its answer (payload version 2.0). */
import { Buffer } from 'node:buffer'
import { behindHead } from '@sekisho/gateway'
import { parseJson } from '@sekisho/policy'

/** @see Lambda Developer Guide, "Invoking Lambda function URLs" */
export interface UrlRequest {
  readonly requestId: string
  readonly method: string
  /** Raw. */
  readonly path: string
  readonly query: string
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  readonly domainName: string
  readonly urlId: string
  readonly sourceIp: string
  readonly isSecure: boolean
  readonly port: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Of callers who signed. */
  readonly signer?: Signer | undefined
}

export interface Signer {
  readonly accessKeyId: string
  readonly accountId: string
  readonly arn: string
  readonly userId: string
  readonly organizationId?: string | undefined
}

/** What proves who the caller is goes no further. */
const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'x-amz-security-token'])

export function urlEvent(request: UrlRequest, accountId: string): Uint8Array {
  const { method, path, query, body, domainName, urlId, sourceIp, signer } = request
  const headers: Record<string, string> = {}
  let cookies: string[] | undefined
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at]!.toLowerCase()
    const value = request.headers[at + 1]!
    if (name === 'cookie') cookies = [...(cookies ?? []), ...value.split(/; */)]
    if (signer !== undefined && secretHeaders.has(name)) continue
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value
  }
  headers['x-forwarded-for'] = sourceIp
  headers['x-forwarded-proto'] = request.isSecure ? 'https' : 'http'
  headers['x-forwarded-port'] = request.port
  const parameters = queryOf(query)
  const isText = isTextual(headers['content-type'])
  return Buffer.from(
    JSON.stringify({
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: query,
      ...(cookies && { cookies }),
      headers,
      ...(parameters && { queryStringParameters: parameters }),
      requestContext: {
        accountId: signer === undefined ? 'anonymous' : accountId,
        apiId: urlId,
        ...(signer && { authorizer: { iam: iamOf(signer) } }),
        domainName,
        domainPrefix: urlId,
        http: {
          method,
          path,
          protocol: 'HTTP/1.1',
          sourceIp,
          userAgent: headers['user-agent'] ?? '',
        },
        requestId: request.requestId,
        routeKey: '$default',
        stage: '$default',
        time: clfTime(request.at),
        timeEpoch: request.at,
      },
      ...(body.length > 0 && {
        body: Buffer.from(body).toString(isText ? 'utf8' : 'base64'),
      }),
      isBase64Encoded: body.length > 0 && !isText,
    }),
  )
}

function iamOf(signer: Signer) {
  return {
    accessKey: signer.accessKeyId,
    accountId: signer.accountId,
    callerId: signer.userId,
    cognitoIdentity: null,
    principalOrgId: signer.organizationId ?? null,
    userArn: signer.arn,
    userId: signer.userId,
  }
}

/** Several values of one name are one list. */
function queryOf(query: string): Readonly<Record<string, string>> | undefined {
  if (query === '') return undefined
  const found = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(found)
}

function isTextual(contentType = ''): boolean {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  return (
    /^text\//.test(type) || /^application\/(?:.+\+)?(?:json|xml|javascript|ecmascript)$/.test(type)
  )
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `12/Mar/2020:19:03:58 +0000` */
function clfTime(ms: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(ms).toISOString())!
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`
}

export interface UrlAnswer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

/** What a function answered with; undefined: nothing that could be an answer. */
export function urlAnswer(payload: Uint8Array): UrlAnswer | undefined {
  let result: unknown
  try {
    result = parseJson(Buffer.from(payload).toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof result !== 'object' || result === null || !('statusCode' in result))
    return { status: 200, headers: ['Content-Type', 'application/json'], body: payload }
  const { body, isBase64Encoded } = result as { body?: unknown; isBase64Encoded?: unknown }
  const head = urlHead(result)
  if (head === undefined) return undefined
  const text = body === undefined || body === null ? '' : asText(body)
  return { ...head, body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8') }
}

/** Status, headers and cookies, of an answer or of what goes before a streamed one. */
export function urlHead(given: object): Pick<UrlAnswer, 'status' | 'headers'> | undefined {
  const { statusCode = 200, headers, cookies } = given as Readonly<Record<string, unknown>>
  const status = Number(statusCode)
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined
  const list: string[] = []
  let hasType = false
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined || value === null) continue
    const text = asText(value)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(text))
      return undefined
    if (name.toLowerCase() === 'content-type') hasType = true
    list.push(name, text)
  }
  if (!hasType) list.push('Content-Type', 'application/json')
  for (const cookie of Array.isArray(cookies) ? cookies : [])
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(String(cookie))) list.push('Set-Cookie', String(cookie))
    else return undefined
  return { status, headers: list }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What goes before a streamed answer that has a head of its own. */
export const integrationType = 'application/vnd.awslambda.http-integration-response'

const longestHead = 128 * 1024
const separator = Buffer.alloc(8)

export interface Streamed {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Reads the head off a streamed answer, where it has one: JSON, eight zero bytes, the body.
 *
 * @returns undefined: there is none that could be sent
 */
export async function streamedAnswer(
  pieces: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
): Promise<Streamed | undefined> {
  if (contentType !== integrationType) {
    const headers = ['Content-Type', contentType ?? 'application/octet-stream']
    return { status: 200, headers, body: pieces }
  }
  const rest = pieces[Symbol.asyncIterator]()
  let kept = Buffer.alloc(0)
  for (;;) {
    const end = kept.indexOf(separator)
    if (end >= 0) {
      const head = headOf(kept.subarray(0, end))
      if (head === undefined) break
      return { ...head, body: behindHead(kept.subarray(end + separator.length), rest, pieces) }
    }
    const next = kept.length > longestHead ? undefined : await rest.next()
    if (next === undefined || next.done) break
    kept = Buffer.concat([kept, next.value])
  }
  await rest.return?.()
  return undefined
}

function headOf(text: Buffer): Pick<UrlAnswer, 'status' | 'headers'> | undefined {
  try {
    const given = parseJson(text.toString('utf8'))
    return typeof given === 'object' && given !== null ? urlHead(given) : undefined
  } catch {
    return undefined
  }
}
