/** Which origins may read what a function URL answers? Its settings decide, not its function. */
import { headerOf } from '@sekisho/protocols'
import type { UrlCors } from '@sekisho/services'

/** Headers that say so; empty where the origin is none of those allowed. */
export function corsHeaders(cors: UrlCors, origin: string | undefined): readonly string[] {
  const { allowOrigins = [], allowCredentials, exposeHeaders = [] } = cors
  if (origin === undefined || !isAllowed(allowOrigins, origin)) return []
  const isAny = allowOrigins.includes('*') && allowCredentials !== true
  return [
    'Access-Control-Allow-Origin',
    isAny ? '*' : origin,
    ...(isAny ? [] : ['Vary', 'Origin']),
    ...(allowCredentials === true ? ['Access-Control-Allow-Credentials', 'true'] : []),
    ...(exposeHeaders.length > 0 ? ['Access-Control-Expose-Headers', exposeHeaders.join(',')] : []),
  ]
}

/** The answer to a browser that asks first; undefined: none does. */
export function preflightHeaders(
  cors: UrlCors,
  method: string,
  headers: readonly string[],
): readonly string[] | undefined {
  if (method !== 'OPTIONS') return undefined
  const asked = headerOf(headers, 'access-control-request-method')
  if (asked === undefined) return undefined
  const allowed = corsHeaders(cors, headerOf(headers, 'origin'))
  if (allowed.length === 0) return []
  const { allowMethods = [], allowHeaders = [], maxAgeSeconds } = cors
  return [
    ...allowed,
    ...(allowMethods.length > 0 ? ['Access-Control-Allow-Methods', allowMethods.join(',')] : []),
    ...(allowHeaders.length > 0 ? ['Access-Control-Allow-Headers', allowHeaders.join(',')] : []),
    ...(maxAgeSeconds === undefined ? [] : ['Access-Control-Max-Age', String(maxAgeSeconds)]),
  ]
}

/** What a function says of origins is replaced. */
export function withCors(headers: readonly string[], cors: readonly string[]): readonly string[] {
  const own: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (!/^access-control-/i.test(headers[at]!)) own.push(headers[at]!, headers[at + 1]!)
  return [...own, ...cors]
}

function isAllowed(allowed: readonly string[], origin: string): boolean {
  return allowed.some((each) => {
    if (each === '*' || each === origin) return true
    const [head, tail] = each.split('*')
    return (
      tail !== undefined &&
      origin.length >= each.length - 1 &&
      origin.startsWith(head!) &&
      origin.endsWith(tail)
    )
  })
}
