/** What a CloudFront function is given, and what it may give back. */
import { cookiesOf } from '../cache-key.ts'
import type { Headers } from '../headers.ts'
import type { Admitted } from '../viewer.ts'

/** @see CloudFront Developer Guide, "CloudFront Functions event structure" */
export interface FunctionEvent {
  readonly version: '1.0'
  readonly context: {
    readonly distributionDomainName: string
    readonly distributionId: string
    readonly eventType: 'viewer-request' | 'viewer-response'
    readonly requestId: string
  }
  readonly viewer: { readonly ip: string }
  readonly request: FunctionRequest
  readonly response?: FunctionResponse
}

export interface FunctionRequest {
  readonly method: string
  readonly uri: string
  readonly querystring: Values
  readonly headers: Values
  readonly cookies: Values
}

export interface FunctionResponse {
  readonly statusCode: number
  readonly statusDescription?: string
  readonly headers: Values
  readonly cookies: Values
  readonly body?: unknown
}

export interface Value {
  readonly value: string
  readonly attributes?: string
  readonly multiValue?: readonly Value[]
}

export type Values = Readonly<Record<string, Value>>

export function requestOf(admitted: Admitted, uri: string): FunctionRequest {
  const { viewer } = admitted
  return {
    method: viewer.method,
    uri,
    querystring: valuesOf(
      viewer.rawQuery === '' ? [] : viewer.rawQuery.split('&').map((pair) => split(pair, '=')),
    ),
    headers: headerValues(
      viewer.headers,
      (name) => name !== 'cookie' && !name.startsWith('x-edge-'),
    ),
    cookies: valuesOf(
      (cookiesOf(admitted) ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair !== '')
        .map((pair) => split(pair, '=')),
    ),
  }
}

export function responseOf(status: number, headers: Headers): FunctionResponse {
  const cookies: [string, string, string?][] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === 'set-cookie') {
      const [pair = '', ...attributes] = headers[at + 1]!.split(';')
      const [name, value] = split(pair.trim(), '=')
      const rest = attributes.join(';').trim()
      cookies.push(rest === '' ? [name, value] : [name, value, rest])
    }
  return {
    statusCode: status,
    headers: headerValues(headers, (name) => name !== 'set-cookie'),
    cookies: valuesOf(cookies),
  }
}

export function eventOf(
  admitted: Admitted,
  eventType: FunctionEvent['context']['eventType'],
  request: FunctionRequest,
  response?: FunctionResponse,
): FunctionEvent {
  const { snapshot } = admitted.distribution
  return {
    version: '1.0',
    context: {
      distributionDomainName: snapshot.domainName,
      distributionId: snapshot.id,
      eventType,
      requestId: admitted.viewer.requestId,
    },
    viewer: { ip: admitted.viewer.sourceIp },
    request,
    ...(response && { response }),
  }
}

function headerValues(headers: Headers, keeps: (name: string) => boolean): Values {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    if (keeps(name)) pairs.push([name, headers[at + 1]!])
  }
  return valuesOf(pairs)
}

/** What is there several times has its last value, and all of them beside it. */
function valuesOf(pairs: readonly (readonly [string, string, string?])[]): Values {
  const grouped = new Map<string, Value[]>()
  for (const [name, value, attributes] of pairs) {
    const all = grouped.get(name) ?? []
    all.push(attributes === undefined ? { value } : { value, attributes })
    grouped.set(name, all)
  }
  return Object.fromEntries(
    [...grouped].map(([name, all]) => [
      name,
      all.length === 1 ? all[0]! : { ...all.at(-1)!, multiValue: all },
    ]),
  )
}

function split(pair: string, separator: string): [string, string] {
  const at = pair.indexOf(separator)
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
}
