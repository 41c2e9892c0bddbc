/** Origins that are this server itself: asked without a socket, from the edge's own address. */

import { randomUUID } from 'node:crypto'
import { OriginError, type OriginRequest, type OriginResponse } from '@sekisho/edge'
import { headerOf } from '@sekisho/protocols'
import { type Arrival, abandon, type Reply } from '../arrival.ts'
import type { Domains } from '../domains.ts'
import type { FrontDoor } from '../front-door.ts'

export type AnswerOwn = (arrival: Arrival) => Reply | Promise<Reply>

/** The names under which AWS has what is answered here, and ours for the same. */
const awsNames: readonly (readonly [RegExp, string])[] = [
  [/^([a-z0-9-]+\.execute-api\.[a-z0-9-]+)\.amazonaws\.com$/, '$1.localhost'],
  [/^([a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com$/, '$1.s3.localhost'],
  [/^([a-z0-9]+\.lambda-url\.[a-z0-9-]+)\.on\.aws$/, '$1.localhost'],
  [/^([a-z0-9]+)\.cloudfront\.net$/, '$1.cloudfront.localhost'],
]

/** @param host  of an origin or a `Host` header, without a port, lower case */
export function ownName(host: string): string {
  const found = awsNames.find(([pattern]) => pattern.test(host))
  return found === undefined ? host : host.replace(found[0], found[1])
}

const roadsOfNames: ReadonlySet<string> = new Set(['execute-api', 'lambda-url', 'cloudfront'])
const bucketName = /.\.s3(?:[.-][a-z0-9-]+)?\.localhost$/

/**
 * Whether an origin is this server: by one of AWS's names, which never lead out of here with what is meant for a service
 * that is answered here; by a name that is registered here; or by this machine's own and our port.
 */
export async function isOwnOrigin(
  { origin, isSecure }: OriginRequest,
  frontDoor: FrontDoor,
  domains: Pick<Domains, 'find'>,
  ownPort: number,
): Promise<boolean> {
  const given = origin.domainName.toLowerCase()
  const host = ownName(given)
  if (host !== given || bucketName.test(host)) return true
  const road = frontDoor.roadOf({ host, rawPath: '/', localAddress: '' })
  if (road.road === 'domain') {
    if ((await domains.find(host)) !== undefined) return true
    return road.otherwise.road !== 'misdirected' && portOf(origin, isSecure) === ownPort
  }
  if (road.road === 'misdirected' || road.road === 'nowhere') return false
  if (roadsOfNames.has(road.road) || road.road === 'unsupported') return true
  return portOf(origin, isSecure) === ownPort
}

export function portOf(origin: OriginRequest['origin'], isSecure: boolean): number {
  return isSecure ? origin.httpsPort : origin.httpPort
}

/** No API has it: a host that leads to none is answered as AWS's endpoint for APIs does. */
const noApi = '-.execute-api.localhost'

/** @throws OriginError READ_TIMEOUT */
export async function askOwn(
  request: OriginRequest,
  frontDoor: FrontDoor,
  answer: AnswerOwn,
): Promise<OriginResponse> {
  const { origin, headers, body } = request
  const arrival: Arrival = {
    requestId: randomUUID(),
    method: request.method,
    rawPath: request.rawPath === '' ? '/' : request.rawPath,
    rawQuery: request.rawQuery,
    // A bucket is named by the host: another one would name another.
    headers: origin.kind === 's3' ? withHost(headers, origin.domainName) : headers,
    host: hostFor(origin.domainName, headerOf(headers, 'host') ?? '', frontDoor),
    peer: '127.0.0.1',
    localAddress: '127.0.0.1',
    receivedAt: Date.now(),
    tls: request.isSecure ? edgeTls : undefined,
    hasBody: body.length > 0,
    isOwn: true,
    edgeRequestId: request.edgeRequestId,
    readBody: () => body,
  }
  return responseOf(
    await inTime(
      Promise.try(() => answer(arrival)),
      origin.readSeconds,
    ),
  )
}

export function responseOf({ status, headers, body, lengthBytes }: Reply): OriginResponse {
  return {
    status,
    // Whoever frames an answer says how long it is; here nobody has yet.
    headers:
      lengthBytes === undefined ? headers : [...headers, 'Content-Length', String(lengthBytes)],
    body:
      typeof body === 'string'
        ? Buffer.from(body)
        : body instanceof Uint8Array
          ? body
          : { [Symbol.asyncIterator]: () => bytesOf(body), destroy: () => abandon(body) },
  }
}

/** The one `Host` that is meant, whatever was forwarded. */
export function withHost(headers: readonly string[], host: string): readonly string[] {
  const kept = ['Host', host]
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() !== 'host') kept.push(headers[at]!, headers[at + 1]!)
  return kept
}

/** What CloudFront's machines and ours would agree on. */
const edgeTls = { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' }

/** The machine that is reached decides the road, the `Host` header what is asked for there. */
function hostFor(domainName: string, host: string, frontDoor: FrontDoor): string {
  const reached = ownName(domainName.toLowerCase())
  const asked = ownName(host.toLowerCase().replace(/:\d{1,5}$/, ''))
  if (asked === reached) return reached
  const roadOf = (name: string) =>
    frontDoor.roadOf({ host: name, rawPath: '/', localAddress: '' }).road
  if (roadOf(reached) !== 'execute-api') return reached
  const road = roadOf(asked)
  return road === 'execute-api' || road === 'domain' ? asked : noApi
}

/** What comes too late is let go of. */
function inTime(answered: Promise<Reply>, seconds: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new OriginError('READ_TIMEOUT', `no answer within ${seconds} s`))
    }, seconds * 1_000)
    answered.then(
      (reply) => {
        clearTimeout(timer)
        if (isLate) abandon(reply.body)
        resolve(reply)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(new OriginError('BROKEN', 'the answer failed', { cause: error }))
      },
    )
  })
}

async function* bytesOf(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) yield typeof piece === 'string' ? Buffer.from(piece) : piece
}
