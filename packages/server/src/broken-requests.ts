/** What answers bytes that are no request at all? */
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Reply } from './arrival.ts'
import { headOf } from './reply-text.ts'

/** A head beyond the limit: what could be read of it. */
export interface LargeHead {
  /** Empty: it has not been seen. */
  readonly host: string
  readonly rawPath: string
  /** At least so long is path and query. */
  readonly targetLength: number
}

/** How much is looked at of a head that is too large. */
export const seenOfHead = 24_576

type Answered = Reply | undefined

/**
 * What cannot be parsed gets a status and the end of its connection.
 *
 * @param begun  how the heads began that came in pieces
 * @param refuseHead  what a head that is too large gets instead; undefined: nothing
 */
export function refuseBroken(
  error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer },
  socket: Duplex,
  begun: WeakMap<Duplex, string>,
  refuseHead: (head: LargeHead) => Answered | Promise<Answered>,
): void {
  const isHandshakes = socket instanceof TLSSocket && socket.getProtocol() === null
  if (error.code === 'ECONNRESET' || isHandshakes || !socket.writable) {
    socket.destroy()
    return
  }
  const seen = begun.get(socket) ?? error.rawPacket?.toString('latin1', 0, seenOfHead)
  const own =
    error.code === 'HPE_HEADER_OVERFLOW' && seen !== undefined
      ? refuseHead(readBeginning(seen))
      : undefined
  if (own === undefined) socket.end(brokenAnswer(brokenStatuses[error.code ?? ''] ?? 400))
  else
    Promise.resolve(own).then(
      (reply) => socket.end(reply ? wholeAnswer(reply) : brokenAnswer(431)),
      () => socket.destroy(),
    )
}

function readBeginning(head: string): LargeHead {
  const [, target = ''] = /^[A-Z]+ (\/[^ \r\n]*)/.exec(head) ?? []
  const [, host = ''] = /\r\nhost:[ \t]*([^ \t\r\n]*)/i.exec(head) ?? []
  return { host, rawPath: target.split('?', 1)[0] ?? '', targetLength: target.length }
}

function wholeAnswer(reply: Reply): string {
  const body = Buffer.from(reply.body as string | Uint8Array).toString('latin1')
  return headOf(reply, `Content-Length: ${body.length}\r\n`, true) + body
}

const brokenStatuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
}

export function brokenAnswer(status: number): string {
  const body = JSON.stringify({ message: reasons[status] })
  return `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nx-amzn-RequestId: ${randomUUID()}\r\nConnection: close\r\n\r\n${body}`
}
