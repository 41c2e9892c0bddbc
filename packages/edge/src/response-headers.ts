/** What a response headers policy adds to an answer and takes from it. */
import { type Headers, headerOf, kept } from './headers.ts'
import type { CorsSettings, ResponseHeadersSettings } from './snapshot.ts'
import type { ViewerRequest } from './viewer.ts'

/**
 * @param percentile  from 0 to 100: where this answer stands among all, for what only a share of them gets
 * @see CloudFront Developer Guide, "Understand response headers policies"
 */
export function withPolicy(
  headers: Headers,
  policy: ResponseHeadersSettings,
  viewer: ViewerRequest,
  timing: () => string,
  percentile: () => number,
): Headers {
  let result = headers
  if (policy.removed.length > 0) result = kept(result, (name) => !policy.removed.includes(name))
  if (policy.cors) result = withCors(result, policy.cors, viewer)
  for (const [name, value, replaces] of policy.set) result = put(result, name, value, replaces)
  const { serverTiming } = policy
  if (serverTiming !== undefined && percentile() < serverTiming)
    result = [...result, 'Server-Timing', timing()]
  return result
}

function put(headers: Headers, name: string, value: string, replaces: boolean): Headers {
  const lower = name.toLowerCase()
  if (headerOf(headers, lower) === undefined) return [...headers, name, value]
  return replaces ? [...kept(headers, (each) => each !== lower), name, value] : headers
}

const corsNames: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
])

/** Only for viewers that say where they come from; an origin that has said anything keeps its word, unless replaced. */
function withCors(headers: Headers, cors: CorsSettings, viewer: ViewerRequest): Headers {
  const origin = headerOf(viewer.headers, 'origin')
  if (origin === undefined || !allows(cors.origins, origin)) return headers
  if (
    !cors.replaces &&
    headers.some((each, at) => at % 2 === 0 && corsNames.has(each.toLowerCase()))
  )
    return headers
  const isAny = cors.origins.includes('*')
  const added = [
    ...kept(headers, (name) => !corsNames.has(name)),
    'Access-Control-Allow-Origin',
    isAny && !cors.allowsCredentials ? '*' : origin,
  ]
  if (!isAny) added.push('Vary', 'Origin')
  if (cors.allowsCredentials) added.push('Access-Control-Allow-Credentials', 'true')
  if (cors.exposed.length > 0) added.push('Access-Control-Expose-Headers', cors.exposed.join(','))
  if (!isPreflight(viewer)) return added
  const asked = headerOf(viewer.headers, 'access-control-request-headers')
  const allowed = cors.headers.includes('*') ? asked : cors.headers.join(',')
  if (allowed) added.push('Access-Control-Allow-Headers', allowed)
  added.push('Access-Control-Allow-Methods', methodsOf(cors).join(','))
  if (cors.maxAgeSeconds !== undefined)
    added.push('Access-Control-Max-Age', String(cors.maxAgeSeconds))
  return added
}

function isPreflight({ method, headers }: ViewerRequest): boolean {
  return method === 'OPTIONS' && headerOf(headers, 'access-control-request-method') !== undefined
}

function methodsOf({ methods }: CorsSettings): readonly string[] {
  return methods.includes('ALL')
    ? ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
    : methods
}

/** `https://*.example.com` has one star, before the domain or in the place of the port; without a scheme, any is meant. */
function allows(origins: readonly string[], origin: string): boolean {
  return origins.some((each) => {
    if (each === '*') return true
    const asked = each.includes('://') ? origin : origin.replace(/^https?:\/\//, '')
    const star = each.indexOf('*')
    if (star < 0) return each === asked
    const [before, after] = [each.slice(0, star), each.slice(star + 1)]
    const filling = before.endsWith(':') ? /^\d{1,5}$/ : /^[a-z0-9.-]+$/i
    return (
      asked.length > before.length + after.length &&
      asked.startsWith(before) &&
      asked.endsWith(after) &&
      filling.test(asked.slice(before.length, asked.length - after.length))
    )
  })
}
