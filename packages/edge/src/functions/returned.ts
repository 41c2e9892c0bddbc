/** Is what a function returned a request or a response, and may it be what it is? */
import type { FunctionRequest, FunctionResponse, Value, Values } from './event.ts'

/** The function did not come to its end (`FAILED`), or did something that it may not (`INVALID`). */
export class FunctionError extends Error {
  override readonly name = 'FunctionError'
  readonly code: 'FAILED' | 'INVALID'

  constructor(message: string, code: FunctionError['code'] = 'INVALID') {
    super(message)
    this.code = code
  }
}

export interface ReturnedRequest {
  readonly uri: string
  readonly rawQuery: string
  /** Name, value …; those that were not given to the function are not among them. */
  readonly headers: readonly string[]
}

export interface ReturnedResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body?: Uint8Array
}

/** @see CloudFront Developer Guide, "Restrictions on edge functions" */
const disallowed =
  /^(?:connection|expect|keep-alive|proxy-authenticate|proxy-authorization|proxy-connection|trailer|upgrade|x-accel-(?:buffering|charset|limit-rate|redirect)|x-amz-cf-.*|x-amzn-(?:auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|lambda-integration-tag|requestid)|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip)$/
const readOnlyInRequests: ReadonlySet<string> = new Set([
  'cdn-loop',
  'content-length',
  'host',
  'transfer-encoding',
  'via',
])
const readOnlyInResponses: ReadonlySet<string> = new Set(['transfer-encoding', 'via', 'warning'])

/** Of a response that a function makes. */
const mostBodyBytes = 40 * 1_024

/** @throws FunctionError */
export function readReturned(
  value: unknown,
  given: FunctionRequest,
): { readonly request: ReturnedRequest } | { readonly response: ReturnedResponse } {
  if (!isObject(value))
    throw new FunctionError('the function returned neither request nor response')
  if ('statusCode' in value) return { response: readResponse(value, { headers: {}, cookies: {} }) }
  return { request: readRequest(value, given) }
}

function readRequest(
  value: Readonly<Record<string, unknown>>,
  given: FunctionRequest,
): ReturnedRequest {
  const { uri, method } = value
  if (method !== undefined && method !== given.method)
    throw new FunctionError('the method of a request cannot be changed')
  if (typeof uri !== 'string' || !/^\/[\x21-\x7e]*$/.test(uri) || /[?#]/.test(uri))
    throw new FunctionError('the URI of a request begins with a slash and has no query')
  const headers = pairsOf(value['headers'], 'headers')
  checkHeaders(headers, given.headers, readOnlyInRequests)
  const query = pairsOf(value['querystring'], 'querystring').map(([name, { value: text }]) => {
    if (/[\s#&]|[^\x21-\x7e]/.test(name + text))
      throw new FunctionError('the query string contains characters that have to be escaped')
    return text === '' ? name : `${name}=${text}`
  })
  const cookies = pairsOf(value['cookies'], 'cookies').map(
    ([name, { value: text }]) => `${name}=${checkedValue(text)}`,
  )
  return {
    uri,
    rawQuery: query.join('&'),
    headers: [
      ...headers.flatMap(([name, { value: text }]) => [checkedName(name), checkedValue(text)]),
      ...(cookies.length > 0 ? ['Cookie', cookies.join('; ')] : []),
    ],
  }
}

/** @throws FunctionError */
export function readResponse(
  value: unknown,
  given: Pick<FunctionResponse, 'headers' | 'cookies'>,
): ReturnedResponse {
  if (!isObject(value)) throw new FunctionError('the function returned no response')
  const status = value['statusCode']
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw new FunctionError('the status code of a response is a number from 200 to 599')
  const headers = pairsOf(value['headers'], 'headers')
  checkHeaders(headers, given.headers, readOnlyInResponses)
  const cookies = pairsOf(value['cookies'], 'cookies').flatMap(([name, cookie]) => {
    const attributes = cookie.attributes === undefined ? '' : `; ${checkedValue(cookie.attributes)}`
    return ['Set-Cookie', `${checkedName(name)}=${checkedValue(cookie.value)}${attributes}`]
  })
  const body = bodyOf(value['body'])
  return {
    status,
    headers: [
      ...headers.flatMap(([name, { value: text }]) => [checkedName(name), checkedValue(text)]),
      ...cookies,
    ],
    ...(body && { body }),
  }
}

function bodyOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  const { data, encoding } = isObject(body) ? body : { data: body, encoding: 'text' }
  if (typeof data !== 'string' || !['text', 'base64', undefined].includes(encoding as string))
    throw new FunctionError('the body of a response is text, or base64')
  const bytes = Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8')
  if (bytes.length > mostBodyBytes) throw new FunctionError('the body of a response is too long')
  return bytes
}

function checkHeaders(
  headers: readonly (readonly [string, Value])[],
  given: Values,
  readOnly: ReadonlySet<string>,
): void {
  const names = new Set(headers.map(([name]) => name))
  for (const [name, { value }] of headers) {
    if (name !== name.toLowerCase())
      throw new FunctionError(`the header ${name} is not in lower case`)
    const isSame = Object.hasOwn(given, name) && sameAs(given[name]!, value)
    if ((disallowed.test(name) || readOnly.has(name)) && !isSame)
      throw new FunctionError(`the header ${name} cannot be added or changed`)
  }
  for (const name of Object.keys(given))
    if (readOnly.has(name) && !names.has(name))
      throw new FunctionError(`the header ${name} cannot be removed`)
}

function sameAs({ value, multiValue }: Value, other: string): boolean {
  return value === other || multiValue?.some((each) => each.value === other) === true
}

/** Every value of each name, in order. @throws FunctionError */
function pairsOf(values: unknown, what: string): readonly (readonly [string, Value])[] {
  if (values === undefined) return []
  if (!isObject(values)) throw new FunctionError(`${what} is no object`)
  return Object.entries(values).flatMap(([name, value]) => {
    const multiple = isObject(value) ? value['multiValue'] : undefined
    const all = Array.isArray(multiple) && multiple.length > 0 ? multiple : [value]
    return all.map((each: unknown) => {
      if (!isObject(each) || typeof each['value'] !== 'string')
        throw new FunctionError(`${what} ${name} has no value`)
      if (each['attributes'] !== undefined && typeof each['attributes'] !== 'string')
        throw new FunctionError(`${what} ${name} has attributes that are no text`)
      return [name, each as unknown as Value] as const
    })
  })
}

function checkedName(name: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new FunctionError('a name contains characters that are not allowed')
  return name
}

function checkedValue(value: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new FunctionError('a value contains characters that are not allowed')
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
