/** One request on its road: where from, which way, what came of it. */
import type { AnswerApi } from './api/answer.ts'
import type { Arrival, Reply } from './arrival.ts'
import { addressIn, type Domains } from './domains.ts'
import type { EdgeHost } from './edge/host.ts'
import type { ApiAddress, FrontDoor, Road } from './front-door.ts'
import type { FunctionsHost } from './functions/host.ts'
import type { AnswerUrl } from './functions/url-calls.ts'
import { type ListenOn, refuse } from './listen.ts'
import type { Metrics } from './metrics.ts'
import { type FindSource, ForwardedForError, type Source } from './net/source-address.ts'
import type { AnswerOperator } from './operator/answer.ts'
import type { Trail } from './trail/trail.ts'
import { addressByEndpoint } from './vpc-endpoints.ts'

export interface Answered extends Reply {
  /** For metrics and the log: one of a bounded set of words. */
  readonly outcome: string
}

export type AnswerCall = (
  arrival: Arrival,
  address: ApiAddress,
  source: Source,
) => Answered | Promise<Answered>

export interface RoadsOptions {
  readonly frontDoor: FrontDoor
  readonly domains: Pick<Domains, 'find'>
  readonly edge: Pick<EdgeHost, 'answer' | 'distributions' | 'refuseHead'>
  readonly findSource: FindSource
  readonly answerCall: AnswerCall
  readonly answerApi: AnswerApi
  readonly answerOperator: AnswerOperator
  readonly functions: Pick<FunctionsHost, 'answerCode'>
  readonly answerUrl: AnswerUrl
  readonly metrics: Metrics
  readonly trail: Pick<Trail, 'record'>
  /** What calls count as that this process itself makes to its own port. */
  readonly integrationAddress: string
  /** What calls of functions count as. */
  readonly functionsAddress: string
  /** What calls of distributions count as. */
  readonly edgeAddress: string
}

/** What the listeners call. */
export interface Roads {
  readonly answer: (arrival: Arrival) => Reply | Promise<Reply>
  readonly refuseHead: NonNullable<ListenOn['refuseHead']>
  /** Of the socket on which functions call. */
  readonly answerFunction: (arrival: Arrival) => Reply | Promise<Reply>
  /** Of distributions that ask this server as their origin. */
  readonly answerOrigin: (arrival: Arrival) => Reply | Promise<Reply>
  /** Of the operator's own socket, which leads nowhere else. */
  readonly answerOnSocket: (arrival: Arrival) => Promise<Reply>
}

interface Taken {
  /** For metrics. */
  readonly road: string
  readonly reply: Answered | Promise<Answered>
}

type Found = Awaited<ReturnType<Domains['find']>>

export function createRoads(options: RoadsOptions): Roads {
  const { frontDoor, findSource, metrics } = options

  const roadOf = (arrival: Arrival): Road =>
    arrival.vpcEndpoint === undefined
      ? frontDoor.roadOf(arrival)
      : addressByEndpoint(arrival, arrival.vpcEndpoint, frontDoor)

  /** @param ownAddress  what a call counts as that comes from this server itself */
  const take = (
    arrival: Arrival,
    ownAddress: string | undefined,
    road: Road = roadOf(arrival),
  ): Taken => {
    if (road.road === 'domain') {
      const { host, otherwise } = road
      const go = (domain: Found) =>
        domain
          ? take(arrival, ownAddress, addressIn(domain, host, arrival.rawPath))
          : takeAlias(arrival, ownAddress, host, otherwise)
      const found = options.domains.find(host)
      if (!(found instanceof Promise)) return go(found)
      const taken = found.then(go)
      return { road: 'execute-api', reply: taken.then(({ reply }) => reply) }
    }
    let source: Source
    try {
      source =
        ownAddress === undefined
          ? findSource(arrival.peer, arrival.headers, arrival.tls !== undefined)
          : { address: ownAddress, isSecure: arrival.tls !== undefined }
    } catch (error) {
      if (!(error instanceof ForwardedForError)) throw error
      return { road: road.road, reply: turnAway(arrival, road, 400, error.message, options) }
    }
    const refuse = (status: number, message: string) =>
      turnAway(arrival, road, status, message, options)
    switch (road.road) {
      case 'execute-api':
        return { road: road.road, reply: options.answerCall(arrival, road, source) }
      case 'cloudfront':
        return { road: road.road, reply: options.edge.answer(arrival, road, source) }
      case 'aws-api':
        return { road: road.road, reply: options.answerApi(arrival, source) }
      case 'operator':
        return ownAddress !== undefined
          ? { road: road.road, reply: refuse(403, 'not for integrations and functions') }
          : { road: road.road, reply: operate(arrival, road.path, source.address, false, options) }
      case 'function-url':
        return { road: road.road, reply: options.answerUrl(arrival, road, source) }
      case 'function-code':
        return { road: road.road, reply: options.functions.answerCode(arrival, road.link) }
      case 'misdirected':
        return { road: road.road, reply: refuse(421, 'no such host here') }
      case 'nowhere':
        return { road: road.road, reply: refuse(404, 'no such address') }
      default:
        return {
          road: road.road,
          reply: refuse(501, `${road.what} not supported by Sekisho yet`),
        }
    }
  }

  /** A name that is no API's may be a distribution's. */
  const takeAlias = (
    arrival: Arrival,
    ownAddress: string | undefined,
    host: string,
    otherwise: Road,
  ): Taken => {
    const go = (isAlias: boolean) =>
      take(
        arrival,
        ownAddress,
        isAlias ? { road: 'cloudfront', name: host, path: arrival.rawPath } : otherwise,
      )
    const found = options.edge.distributions.find(host)
    if (!(found instanceof Promise)) return go(found !== undefined)
    const taken = found.then((distribution) => go(distribution !== undefined))
    return { road: 'cloudfront', reply: taken.then(({ reply }) => reply) }
  }

  const answerFrom = (arrival: Arrival, ownAddress: string | undefined) => {
    const begin = performance.now()
    const { road, reply } = take(arrival, ownAddress)
    if (!(reply instanceof Promise)) {
      metrics.count(road, reply.outcome, performance.now() - begin)
      return reply
    }
    return reply.then((answered) => {
      metrics.count(road, answered.outcome, performance.now() - begin)
      return answered
    })
  }

  return {
    answer: (arrival) =>
      answerFrom(arrival, arrival.isOwn ? options.integrationAddress : undefined),
    refuseHead(head) {
      const road = frontDoor.roadOf(head)
      if (road.road === 'cloudfront') return options.edge.refuseHead(head)
      if (road.road !== 'domain') return undefined
      return Promise.resolve(options.edge.distributions.find(road.host)).then(
        (distribution) => distribution && options.edge.refuseHead(head),
      )
    },
    answerFunction: (arrival) => answerFrom(arrival, options.functionsAddress),
    answerOrigin: (arrival) => answerFrom(arrival, options.edgeAddress),
    answerOnSocket: (arrival) =>
      arrival.rawPath.startsWith('/_sekisho/')
        ? operate(arrival, arrival.rawPath.slice('/_sekisho/'.length), arrival.peer, true, options)
        : Promise.resolve(answerOf(arrival, 404, 'this socket takes operator calls only')),
  }
}

function answerOf({ requestId }: Arrival, status: number, message: string): Answered {
  return { ...refuse(status, requestId, message), outcome: 'turned-away' }
}

/** What no road takes is written down as well: somebody tried. */
function turnAway(
  arrival: Arrival,
  { road }: Road,
  status: number,
  message: string,
  { trail }: RoadsOptions,
): Answered {
  const reply = answerOf(arrival, status, message)
  trail.record({
    at: arrival.receivedAt,
    requestId: arrival.requestId,
    road:
      road === 'execute-api' || road === 'function-url' || road === 'operator' ? road : 'aws-api',
    method: arrival.method,
    path: arrival.rawPath,
    sourceIp: arrival.peer,
    principal: 'anonymous',
    action: '*',
    resource: '*',
    outcome: reply.outcome,
    status,
    detail: message,
  })
  return reply
}

/** Every operator call is written down; those that anyone may make say nothing about anybody. */
async function operate(
  arrival: Arrival,
  path: string,
  sourceIp: string,
  isVouched: boolean,
  { answerOperator, trail }: RoadsOptions,
): Promise<Answered> {
  const { isOpen, ...reply } = await answerOperator(arrival, path, isVouched)
  if (!isOpen)
    trail.record({
      at: arrival.receivedAt,
      requestId: arrival.requestId,
      road: 'operator',
      method: arrival.method,
      path: arrival.rawPath,
      sourceIp,
      principal: reply.outcome === 'implicit-deny' ? 'anonymous' : 'operator',
      action: `sekisho:${arrival.method === 'GET' ? 'Read' : 'Change'}`,
      resource: '*',
      outcome: reply.outcome,
      status: reply.status,
    })
  return { ...reply, headers: [...reply.headers, 'x-amzn-RequestId', arrival.requestId] }
}
