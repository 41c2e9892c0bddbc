/** An answer onto its connection, whole or as it comes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { abandon, type Reply } from './arrival.ts'
import { wholeBodyMs } from './body.ts'
import { drained } from './drained.ts'
import type { ListenOn } from './listen.ts'
import { framedHeaders, hasNoBody } from './reply-text.ts'

export function send(
  response: ServerResponse,
  request: IncomingMessage,
  reply: Reply,
  requestId: string,
  { onFailure }: Pick<ListenOn, 'onFailure'>,
): void {
  try {
    if (reply.closes) response.shouldKeepAlive = false
    const { body } = reply
    if (!request.complete) response.once('finish', () => endLateBody(request))
    response.writeHead(reply.status, framedHeaders(reply))
    if (typeof body === 'string' || body instanceof Uint8Array) {
      // As bytes: a text would take the headers along into its own encoding.
      response.end(hasNoBody(reply.status) ? undefined : bytesOf(body))
      return
    }
    void stream(response, body, reply.lengthBytes).catch((error) => {
      // Of a client that left nothing has failed here.
      if (!response.destroyed) onFailure(error, requestId)
      request.socket.destroy()
    })
  } catch (error) {
    if (typeof reply.body === 'object') abandon(reply.body)
    onFailure(error, requestId)
    request.socket.destroy()
  }
}

/** What still comes of a body that nobody wanted is read away, for a while. */
function endLateBody(request: IncomingMessage): void {
  if (request.complete) return
  const late = setTimeout(() => request.socket.destroy(), wholeBodyMs)
  late.unref()
  request.once('close', () => clearTimeout(late))
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body
}

async function stream(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array | string>,
  lengthBytes: number | undefined,
): Promise<void> {
  let sentBytes = 0
  const gone = () => abandon(body)
  if (response.destroyed) gone()
  response.once('close', gone)
  for await (const chunk of body) {
    if (response.destroyed) return
    sentBytes += Buffer.byteLength(chunk)
    if (!response.write(chunk)) await drained(response)
  }
  if (lengthBytes !== undefined && sentBytes !== lengthBytes)
    throw new Error(`a body has ${sentBytes} bytes instead of ${lengthBytes}`)
  response.removeListener('close', gone)
  response.end()
}
