/** Calls that integrations make to the outside: connections kept, time bounded, link-local addresses refused. */
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { getCACertificates } from 'node:tls'
import { UpstreamError, type UpstreamRequest, type UpstreamResponse } from '@sekisho/gateway'
import type { Agent, Dispatcher } from 'undici'
import { isLinkLocal, isLoopback, unmapped } from './net/addresses.ts'

/** The largest answer that is passed on. @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const mostAnswerBytes = 10 * 1024 * 1024
/** Shorter than any integration's own time: a host that does not answer is unreachable, not slow. */
const integrationTimes = { connectMs: 10_000, keepAliveMs: 30_000 } as const

/** Tells the other processes of this server of a connection to this machine; resolves when they know. */
export type Announce = (name: string, isOpen: boolean) => Promise<void>

export interface Times {
  readonly connectMs: number
  readonly keepAliveMs: number
  readonly mostHeaderBytes?: number
}

export interface Upstream extends AsyncDisposable {
  /** Connections of others than integrations, under the same rules. */
  readonly agent: (times: Times) => Promise<Agent>
  /** @throws UpstreamError */
  readonly send: (request: UpstreamRequest) => Promise<UpstreamResponse>
  /** Whether a peer of ours is in truth a connection that this process opened. */
  readonly isOwn: (address: string, port: number) => boolean
  /** Another process of this server has announced such a connection. */
  readonly hear: (name: string, isOpen: boolean) => void
}

/** @param authority  PEM of this server's own authority: integrations may call back over HTTPS */
export function createUpstream(announce?: Announce, authority?: string): Upstream {
  const ownSockets = new Set<string>()
  const agents = new Map<string, Promise<Agent>>()
  const agentFor = (times: Times): Promise<Agent> => {
    const key = `${times.connectMs} ${times.keepAliveMs} ${times.mostHeaderBytes}`
    let agent = agents.get(key)
    if (agent === undefined) {
      agent = open(times)
      agents.set(key, agent)
    }
    return agent
  }
  const open = async (times: Times): Promise<Agent> => {
    // Loaded with the first call: most servers at rest never make one.
    // The default export: a bundle keeps no other of a CommonJS module that is loaded late.
    const { Agent, buildConnector } = (await import('undici')).default
    const connector = buildConnector({
      timeout: times.connectMs,
      allowH2: false,
      lookup: lookupOutside,
      autoSelectFamily: true,
      ...(authority !== undefined && { ca: [...getCACertificates('default'), authority] }),
    })
    return new Agent({
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: times.keepAliveMs,
      ...(times.mostHeaderBytes !== undefined && { maxHeaderSize: times.mostHeaderBytes }),
      connect: (options, callback) => {
        const host = options.hostname.replace(/^\[|\]$/g, '')
        if (isIP(host) && isLinkLocal(host)) return callback(new LinkLocalError(host), null)
        connector(options, (...result) => {
          const [error, socket] = result
          if (error !== null) return callback(...result)
          const name = remember(socket, ownSockets, announce)
          if (name === undefined || announce === undefined) return callback(...result)
          // Nothing is sent before every process knows whose connection it is.
          announce(name, true).then(
            () => callback(...result),
            (failure: Error) => {
              socket.destroy()
              callback(failure, null)
            },
          )
        })
      },
    })
  }
  return {
    send: async (request) => dispatch(await agentFor(integrationTimes), request),
    agent: agentFor,
    isOwn: (address, port) => ownSockets.has(`${address}|${port}`),
    hear: (name, isOpen) => void (isOpen ? ownSockets.add(name) : ownSockets.delete(name)),
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()))
    },
  }
}

/** A name or an address that leads to the machine's own surroundings. */
class LinkLocalError extends Error {
  override readonly name = 'LinkLocalError'
  readonly code = 'LINK_LOCAL'

  constructor(host: string) {
    super(`\`${host}\` is link-local: integrations may not call it`)
  }
}

/** Every address that the name has is looked at, so that a retry cannot reach another. */
const lookupOutside: LookupFunction = (hostname, options, callback) => {
  // Whoever resolves names here may not know that these are this machine.
  const name = hostname.endsWith('.localhost') ? 'localhost' : hostname
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0)
    if (addresses.some(({ address }) => isLinkLocal(address)))
      return callback(new LinkLocalError(hostname), '', 0)
    if (options.all) return callback(null, addresses)
    const first = addresses[0]!
    callback(null, first.address, first.family)
  })
}

/** @returns the connection's name where it leads to this machine, so perhaps to this server */
function remember(
  socket: Socket,
  ownSockets: Set<string>,
  announce: Announce | undefined,
): string | undefined {
  const local = unmapped(socket.localAddress ?? '')
  const remote = unmapped(socket.remoteAddress ?? '')
  if (local !== remote && !isLoopback(remote)) return undefined
  const name = `${local}|${socket.localPort}`
  ownSockets.add(name)
  socket.once('close', () => {
    ownSockets.delete(name)
    announce?.(name, false).catch(() => {})
  })
  return name
}

/** Of one connection, not of the message; and what undici writes by itself. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

function dispatch(agent: Agent, request: UpstreamRequest): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let timedOut = false
    let status = 0
    let headers: readonly string[] = []
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const fail = (code: UpstreamError['code'], message: string, cause?: unknown) => {
      clearTimeout(timer)
      reject(new UpstreamError(code, message, { cause }))
    }
    const timer = setTimeout(() => {
      timedOut = true
      controller?.abort(new Error('timed out'))
      fail('TIMEOUT', `no answer within ${request.timeoutMs} ms`)
    }, request.timeoutMs)
    const unreachable = (error: unknown) =>
      fail('UNREACHABLE', error instanceof Error ? error.message : String(error), error)
    const url = new URL(request.url)
    const { body, method } = request
    try {
      agent.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: method as Dispatcher.HttpMethod,
          headers: passed(request.headers),
          body: body.length === 0 ? null : body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        {
          onRequestStart(started) {
            controller = started
            if (timedOut) started.abort(new Error('timed out'))
          },
          onResponseStart(started, statusCode) {
            if (statusCode < 200) return
            status = statusCode
            headers = textOf(started.rawHeaders)
          },
          onResponseData(started, chunk) {
            sizeBytes += chunk.length
            chunks.push(chunk)
            if (sizeBytes <= mostAnswerBytes) return
            started.abort(new Error('too large'))
            fail('TOO_LARGE', `the answer is larger than ${mostAnswerBytes} bytes`)
          },
          onResponseEnd() {
            clearTimeout(timer)
            resolve({
              status,
              headers,
              body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
            })
          },
          onResponseError(_, error) {
            unreachable(error)
          },
        },
      )
    } catch (error) {
      unreachable(error)
    }
  })
}

function passed(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (!hopByHop.has(headers[at]!.toLowerCase())) kept.push(headers[at]!, headers[at + 1]!)
  return kept
}

function textOf(raw: unknown): readonly string[] {
  return (raw as readonly (Buffer | string)[]).map((each) =>
    typeof each === 'string' ? each : each.toString('latin1'),
  )
}
