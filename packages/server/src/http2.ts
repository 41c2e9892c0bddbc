/** HTTP/2 off a TLS connection into requests, and answers onto it, for the hosts that speak it. */

import { randomUUID } from 'node:crypto'
import {
  constants,
  createServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { headerOf } from '@sekisho/protocols'
import { type Arrival, abandon, type Reply, type TlsConnection } from './arrival.ts'
import { bodyOf, piecesOf } from './body.ts'
import { drained } from './drained.ts'
import { framedHeaders, hasNoBody } from './reply-text.ts'

export interface Http2Options {
  readonly answer: (arrival: Arrival) => Reply | Promise<Reply>
  readonly refuse: (status: number, requestId: string, message: string) => Reply
  /** What an unexpected failure is answered with. */
  readonly failed: (error: unknown, requestId: string) => Reply
  /** Of a connection: who is there, and where. */
  readonly about: (socket: TLSSocket) => About
  readonly headBytes: number
  readonly keepAliveMs: number
  readonly silentMs: number
}

export type About = Pick<Arrival, 'peer' | 'localAddress' | 'isOwn' | 'vpcEndpoint'> & {
  readonly peerPort: number
  readonly tls: TlsConnection | undefined
}

export interface Http2 {
  readonly accept: (socket: TLSSocket) => void
  /** No more streams; sessions end with those that are open. */
  readonly beginClosing: () => void
  readonly destroyAll: () => void
}

const limits = { streams: 128, headers: 256, sessionMebibytes: 8 } as const

export function createHttp2(options: Http2Options): Http2 {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({
    settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: options.headBytes },
    maxHeaderListPairs: limits.headers,
    maxSessionMemory: limits.sessionMebibytes,
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.setTimeout(options.keepAliveMs, () => session.close())
  })
  // The session is destroyed already: its peer broke the protocol or is gone.
  server.on('sessionError', () => {})
  server.on('stream', (stream, _, flags, rawHeaders) => {
    // Reset by the peer: whoever waits for its body hears of that.
    stream.on('error', () => {})
    stream.setTimeout(options.silentMs, () => stream.close(constants.NGHTTP2_CANCEL))
    const isEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    handle(stream as ServerHttp2Stream, rawHeaders as unknown as string[], isEnded, options)
  })
  return {
    accept: (socket) => void server.emit('connection', socket),
    beginClosing() {
      for (const session of sessions) session.close()
    },
    destroyAll() {
      for (const session of sessions) session.destroy()
    },
  }
}

function handle(
  stream: ServerHttp2Stream,
  rawHeaders: readonly string[],
  isEnded: boolean,
  options: Http2Options,
): void {
  const requestId = randomUUID()
  const isHead = rawHeaders[rawHeaders.indexOf(':method') + 1] === 'HEAD'
  Promise.try(() => replyTo(stream, rawHeaders, isEnded, requestId, options))
    .catch((error: unknown) => options.failed(error, requestId))
    .then((reply) => send(stream, reply, isHead))
    .catch((error: unknown) => {
      options.failed(error, requestId)
      if (!stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    })
}

function replyTo(
  stream: ServerHttp2Stream,
  rawHeaders: readonly string[],
  isEnded: boolean,
  requestId: string,
  options: Http2Options,
): Reply | Promise<Reply> {
  const { method, path, authority, headers, length } = readHead(rawHeaders)
  const socket = stream.session?.socket as TLSSocket | undefined
  if (socket === undefined || authority === undefined || method === undefined)
    return options.refuse(400, requestId, 'no host')
  if (path === undefined || !path.startsWith('/'))
    return options.refuse(400, requestId, 'the request target is no path')
  // The certificate that was shown is that of another name.
  if (authority.replace(/:\d{1,5}$/, '').toLowerCase() !== String(socket.servername).toLowerCase())
    return options.refuse(421, requestId, 'no such host here')
  // A client may wait for this before it sends its body.
  const begin = () => {
    const isWaiting = !stream.headersSent && headerOf(headers, 'expect') === '100-continue'
    if (isWaiting) stream.additionalHeaders({ ':status': 100 })
  }
  const question = path.indexOf('?')
  return options.answer({
    ...options.about(socket),
    requestId,
    method,
    rawPath: question < 0 ? path : path.slice(0, question),
    rawQuery: question < 0 ? '' : path.slice(question + 1),
    headers: ['Host', authority, ...headers],
    host: authority,
    receivedAt: Date.now(),
    httpVersion: '2.0',
    hasBody: !isEnded,
    readBody: (limit) => bodyOf(stream, isEnded ? '0' : (length ?? 'some'), limit, begin),
    streamBody: () => piecesOf(stream, begin),
  })
}

interface Head {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly authority: string | undefined
  readonly length: string | undefined
  readonly headers: readonly string[]
}

function readHead(rawHeaders: readonly string[]): Head {
  const pseudo = new Map<string, string>()
  const headers: string[] = []
  const cookies: string[] = []
  let length: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    const value = rawHeaders[at + 1]!
    if (name.startsWith(':')) pseudo.set(name, value)
    else if (name === 'cookie') cookies.push(value)
    else if (name === 'host') pseudo.set(':authority', pseudo.get(':authority') ?? value)
    else headers.push(name, value)
    if (name === 'content-length') length = value
  }
  // They may come one by one, and are one header. @see RFC 9113, section 8.2.3
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '))
  return {
    method: pseudo.get(':method'),
    path: pseudo.get(':path'),
    authority: pseudo.get(':authority'),
    length,
    headers,
  }
}

async function send(stream: ServerHttp2Stream, reply: Reply, isHead: boolean): Promise<void> {
  const { status, body } = reply
  if (stream.closed || stream.destroyed) return abandon(body)
  const headers = outgoing(reply)
  if (isHead || hasNoBody(status)) {
    abandon(body)
    stream.respond(headers, { endStream: true })
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    stream.respond(headers)
    stream.end(body)
  } else {
    stream.respond(headers)
    // Whoever waits for the next piece is told that nobody wants it any more.
    const gone = () => abandon(body)
    stream.once('close', gone)
    for await (const piece of body) {
      if (stream.destroyed) return
      if (!stream.write(piece)) await drained(stream)
    }
    stream.removeListener('close', gone)
    stream.end()
  }
  // What still comes of a body is not wanted.
  if (!stream.readableEnded) stream.resume()
}

/** Names that belong to one connection. @see RFC 9113, section 8.2.2 */
const connectionSpecific = new Set(['proxy-connection', 'upgrade', 'http2-settings', 'te'])

function outgoing(reply: Reply): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = { ':status': String(reply.status) }
  const framed = framedHeaders(reply)
  for (let at = 0; at + 1 < framed.length; at += 2) {
    const name = framed[at]!.toLowerCase()
    if (connectionSpecific.has(name)) continue
    const value = framed[at + 1]!
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}
