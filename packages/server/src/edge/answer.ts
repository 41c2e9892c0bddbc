/** A call through a distribution, from the front door to the decision log. */
import {
  type Distribution,
  type Edge,
  pageOf,
  Refusal,
  type RefusalName,
  refusals,
  serve,
  type ViewerReply,
  type ViewerRequest,
} from '@sekisho/edge'
import { type Arrival, abandon, BodyTooLargeError, noBody, type Reply } from '../arrival.ts'
import type { LargeHead } from '../broken-requests.ts'
import type { DistributionAddress } from '../front-door.ts'
import type { Source } from '../net/source-address.ts'
import { hasNoBody } from '../reply-text.ts'
import type { Answered } from '../roads.ts'
import type { Trail } from '../trail/trail.ts'
import type { AccessLogs } from './access-logs.ts'
import type { Distributions } from './distributions.ts'
import { edgeRequestId } from './ids.ts'
import { sameAs } from './said.ts'

export interface AnswerViewerOptions {
  readonly distributions: Pick<Distributions, 'find'>
  readonly edge: Edge
  readonly trail: Pick<Trail, 'record'>
  readonly logs: Pick<AccessLogs, 'note'>
  readonly pop: string
  /** What went wrong in here, with what is known. */
  readonly onFailure: (detail: string | undefined, requestId: string) => void
}

export type AnswerViewer = (
  arrival: Arrival,
  address: DistributionAddress,
  source: Source,
) => Answered | Promise<Answered>

/** CloudFront takes far more; bodies are held in memory here. */
const bodyLimit = 20 * 1024 * 1024

export function createAnswerViewer(options: AnswerViewerOptions): AnswerViewer {
  const { distributions, edge } = options
  const answer = (
    arrival: Arrival,
    address: DistributionAddress,
    source: Source,
    distribution: Distribution | undefined,
  ): Answered | Promise<Answered> => {
    const viewer = viewerOf(arrival, address, source)
    if (distribution === undefined)
      return finish(arrival, viewer, unknown(viewer), undefined, options)
    const reply = serve(viewer, distribution, edge)
    return reply instanceof Promise
      ? reply.then((each) => finish(arrival, viewer, each, distribution, options))
      : finish(arrival, viewer, reply, distribution, options)
  }
  return (arrival, address, source) => {
    const found = distributions.find(address.name)
    return found instanceof Promise
      ? found.then((each) => answer(arrival, address, source, each))
      : answer(arrival, address, source, found)
  }
}

function viewerOf(
  arrival: Arrival,
  { path }: DistributionAddress,
  { address, isSecure }: Source,
): ViewerRequest {
  return {
    requestId: edgeRequestId(),
    method: arrival.method,
    rawPath: path === '' ? '/' : path,
    rawQuery: arrival.rawQuery,
    headers: arrival.headers,
    host: arrival.host,
    prefix: arrival.rawPath.slice(0, arrival.rawPath.length - path.length),
    sourceIp: address,
    sourcePort: arrival.peerPort ?? 0,
    isSecure,
    httpVersion: arrival.httpVersion,
    hasBody: arrival.hasBody,
    readBody: () => bodyOf(arrival),
  }
}

async function bodyOf(arrival: Arrival): Promise<Uint8Array> {
  try {
    return await arrival.readBody(bodyLimit)
  } catch (error) {
    throw error instanceof BodyTooLargeError ? new Refusal('BODY_TOO_LARGE') : error
  }
}

/** Nobody says which distributions there are. */
function unknown({ requestId }: ViewerRequest): ViewerReply {
  return refusedAs('UNKNOWN_DISTRIBUTION', requestId)
}

/** A request line or headers beyond what is read. @see CloudFront Developer Guide, "Quotas" */
export function refuseHead({ targetLength }: LargeHead): Reply {
  const code = targetLength > longestTarget ? 'URI_TOO_LONG' : 'HEADERS_TOO_LARGE'
  return refusedAs(code, edgeRequestId())
}

const longestTarget = 8_192

function refusedAs(code: RefusalName, requestId: string): ViewerReply {
  const { contentType, text } = pageOf(code, requestId)
  return {
    status: refusals[code].status,
    headers: [
      ...['Server', 'CloudFront', 'Content-Type', contentType],
      ...['X-Cache', 'Error from cloudfront', 'X-Amz-Cf-Id', requestId],
    ],
    body: Buffer.from(text),
    outcome: { result: 'Error', refusal: code },
  }
}

function finish(
  arrival: Arrival,
  viewer: ViewerRequest,
  { status, headers, body, bodyBytes, outcome }: ViewerReply,
  distribution: Distribution | undefined,
  { trail, onFailure, ...options }: AnswerViewerOptions,
): Answered {
  const word = outcome.refusal ?? outcome.result
  const isOurs = outcome.refusal === 'INTERNAL'
  if (isOurs) onFailure(outcome.detail, viewer.requestId)
  const { snapshot } = distribution ?? {}
  const same = sameAs(distribution, {
    method: viewer.method,
    path: viewer.rawPath,
    sourceIp: viewer.sourceIp,
    behaviour: outcome.pathPattern,
    originId: outcome.originId,
    originRequestId: outcome.originRequestId,
    edgeRequestId: arrival.edgeRequestId,
    outcome: word,
    status,
    detail: isOurs ? undefined : outcome.detail?.replace(/\?[^\s`]*/g, '?…'),
  })
  trail.record({ at: arrival.receivedAt, requestId: viewer.requestId, causedBy: undefined, same })
  const isLogged = snapshot?.logging !== undefined || snapshot?.deliveries !== undefined
  const logged =
    distribution && isLogged
      ? logging(
          { status, headers, body, outcome, bodyBytes },
          arrival,
          viewer,
          distribution,
          options,
        )
      : body
  return {
    status,
    headers,
    body: logged,
    ...(bodyBytes !== undefined && { lengthBytes: bodyBytes }),
    ...(status === 413 && { closes: true }),
    outcome: word,
  }
}

interface Logged extends Omit<ViewerReply, 'bodyBytes'> {
  readonly bodyBytes: number | undefined
}

/** @returns the body, which is watched to its end where it is not here as a whole */
function logging(
  { status, headers, body, outcome, bodyBytes }: Logged,
  arrival: Arrival,
  viewer: ViewerRequest,
  distribution: Distribution,
  { logs, pop }: Pick<AnswerViewerOptions, 'logs' | 'pop'>,
): ViewerReply['body'] {
  const { logging, domainName: distributionDomain } = distribution.snapshot
  const firstByteMs = Date.now() - arrival.receivedAt
  const note = (sentBytes: number, isCutShort: boolean) => {
    const endedAt = Date.now()
    logs.note(distribution, {
      ...{ viewer, distributionDomain, status, headers, outcome, pop, endedAt, firstByteMs },
      takenMs: endedAt - arrival.receivedAt,
      bodyBytes: sentBytes,
      contentLength: bodyBytes ?? (body instanceof Uint8Array ? body.length : undefined),
      isCutShort,
      includesCookies: logging?.includesCookies ?? false,
      tls: arrival.tls,
    })
  }
  if (!(body instanceof Uint8Array)) {
    if (!hasNoBody(status)) return watched(body, note)
    // Nobody takes what such an answer cannot have.
    abandon(body)
    note(0, false)
    return noBody
  }
  note(body.length, false)
  return body
}

/** @param note  told once: at the end, or when nobody wants the rest */
function watched(
  body: Exclude<ViewerReply['body'], Uint8Array>,
  note: (sentBytes: number, isCutShort: boolean) => void,
): Exclude<ViewerReply['body'], Uint8Array> {
  let sentBytes = 0
  let isNoted = false
  const noteOnce = (isCutShort: boolean) => {
    if (!isNoted) note(sentBytes, isCutShort)
    isNoted = true
  }
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for await (const piece of body) {
          sentBytes += piece.length
          yield piece
        }
        noteOnce(false)
      } finally {
        noteOnce(true)
      }
    },
    destroy() {
      noteOnce(true)
      abandon(body)
    },
  }
}
