/** A request as it stood on the wire, and the answer it will get, free of any server's classes. */
import type { X509Certificate } from 'node:crypto'
import type { VpcEndpoint } from './vpc-endpoints.ts'

/** Headers are flat lists: name, value, name, value … as received or to be sent. */
export interface Arrival {
  readonly requestId: string
  readonly method: string
  /** Up to the `?`, undecoded. */
  readonly rawPath: string
  /** After the `?`, undecoded; empty when there is none. */
  readonly rawQuery: string
  readonly headers: readonly string[]
  /** The Host header as sent. */
  readonly host: string
  /** The socket's other end; IPv4-mapped addresses as IPv4. */
  readonly peer: string
  /** Which address of ours was called. */
  readonly localAddress: string
  /** Epoch milliseconds. */
  readonly receivedAt: number
  /** Came by a listener that stands for this VPC endpoint. */
  readonly vpcEndpoint?: VpcEndpoint | undefined
  /** Absent: came in the clear. */
  readonly tls?: TlsConnection | undefined
  /** Absent: 1.1, or 1.0. */
  readonly httpVersion?: '2.0'
  /** The headers announce one. */
  readonly hasBody: boolean
  /** Absent: it did not come by a socket of its own. */
  readonly peerPort?: number
  /** Comes from a distribution of this server: the `X-Amz-Cf-Id` of the viewer's request. */
  readonly edgeRequestId?: string
  /** The peer is this process itself: an integration calls back. */
  readonly isOwn: boolean
  /** A promise only where there is a body to wait for. @throws BodyTooLargeError */
  readonly readBody: (limitBytes: number) => Uint8Array | Promise<Uint8Array>
  /** Instead of that, once: the body as it arrives. Absent: it is there already. @throws ClientGoneError */
  readonly streamBody?: () => AsyncIterable<Uint8Array>
}

/** As OpenSSL and IANA name them: `TLSv1.3`, `TLS_AES_256_GCM_SHA384`. */
export interface TlsConnection {
  readonly version: string
  readonly cipherSuite: string
  /** What the client has shown, whoever has issued it; that the key is its own has been proven. */
  readonly clientCertificate?: X509Certificate | undefined
}

export interface Reply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array | string>
  /** Of a body that is a stream, or that HEAD leaves out: said before it, if known. */
  readonly lengthBytes?: number
  /** The rest of the connection cannot be trusted or is not wanted. */
  readonly closes?: boolean
}

/** A body beyond what its road accepts. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
  readonly code = 'BODY_TOO_LARGE'
}

/** The client went away within its body: there is nobody left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
  readonly code = 'CLIENT_GONE'
}

/** The client takes too long to send its body. */
export class BodyTimeoutError extends Error {
  override readonly name = 'BodyTimeoutError'
  readonly code = 'BODY_TIMEOUT'
}

/** An answer that comes piece by piece ended before its end: its source failed, and nobody here. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError'
  readonly code = 'BROKEN_ANSWER'
}

export const noBody: Uint8Array = new Uint8Array(0)

/** Of an answer that is not sent after all: a file stays open until its stream is read or destroyed. */
export function abandon(body: Reply['body']): void {
  if (typeof body !== 'object' || !('destroy' in body)) return
  if (typeof body.destroy === 'function') body.destroy()
}
