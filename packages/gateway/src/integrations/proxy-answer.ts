/** What a function behind AWS_PROXY answers, read as strictly as API Gateway reads it. */
import { isHeaderName, isHeaderValue } from '../headers.ts'

export interface ProxyHead {
  readonly status: number
  /** Name, value, name, value … */
  readonly headers: readonly string[]
}

export interface ProxyAnswer extends ProxyHead {
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** Not an answer of the form that is asked for. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError'
}

const members: ReadonlySet<string> = new Set([
  'statusCode',
  'headers',
  'multiValueHeaders',
  'body',
  'isBase64Encoded',
])

/**
 * @throws MalformedAnswerError
 * @see API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (output format)
 */
export function readProxyAnswer(payload: Uint8Array): ProxyAnswer {
  const answer = parsed(payload, members)
  const { body, isBase64Encoded } = answer
  return { ...headOf(answer), body: bodyOf(body), isBase64Encoded: flagOf(isBase64Encoded) }
}

const streamMembers: ReadonlySet<string> = new Set([
  'statusCode',
  'headers',
  'multiValueHeaders',
  'cookies',
])

/**
 * What stands before a body that is streamed.
 *
 * @throws MalformedAnswerError
 */
export function readStreamHead(metadata: Uint8Array): ProxyHead {
  const answer = parsed(metadata, streamMembers)
  const { cookies } = answer
  if (cookies !== undefined && cookies !== null && !Array.isArray(cookies))
    throw new MalformedAnswerError('its cookies are no list')
  return headOf(answer, cookies ?? [])
}

function headOf(
  { statusCode, headers, multiValueHeaders }: Readonly<Record<string, unknown>>,
  cookies: readonly unknown[] = [],
): ProxyHead {
  const flat = [
    ...headersOf(headers, multiValueHeaders),
    ...cookies.flatMap((each) => ['Set-Cookie', textOf('Set-Cookie', each)]),
  ]
  for (let at = 0; at < flat.length; at += 2)
    if (!isHeaderName(flat[at]!) || !isHeaderValue(flat[at + 1]!))
      throw new MalformedAnswerError('one of its headers is none')
  return { status: statusOf(statusCode), headers: flat }
}

function parsed(
  payload: Uint8Array,
  known: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    throw new MalformedAnswerError('it is no JSON')
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new MalformedAnswerError('it is no object')
  for (const name of Object.keys(answer))
    if (!known.has(name)) throw new MalformedAnswerError(`there is no member \`${name}\``)
  return answer as Readonly<Record<string, unknown>>
}

function statusOf(statusCode: unknown): number {
  if (statusCode === undefined || statusCode === null) return 200
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw new MalformedAnswerError('its statusCode is no status')
  return status
}

function bodyOf(body: unknown): string {
  if (body === undefined || body === null) return ''
  if (typeof body !== 'string') throw new MalformedAnswerError('its body is no string')
  return body
}

function flagOf(flag: unknown): boolean {
  if (flag === undefined || flag === null) return false
  if (typeof flag === 'boolean') return flag
  if (flag === 'true' || flag === 'false') return flag === 'true'
  throw new MalformedAnswerError('its isBase64Encoded is no boolean')
}

/** Where both maps name a header, the one with many values has it, spelt as there. */
function headersOf(single: unknown, multiple: unknown): readonly string[] {
  const flat: string[] = []
  const named = new Set<string>()
  for (const [name, values] of entriesOf(multiple)) {
    if (!Array.isArray(values))
      throw new MalformedAnswerError(`its header \`${name}\` has no list of values`)
    named.add(name.toLowerCase())
    for (const value of values) flat.push(name, textOf(name, value))
  }
  for (const [name, value] of entriesOf(single))
    if (!named.has(name.toLowerCase())) flat.push(name, textOf(name, value))
  return flat
}

function entriesOf(map: unknown): readonly (readonly [string, unknown])[] {
  if (map === undefined || map === null) return []
  if (typeof map !== 'object' || Array.isArray(map))
    throw new MalformedAnswerError('its headers are no map')
  return Object.entries(map)
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'object' && value !== null)
    throw new MalformedAnswerError(`its header \`${name}\` is no string`)
  return value === null || value === undefined ? '' : String(value)
}
