/** Bytes off the sockets into requests, answers onto them; what is not HTTP is turned away here. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import {
  type Arrival,
  BodyTimeoutError,
  BodyTooLargeError,
  ClientGoneError,
  type Reply,
} from './arrival.ts'
import { bodyOf, Expectation, piecesOf } from './body.ts'
import { brokenAnswer, type LargeHead, refuseBroken, seenOfHead } from './broken-requests.ts'
import { isOwn, localAddressOf, peerOf, tlsOf } from './connection-facts.ts'
import { createHttp2 } from './http2.ts'
import { inFlight } from './in-flight.ts'
import { PlainConnection } from './plain-connection.ts'
import { send } from './send.ts'
import type { Certificates } from './tls/certificates.ts'
import { createTlsServer } from './tls/tls-server.ts'
import type { VpcEndpoint } from './vpc-endpoints.ts'

/** Sizes in bytes, times in milliseconds. */
export const httpLimits = {
  /** Request line and headers together: a URL and a header block of API Gateway's 10,240 bytes each. */
  headBytes: 20_480,
  /** For a TLS handshake. */
  handshakeMs: 10_000,
  /** From the first byte of a request to the end of its headers. */
  headersMs: 10_000,
  /** Between requests. */
  keepAliveMs: 65_000,
  /** Without a byte either way, once a request is under way: longer than any integration may take. */
  silentMs: 90_000,
  /** How often the above are looked at. */
  checkMs: 2_000,
} as const

export type Answer = (arrival: Arrival) => Reply | Promise<Reply>

/** What the road of a head that is too large says to it; undefined: nothing of its own. */
export type RefuseHead = (
  head: LargeHead & { readonly localAddress: string },
) => Reply | undefined | Promise<Reply | undefined>

export interface ListenOn {
  readonly answer: Answer
  readonly on: ListenOptions
  readonly refuseHead?: RefuseHead | undefined
  /** An unexpected failure, once, with what is known. */
  readonly onFailure: (error: unknown, requestId: string) => void
  /** Whether a connection between these two, `address|port` each, is one that this process opened. */
  readonly isOwn?: (from: string, to: string) => boolean
  /** What stands in for the peer where sockets have no addresses. */
  readonly peerName?: string
  /** Absent: in the clear. */
  readonly certificates?: Certificates | undefined
  /** Which hosts are spoken to in HTTP/2 by clients that can. Absent: none. */
  readonly speaksHttp2?: ((host: string) => boolean) | undefined
  /** What this listener stands for. */
  readonly vpcEndpoint?: VpcEndpoint | undefined
}

export interface Listener {
  readonly port: number
  readonly connections: () => Promise<number>
  /** Takes no more connections, lets open requests end, and closes what is still open after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

const serverOptions = {
  maxHeaderSize: httpLimits.headBytes,
  headersTimeout: httpLimits.headersMs,
  // Who wants a body whole waits only so long for it (`body.ts`); uploads may take their time.
  requestTimeout: 0,
  keepAliveTimeout: httpLimits.keepAliveMs,
  connectionsCheckingInterval: httpLimits.checkMs,
  // Missing and repeated Host headers are refused below, in words.
  requireHostHeader: false,
  // Half-open peers are found by the kernel.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  noDelay: true,
} as const

export async function listen(given: ListenOn): Promise<Listener> {
  const { answer, ended } = inFlight(given.answer)
  const options = { ...given, answer }
  const { certificates, speaksHttp2 = () => false } = options
  const server = certificates
    ? createTlsServer(
        { ...serverOptions, handshakeTimeout: httpLimits.handshakeMs },
        certificates,
        speaksHttp2,
      )
    : createServer(serverOptions)
  // Any count that fits the size: what lies beyond a count would be dropped in silence.
  server.maxHeadersCount = 0
  server.setTimeout(httpLimits.silentMs, endSilent)
  server.on('request', (request, response) => handle(request, response, options))
  server.on('checkContinue', (request, response) =>
    handle(request, response, options, new Expectation(response)),
  )
  const begun = new WeakMap<Duplex, string>()
  server.on('clientError', (error, socket) =>
    refuseBroken(error, socket, begun, (head) =>
      options.refuseHead?.({ ...head, localAddress: localAddressOf(socket as Socket) }),
    ),
  )
  server.on('connect', (_, socket) => socket.end(brokenAnswer(400)))
  const plain = servePlainly(server, options, begun)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.on, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? (address as AddressInfo).port : 0,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: (graceMs) => close(server, plain, ended, graceMs),
  }
}

interface PlainConnections {
  readonly beginClosing: () => void
  readonly destroyAll: () => void
}

/** Every connection begins as a plain one; the server's own reading of connections takes over where it must. */
function servePlainly(
  server: Server,
  options: ListenOn,
  begun: WeakMap<Duplex, string>,
): PlainConnections {
  const event = options.certificates ? 'secureConnection' : 'connection'
  const [complete] = server.listeners(event)
  server.removeAllListeners(event)
  const open = new Map<Socket, PlainConnection>()
  let isClosing = false
  const afterReading = createAfterReading()
  const http2 = createHttp2({
    ...httpLimits,
    answer: options.answer,
    refuse,
    failed: (error, requestId) => failed(error, requestId, options),
    about: (socket) => ({
      peer: options.peerName ?? peerOf(socket),
      peerPort: socket.remotePort ?? 0,
      localAddress: localAddressOf(socket),
      isOwn: isOwn(socket, options),
      vpcEndpoint: options.vpcEndpoint,
      tls: tlsOf(socket),
    }),
  })
  server.on(event, (socket: Socket) => {
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') {
      http2.accept(socket)
      return
    }
    const peer = options.peerName ?? peerOf(socket)
    const connection = new PlainConnection(socket, {
      answer: options.answer,
      failed: (error, requestId) => failed(error, requestId, options),
      handOver(left, unread) {
        open.delete(left)
        // A head that comes in pieces may turn out to be too large: then it counts whom it is for.
        if (unread.length > 1_024 && !unread.includes('\r\n\r\n'))
          begun.set(left, unread.toString('latin1', 0, seenOfHead))
        complete!.call(server, left)
      },
      isClosing: () => isClosing,
      peer,
      peerPort: socket.remotePort ?? 0,
      localAddress: localAddressOf(socket),
      tls: tlsOf(socket),
      vpcEndpoint: options.vpcEndpoint,
      isOwn: () => isOwn(socket, options),
      afterReading,
      headBytes: httpLimits.headBytes,
      silentMs: httpLimits.keepAliveMs,
    })
    open.set(socket, connection)
    socket.once('close', () => open.delete(socket))
  })
  return {
    beginClosing() {
      isClosing = true
      for (const connection of open.values()) connection.closeIfIdle()
      http2.beginClosing()
    },
    destroyAll() {
      for (const socket of open.keys()) socket.destroy()
      http2.destroyAll()
    },
  }
}

/** Sockets that have something to read are read in one turn; what is put off here follows that turn. */
function createAfterReading(): (task: () => void) => void {
  let waiting: (() => void)[] = []
  const run = () => {
    const tasks = waiting
    waiting = []
    for (const task of tasks) task()
  }
  return (task) => {
    if (waiting.length === 0) setImmediate(run)
    waiting.push(task)
  }
}

const openKey = Symbol('open')
type AskedSocket = Socket & { [openKey]?: ServerResponse }

/** Who has asked and takes what comes is waited for by whoever answers, who has a deadline; others have been silent too long. */
function endSilent(socket: AskedSocket): void {
  const response = socket[openKey]
  const waits =
    response?.req.complete === true && !response.writableNeedDrain && !response.writableFinished
  if (waits) socket.setTimeout(httpLimits.silentMs)
  else socket.destroy()
}

function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: ListenOn,
  expectation?: Expectation,
): void {
  ;(request.socket as AskedSocket)[openKey] = response
  let reply: Reply | Promise<Reply>
  const requestId = randomUUID()
  const answered = (given: Reply) => {
    expectation?.end()
    send(response, request, given, requestId, options)
  }
  try {
    reply = replyTo(request, requestId, options, () => expectation?.meet())
  } catch (error) {
    reply = failed(error, requestId, options)
  }
  if (reply instanceof Promise)
    reply.then(answered, (error) => answered(failed(error, requestId, options)))
  else answered(reply)
}

function replyTo(
  request: IncomingMessage,
  requestId: string,
  options: ListenOn,
  begin: () => void,
): Reply | Promise<Reply> {
  const headers = request.rawHeaders
  let host: string | undefined
  let announced = '0'
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    // Told apart by length first: nothing else is looked at twice.
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== undefined) return refuse(400, requestId, 'more than one Host header')
      host = headers[at + 1]!
    } else if (name.length === 14 && name.toLowerCase() === 'content-length')
      announced = headers[at + 1]!
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') announced = 'some'
  }
  if (host === undefined) return refuse(400, requestId, 'no Host header')
  const target = originForm(request.url ?? '', host)
  if (target === undefined) return refuse(400, requestId, 'the request target is no path')
  const question = target.indexOf('?')
  const { socket } = request
  return options.answer({
    requestId,
    method: request.method ?? '',
    rawPath: question < 0 ? target : target.slice(0, question),
    rawQuery: question < 0 ? '' : target.slice(question + 1),
    headers,
    host,
    peer: options.peerName ?? peerOf(socket),
    peerPort: socket.remotePort ?? 0,
    localAddress: localAddressOf(socket),
    receivedAt: Date.now(),
    tls: tlsOf(socket),
    vpcEndpoint: options.vpcEndpoint,
    hasBody: announced !== '0',
    isOwn: isOwn(socket, options),
    readBody: (limit) => bodyOf(request, announced, limit, begin),
    streamBody: () => piecesOf(request, begin),
  })
}

/** `http://host/path` is `/path` of that host, which must be the Host header's; anything else is no target of ours. */
function originForm(url: string, host: string): string | undefined {
  if (url.charCodeAt(0) === 47) return url
  const [, authority, rest] = /^https?:\/\/([^/?#]*)([/?].*)?$/is.exec(url) ?? []
  if (authority?.toLowerCase() !== host.toLowerCase()) return undefined
  return rest === undefined ? '/' : rest.startsWith('?') ? `/${rest}` : rest
}

function failed(error: unknown, requestId: string, options: ListenOn): Reply {
  if (error instanceof BodyTooLargeError)
    return { ...refuse(413, requestId, 'the body is too large'), closes: true }
  if (error instanceof BodyTimeoutError)
    return { ...refuse(408, requestId, 'the body takes too long'), closes: true }
  if (!(error instanceof ClientGoneError)) options.onFailure(error, requestId)
  return refuse(500, requestId, 'internal error')
}

/** An answer of the listener's own: no road was taken. */
export function refuse(status: number, requestId: string, message: string): Reply {
  const body = JSON.stringify({ message })
  return {
    status,
    headers: ['Content-Type', 'application/json', 'x-amzn-RequestId', requestId],
    body,
  }
}

async function close(
  server: Server,
  plain: PlainConnections,
  ended: () => Promise<void>,
  graceMs: number,
): Promise<void> {
  const late = Promise.withResolvers<void>()
  const force = setTimeout(() => {
    server.closeAllConnections()
    plain.destroyAll()
    late.resolve()
  }, graceMs)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  plain.beginClosing()
  await closed
  await Promise.race([ended(), late.promise])
  clearTimeout(force)
}
