/** Origins out there: asked over connections that are kept, with the times that the origin's settings give. */
import { OriginError, type OriginRequest, type OriginResponse } from '@sekisho/edge'
import type { Dispatcher } from 'undici'
import type { Upstream } from '../upstream.ts'
import { portOf } from './own-origin.ts'

/** Of an origin's headers together. @see CloudFront Developer Guide, "Quotas" */
const mostHeaderBytes = 32_768
/** Bodies up to this length are taken in whole before the answer goes on. */
const wholeBytes = 65_536

/** @throws OriginError */
export async function askOutside(
  request: OriginRequest,
  upstream: Pick<Upstream, 'agent'>,
): Promise<OriginResponse> {
  const { origin, isSecure, method } = request
  const query = request.rawQuery === '' ? '' : `?${request.rawQuery}`
  const completion = origin.completionSeconds
  try {
    const agent = await upstream.agent({
      connectMs: origin.connectSeconds * 1_000,
      keepAliveMs: origin.keepAliveSeconds * 1_000,
      mostHeaderBytes,
    })
    const { statusCode, headers, body } = await agent.request({
      origin: `${isSecure ? 'https' : 'http'}://${origin.domainName}:${portOf(origin, isSecure)}`,
      path: `${request.rawPath === '' ? '/' : request.rawPath}${query}`,
      method: method as Dispatcher.HttpMethod,
      headers: [...request.headers],
      body: request.body.length === 0 ? null : request.body,
      headersTimeout: origin.readSeconds * 1_000,
      bodyTimeout: origin.readSeconds * 1_000,
      responseHeaders: 'raw',
      ...(completion !== undefined && { signal: AbortSignal.timeout(completion * 1_000) }),
    })
    // `raw`: name, value, name, value …
    const received = (headers as unknown as readonly string[]).map(singleBytes)
    return {
      status: statusCode,
      headers: received,
      body: isShort(received) ? await body.bytes() : withOriginErrors(body),
    }
  } catch (error) {
    throw originError(error)
  }
}

function isShort(headers: readonly string[]): boolean {
  const at = headers.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length',
  )
  return at >= 0 && Number(headers[at + 1]) <= wholeBytes
}

/** As on the wire: one character a byte. */
function singleBytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1')
}

async function* withOriginErrors(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw originError(error)
  }
}

const codes: Readonly<Record<string, OriginError['code']>> = {
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'READ_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'READ_TIMEOUT',
  UND_ERR_ABORTED: 'READ_TIMEOUT',
  UND_ERR_SOCKET: 'BROKEN',
  UND_ERR_HEADERS_OVERFLOW: 'BROKEN',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'BROKEN',
  ECONNRESET: 'BROKEN',
  EPIPE: 'BROKEN',
}

function originError(error: unknown): OriginError {
  if (error instanceof OriginError) return error
  const { code = '', name = '', message = String(error) } = error as Partial<NodeJS.ErrnoException>
  const isParsers = code.startsWith('HPE_')
  const meaning =
    codes[code] ?? (name === 'TimeoutError' ? 'READ_TIMEOUT' : isParsers ? 'BROKEN' : 'UNREACHABLE')
  return new OriginError(meaning, message, { cause: error })
}
