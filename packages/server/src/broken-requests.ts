/** What answers bytes that are no request at all? */
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** What cannot be parsed gets a status and the end of its connection. */
export function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  const isHandshakes = socket instanceof TLSSocket && socket.getProtocol() === null
  if (error.code === 'ECONNRESET' || isHandshakes || !socket.writable) {
    socket.destroy()
    return
  }
  socket.end(brokenAnswer(brokenStatuses[error.code ?? ''] ?? 400))
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
