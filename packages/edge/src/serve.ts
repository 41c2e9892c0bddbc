/** The life of a call through a distribution. */
import { letGo } from './bodies.ts'
import { deliver, generated, redirected, refused, standingIn } from './deliver.ts'
import { type Behaviour, behaviourOf, type Distribution } from './distribution.ts'
import { refusalOf } from './fetch.ts'
import type { Answer } from './flight.ts'
import { hasFunctions, onRequest, onResponse } from './functions/apply.ts'
import { kept, listOf, tokensOf } from './headers.ts'
import { answerOf, type Flights } from './lookup.ts'
import type { Ports } from './ports.ts'
import { Refusal } from './refusal.ts'
import { checkSignature, withoutSignature } from './signed.ts'
import type { Admitted, ViewerReply, ViewerRequest } from './viewer.ts'

export interface Edge {
  readonly ports: Ports
  readonly flights: Flights
}

/** At once where the answer is in memory, else with a promise. Never throws and never rejects. */
export function serve(
  viewer: ViewerRequest,
  distribution: Distribution,
  edge: Edge,
): ViewerReply | Promise<ViewerReply> {
  const { ports } = edge
  let reply: ViewerReply | Promise<ViewerReply>
  try {
    refuseUnservable(viewer, distribution)
    const behaviour = behaviourOf(distribution, viewer.rawPath)
    if (!viewer.isSecure && behaviour.settings.viewerProtocol === 'redirect-to-https')
      return redirected(viewer, ports, behaviour.settings.pathPattern)
    reply = answer(admit(viewer, distribution, behaviour, ports), edge)
  } catch (error) {
    reply = refuse(error, viewer, ports)
  }
  if (reply instanceof Promise)
    return reply
      .catch((error: unknown) => refuse(error, viewer, ports))
      .then((each) => withErrorPage(each, viewer, distribution, edge))
  return reply.status < 400 ? reply : withErrorPage(reply, viewer, distribution, edge)
}

/** @see CloudFront Developer Guide, "Quotas" */
const limits = { uriBytes: 8_192, headerBytes: 20_480, hops: 2 } as const

/** @throws Refusal  whatever the behaviour says */
function refuseUnservable(viewer: ViewerRequest, { snapshot }: Distribution): void {
  const { rawPath, rawQuery, headers } = viewer
  if (rawPath.length + rawQuery.length + 1 > limits.uriBytes) throw new Refusal('URI_TOO_LONG')
  let sizeBytes = 0
  for (const text of headers) sizeBytes += text.length + 2
  if (sizeBytes > limits.headerBytes) throw new Refusal('HEADERS_TOO_LARGE')
  if (!snapshot.isEnabled) throw new Refusal('DISABLED', 'the distribution is disabled')
  if (hopsOf(viewer) >= limits.hops)
    throw new Refusal('TOO_MANY_HOPS', 'distributions lead to each other')
}

/** Distributions that the call has come through. */
function hopsOf({ headers }: ViewerRequest): number {
  const via = listOf(headers, 'via')
  return via === undefined
    ? 0
    : tokensOf(via).filter((hop) => hop.endsWith('.cloudfront.net (cloudfront)')).length
}

/** @throws Refusal */
function admit(
  viewer: ViewerRequest,
  distribution: Distribution,
  behaviour: Behaviour,
  { countryOf, nowMs }: Ports,
): Admitted {
  const { geo } = distribution.snapshot
  if (geo.type !== 'none') {
    const country = countryOf(viewer.sourceIp)
    const isListed = country !== undefined && distribution.countries.has(country)
    // Whose country nobody knows is served.
    if (country !== undefined && isListed !== (geo.type === 'whitelist'))
      throw new Refusal('GEO_RESTRICTED', `viewers from ${country} are not served`)
  }
  if (!viewer.isSecure && behaviour.settings.viewerProtocol !== 'allow-all')
    throw new Refusal('NOT_SECURE', 'the behaviour wants HTTPS')
  if (!behaviour.allowed.has(viewer.method))
    throw new Refusal('METHOD_NOT_ALLOWED', 'the behaviour does not allow the method')
  if (viewer.hasBody && (viewer.method === 'GET' || viewer.method === 'HEAD'))
    throw new Refusal('BODY_NOT_ALLOWED', 'a GET with a body')
  const admitted = { viewer, distribution, behaviour }
  const { trustedKeys } = behaviour.settings
  if (trustedKeys === undefined) return admitted
  checkSignature(admitted, trustedKeys, nowMs())
  return { ...admitted, viewer: { ...viewer, rawQuery: withoutSignature(viewer.rawQuery) } }
}

function answer(admitted: Admitted, edge: Edge): ViewerReply | Promise<ViewerReply> {
  const { ports, flights } = edge
  const { viewer, distribution } = admitted
  const { defaultRootObject } = distribution.snapshot
  const path =
    viewer.rawPath === '/' && defaultRootObject !== '' ? `/${defaultRootObject}` : viewer.rawPath
  if (hasFunctions(admitted)) return answerWithFunctions(admitted, path, edge)
  const found = answerOf({ admitted, path, ports, flights })
  return found instanceof Promise
    ? found.then((each: Answer) => deliver(each, admitted, ports))
    : deliver(found, admitted, ports)
}

async function answerWithFunctions(
  before: Admitted,
  beforePath: string,
  { ports, flights }: Edge,
): Promise<ViewerReply> {
  const changed = await onRequest(before, beforePath, ports)
  if (!('admitted' in changed)) return generated(changed, before, ports)
  const { admitted, path } = changed
  const found = await answerOf({ admitted, path, ports, flights })
  const reply = deliver(found, admitted, ports)
  const given = { status: reply.status, headers: kept(reply.headers, isNoneOfOurs) }
  const response = await onResponse(admitted, path, given, ports).catch((error: unknown) => {
    letGo(reply.body)
    throw error
  })
  if (response === undefined) return reply
  if (response.body) letGo(reply.body)
  const ours = kept(reply.headers, (name) => !isNoneOfOurs(name))
  const { bodyBytes: _, ...rest } = reply
  return {
    ...(response.body ? { ...rest, body: response.body } : reply),
    status: response.status,
    headers: [...response.headers, ...ours],
  }
}

const oursAlone: ReadonlySet<string> = new Set([
  'age',
  'via',
  'x-amz-cf-id',
  'x-amz-cf-pop',
  'x-cache',
])

function isNoneOfOurs(name: string): boolean {
  return !oursAlone.has(name)
}

function refuse(error: unknown, viewer: ViewerRequest, ports: Ports): ViewerReply {
  const { code, message } = refusalOf(error)
  const detail = message === code ? {} : { detail: message }
  return refused(code, viewer, ports, { result: 'Error', refusal: code, ...detail })
}

/** The page that was chosen for the error, from whichever behaviour its path belongs to. */
function withErrorPage(
  reply: ViewerReply,
  viewer: ViewerRequest,
  distribution: Distribution,
  edge: Edge,
): ViewerReply | Promise<ViewerReply> {
  const page = distribution.errorResponses.get(reply.status)?.page
  if (page === undefined) return reply
  const [rawPath = '', rawQuery = ''] = page.path.split('?')
  const isHead = viewer.method === 'HEAD'
  const asked: ViewerRequest = {
    ...viewer,
    method: isHead ? 'HEAD' : 'GET',
    rawPath,
    rawQuery,
    hasBody: false,
    readBody: () => noBody,
    // Conditions and ranges were meant for something else.
    headers: viewer.headers.filter((_, at, all) => !isConditional(all[at - (at % 2)]!)),
  }
  const admitted = { viewer: asked, distribution, behaviour: behaviourOf(distribution, rawPath) }
  const found = answer(admitted, edge)
  const stand = (each: ViewerReply) => {
    const isPage = each.status === 200
    letGo(isPage ? reply.body : each.body)
    return isPage ? standingIn(each, page.status, reply.outcome) : reply
  }
  return found instanceof Promise
    ? found.then(stand, (error: unknown) => {
        edge.ports.onFailure(error)
        return reply
      })
    : stand(found)
}

const noBody = new Uint8Array()

function isConditional(name: string): boolean {
  return /^(?:if-.*|range|content-length|transfer-encoding)$/i.test(name)
}
