/** By which connections are backends called? Kept and reused, apart by what TLS asks of them; link-local addresses refused. */
import type { X509Certificate } from 'node:crypto'
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { checkServerIdentity, getCACertificates, TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import { createPool, type Pool } from './http-client/pool.ts'
import { isLinkLocal, isLoopback, unmapped } from './net/addresses.ts'

/** The time to connect is shorter than any integration's own: a host that does not answer is unreachable, not slow. */
const ofIntegrations: Bounds = { connectMs: 10_000, keepAliveMs: 30_000, mostHeadBytes: 16_384 }
/** Of client certificates and the like: beyond it the oldest connections end. */
const mostKinds = 64

/** Tells the other processes of this server of a connection to this machine; resolves when they know. */
export type Announce = (name: string, isOpen: boolean) => Promise<void>

export interface Bounds {
  readonly connectMs: number
  readonly keepAliveMs: number
  /** Of an answer: status line and headers. */
  readonly mostHeadBytes: number
}

/** What TLS asks of a connection. */
export interface TlsDemands {
  /** The backend's certificate need not come from an authority that is known. */
  readonly skipsVerification: boolean
  /** What is presented to it; the id tells one from another. */
  readonly clientCertificate?: {
    readonly id: string
    readonly certificate: string
    readonly privateKey: string
  }
}

export interface UpstreamAgents extends AsyncDisposable {
  /** @param bounds  those of integrations, if absent */
  readonly poolFor: (demands: TlsDemands, bounds?: Bounds) => Pool
  /** Whether a connection between these two, `address|port` each, is in truth one that this process opened. */
  readonly isOwn: (from: string, to: string) => boolean
  /** Another process of this server has announced such a connection. */
  readonly hear: (name: string, isOpen: boolean) => void
}

/** @param authority  PEM of this server's own authority: integrations may call back over HTTPS */
export function createUpstreamAgents(announce?: Announce, authority?: string): UpstreamAgents {
  const ownSockets = new Set<string>()
  const pools = new Map<string, Pool>()
  const connectorFor = async (
    { skipsVerification, clientCertificate }: TlsDemands,
    connectMs: number,
  ): Promise<buildConnector.connector> => {
    const { buildConnector } = await loadUndici()
    const connector = buildConnector({
      timeout: connectMs,
      allowH2: false,
      lookup: lookupOutside,
      autoSelectFamily: true,
      ...(authority !== undefined && { ca: [...getCACertificates('default'), authority] }),
      ...(skipsVerification && { rejectUnauthorized: false }),
      ...(clientCertificate && {
        cert: clientCertificate.certificate,
        key: clientCertificate.privateKey,
      }),
    })
    return (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) && isLinkLocal(host)) return callback(new LinkLocalError(host), null)
      connector({ ...options, hostname: host }, (...result) => {
        const [error, socket] = result
        if (error !== null) return callback(...result)
        const fault = skipsVerification ? faultOf(socket, host) : undefined
        if (fault !== undefined) {
          socket.destroy()
          return callback(fault, null)
        }
        tell(socket, ownSockets, announce, callback)
      })
    }
  }
  const openPool = (
    demands: TlsDemands,
    { connectMs, keepAliveMs, mostHeadBytes }: Bounds,
  ): Pool => {
    const connecting = connectorFor(demands, connectMs)
    return createPool({
      keepAliveMs,
      mostHeadBytes,
      connect(to, callback) {
        connecting.then(
          (connect) => connect(to, callback as buildConnector.Callback),
          (error: Error) => callback(error, null),
        )
      },
    })
  }
  return {
    poolFor: (demands, bounds = ofIntegrations) =>
      kept(
        pools,
        `${demands.skipsVerification} ${demands.clientCertificate?.id} ${bounds.connectMs} ${bounds.keepAliveMs} ${bounds.mostHeadBytes}`,
        () => openPool(demands, bounds),
        (oldest) => oldest.close(),
      ),
    isOwn: (from, to) => ownSockets.has(`${from} ${to}`),
    hear: (name, isOpen) => void (isOpen ? ownSockets.add(name) : ownSockets.delete(name)),
    async [Symbol.asyncDispose]() {
      for (const pool of pools.values()) pool[Symbol.dispose]()
    },
  }
}

/** Loaded with the first call: most servers at rest never make one. */
async function loadUndici() {
  // The default export: a bundle keeps no other of a CommonJS module that is loaded late.
  return (await import('undici')).default
}

function kept<T>(of: Map<string, T>, key: string, open: () => T, close: (oldest: T) => void): T {
  const present = of.get(key)
  if (present !== undefined) return present
  const opened = open()
  of.set(key, opened)
  if (of.size > mostKinds) {
    const [[first, oldest]] = of as unknown as [[string, T]]
    of.delete(first)
    close(oldest)
  }
  return opened
}

type ConnectCallback = Parameters<buildConnector.connector>[1]

/** Nothing is sent before every process knows whose connection it is. */
function tell(
  socket: Socket,
  ownSockets: Set<string>,
  announce: Announce | undefined,
  callback: ConnectCallback,
): void {
  const name = remember(socket, ownSockets, announce)
  if (name === undefined || announce === undefined) {
    callback(null, socket)
    return
  }
  announce(name, true).then(
    () => callback(null, socket),
    (failure: Error) => {
      socket.destroy()
      callback(failure, null)
    },
  )
}

/** What says no more than that nobody known has issued the certificate. */
const unknownIssuer: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/**
 * Whoever need not be known must still be the host that was asked for, in time.
 * @see API Gateway API Reference, "TlsConfig" (insecureSkipVerification)
 */
function faultOf(socket: Socket, host: string): Error | undefined {
  if (!(socket instanceof TLSSocket) || socket.authorized) return undefined
  const why = String(
    (socket.authorizationError as unknown as { code?: string })?.code ?? socket.authorizationError,
  )
  if (!unknownIssuer.has(why)) return new Error(`the backend's certificate is refused: ${why}`)
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined
    ? new Error('the backend shows no certificate')
    : (checkServerIdentity(host, socket.getPeerCertificate()) ?? outOfTime(certificate))
}

function outOfTime({ validFromDate, validToDate }: X509Certificate): Error | undefined {
  const now = Date.now()
  return now < validFromDate.getTime() || now > validToDate.getTime()
    ? new Error("the backend's certificate is not of this time")
    : undefined
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
  // Both ends: the same port may lead elsewhere at the same time, and be somebody else's there.
  const name = `${local}|${socket.localPort} ${remote}|${socket.remotePort}`
  ownSockets.add(name)
  socket.once('close', () => {
    ownSockets.delete(name)
    announce?.(name, false).catch(() => {})
  })
  return name
}
