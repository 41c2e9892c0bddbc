/** What is known of a connection: asked of its socket once, whatever number of requests comes over it. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsConnection } from './arrival.ts'
import type { ListenOn } from './listen.ts'
import { unmapped } from './net/addresses.ts'

const peerKey = Symbol('peer')
type KnownSocket = Socket & { [peerKey]?: string }

/** Asked once a connection: the address is fetched from the kernel. */
export function peerOf(socket: KnownSocket): string {
  return (socket[peerKey] ??= unmapped(socket.remoteAddress ?? ''))
}

const localKey = Symbol('local')

export function localAddressOf(socket: Socket & { [localKey]?: string }): string {
  return (socket[localKey] ??= unmapped(socket.localAddress ?? ''))
}

const tlsKey = Symbol('tls')

export function tlsOf(socket: Socket): TlsConnection | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = socket as TLSSocket & { [tlsKey]?: TlsConnection }
  return (known[tlsKey] ??= {
    version: socket.getProtocol() ?? '',
    cipherSuite: socket.getCipher()?.standardName ?? '',
    clientCertificate: socket.getPeerX509Certificate(),
  })
}

const ownKey = Symbol('own')

/** A connection of ours is known to us before its first request arrives. */
export function isOwn(
  socket: Socket & { [ownKey]?: boolean },
  options: Pick<ListenOn, 'isOwn'>,
): boolean {
  return (socket[ownKey] ??=
    options.isOwn?.(
      `${peerOf(socket)}|${socket.remotePort}`,
      `${localAddressOf(socket)}|${socket.localPort}`,
    ) ?? false)
}
