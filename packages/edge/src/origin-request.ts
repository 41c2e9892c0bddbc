/** What is the origin sent of a viewer's request? */
import { cookiesOf } from './cache-key.ts'
import { headerOf, hopByHop, listOf, namedByConnection } from './headers.ts'
import { madeHeader } from './made-headers.ts'
import type { OriginRequest, Ports } from './ports.ts'
import { chosenCookies, chosenQuery } from './selections.ts'
import type { OriginSettings } from './snapshot.ts'
import type { Admitted } from './viewer.ts'

/** The wish behind one request to an origin. */
export interface Wanted {
  readonly admitted: Admitted
  /** Raw, as the viewer asks. */
  readonly path: string
  readonly encoding: string
  readonly body: Uint8Array
  /** For the cache: without the viewer's conditions and ranges. */
  readonly isForCache: boolean
  /** What is kept already, so that the origin can say that nothing has changed. */
  readonly conditions: readonly string[]
}

export function originRequestOf(
  wanted: Wanted,
  origin: OriginSettings,
  ports: Pick<Ports, 'countryOf' | 'nodeId'>,
): OriginRequest {
  const { admitted, path, body } = wanted
  const { viewer, distribution, behaviour } = admitted
  return {
    distribution,
    origin,
    method: viewer.method,
    isSecure:
      origin.protocol === 'https-only' || (origin.protocol === 'match-viewer' && viewer.isSecure),
    rawPath: origin.path + path,
    rawQuery: chosenQuery(viewer.rawQuery, behaviour.query),
    headers: headersFor(wanted, origin, ports),
    body,
    edgeRequestId: viewer.requestId,
  }
}

/** Never passed on as it came: made here, or of this connection only. */
const neverPassed: ReadonlySet<string> = new Set([
  ...hopByHop,
  'accept-encoding',
  'cdn-loop',
  'content-length',
  'cookie',
  'host',
  'user-agent',
  'via',
  'x-amz-cf-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
])

/** Passed on with policies too: they belong to the body or to the request itself. */
const alwaysPassed: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'pragma',
  'range',
])

const conditional = /^(?:if-|range$)/

/** Not passed on before there were policies, unless they are listed. */
const droppedOthers: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-language',
  'referer',
  'x-http-method-override',
])

/** @see CloudFront Developer Guide, "Request and response behavior for custom origins" */
function headersFor(
  wanted: Wanted,
  origin: OriginSettings,
  { countryOf, nodeId }: Pick<Ports, 'countryOf' | 'nodeId'>,
): string[] {
  const { admitted, encoding, isForCache, conditions } = wanted
  const { viewer, behaviour } = admitted
  const { headers } = viewer
  const own = new Set(origin.headers.map(([name]) => name.toLowerCase()))
  const named = namedByConnection(headers)
  const sends = (name: string) => behaviour.sends(name)
  const sent: string[] = ['Host', sends('host') ? viewer.host : origin.domainName]
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    if (own.has(name) || neverPassed.has(name) || named.includes(name)) continue
    if (/^(?:cloudfront-|x-edge-|x-amz-cf-)/.test(name)) continue
    if (isForCache && conditional.test(name)) continue
    if (sends(name) || isPassed(name, admitted)) sent.push(headers[at]!, headers[at + 1]!)
  }
  sent.push(...conditions)
  const agent = sends('user-agent') ? headerOf(headers, 'user-agent') : 'Amazon CloudFront'
  if (agent !== undefined && !own.has('user-agent')) sent.push('User-Agent', agent)
  const accepted = behaviour.keysEncoding ? encoding : listOf(headers, 'accept-encoding')
  if (
    accepted &&
    !own.has('accept-encoding') &&
    (behaviour.keysEncoding || sends('accept-encoding'))
  )
    sent.push('Accept-Encoding', accepted)
  const cookies = chosenCookies(cookiesOf(admitted), behaviour.cookies)
  if (cookies !== '') sent.push('Cookie', cookies)
  for (const name of behaviour.made) {
    const value = madeHeader(name, viewer, countryOf)
    if (value !== undefined && !own.has(name)) sent.push(spelled(name), value)
  }
  const before = listOf(headers, 'x-forwarded-for')
  const via = listOf(headers, 'via')
  const ourVia = `${viewer.httpVersion ?? '1.1'} ${nodeId}.cloudfront.net (CloudFront)`
  sent.push('X-Amz-Cf-Id', viewer.requestId)
  sent.push('Via', via === undefined ? ourVia : `${via}, ${ourVia}`)
  if (!own.has('x-forwarded-for'))
    sent.push(
      'X-Forwarded-For',
      before === undefined ? viewer.sourceIp : `${before}, ${viewer.sourceIp}`,
    )
  for (const [name, value] of origin.headers) sent.push(name, value)
  return sent
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function isPassed(name: string, { viewer, behaviour }: Admitted): boolean {
  if (name === 'authorization')
    return viewer.method === 'OPTIONS'
      ? !behaviour.cached.has('OPTIONS')
      : !safeMethods.has(viewer.method)
  if (alwaysPassed.has(name)) return true
  return behaviour.settings.request.passesOthers && !droppedOthers.has(name)
}

/** `cloudfront-viewer-country` as CloudFront writes it. */
function spelled(name: string): string {
  return name
    .replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
    .replace('Cloudfront', 'CloudFront')
    .replace('Ios', 'IOS')
    .replace('Smarttv', 'SmartTV')
}
