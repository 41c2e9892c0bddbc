/** Origins out there: asked over connections that are kept, with the times that the origin's settings give. */
import { OriginError, type OriginRequest, type OriginResponse } from '@sekisho/edge'
import type { Agent, Dispatcher } from 'undici'
import { type BodyQueue, createBodyQueue } from '../body-queue.ts'
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
  const { connectSeconds, keepAliveSeconds } = request.origin
  try {
    const agent = await upstream.agent({
      connectMs: connectSeconds * 1_000,
      keepAliveMs: keepAliveSeconds * 1_000,
      mostHeaderBytes,
    })
    return await dispatch(request, agent)
  } catch (error) {
    throw originError(error)
  }
}

function dispatch(request: OriginRequest, agent: Agent): Promise<OriginResponse> {
  const { origin, isSecure, rawPath, rawQuery } = request
  const query = rawQuery === '' ? '' : `?${rawQuery}`
  return new Promise((resolve, reject) => {
    agent.dispatch(
      {
        origin: `${isSecure ? 'https' : 'http'}://${origin.domainName}:${portOf(origin, isSecure)}`,
        path: `${rawPath === '' ? '/' : rawPath}${query}`,
        method: request.method as Dispatcher.HttpMethod,
        headers: [...request.headers],
        body: request.body.length === 0 ? null : request.body,
        headersTimeout: origin.readSeconds * 1_000,
        bodyTimeout: origin.readSeconds * 1_000,
      },
      handlerOf(origin.completionSeconds, resolve, reject),
    )
  })
}

function handlerOf(
  completionSeconds: number | undefined,
  resolve: (response: OriginResponse) => void,
  reject: (error: unknown) => void,
): Dispatcher.DispatchHandler {
  let status = 0
  let headers: readonly string[] = []
  let queue: BodyQueue | undefined
  let timer: NodeJS.Timeout | undefined
  const chunks: Buffer[] = []
  return {
    onRequestStart(controller) {
      if (completionSeconds !== undefined)
        timer = setTimeout(
          () => controller.abort(new OriginError('READ_TIMEOUT', 'the answer took too long')),
          completionSeconds * 1_000,
        )
    },
    onResponseStart(controller, statusCode) {
      if (statusCode < 200) return
      status = statusCode
      headers = (controller.rawHeaders as readonly (Buffer | string)[]).map((each) =>
        typeof each === 'string' ? each : each.toString('latin1'),
      )
      if (isShort(headers)) return
      queue = createBodyQueue({
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        abort: () => controller.abort(new Error('nobody wants the rest')),
      })
      resolve({ status, headers, body: queue.body })
    },
    onResponseData(_, chunk) {
      if (queue === undefined) chunks.push(chunk)
      else queue.push(chunk)
    },
    onResponseEnd() {
      clearTimeout(timer)
      if (queue !== undefined) queue.end()
      else
        resolve({
          status,
          headers,
          body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
        })
    },
    onResponseError(_, error) {
      clearTimeout(timer)
      if (queue === undefined) reject(error)
      else queue.fail(originError(error))
    },
  }
}

function isShort(headers: readonly string[]): boolean {
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]!.length === 14 && headers[at]!.toLowerCase() === 'content-length')
      return Number(headers[at + 1]) <= wholeBytes
  return false
}

const codes: Readonly<Record<string, OriginError['code']>> = {
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'READ_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'READ_TIMEOUT',
  UND_ERR_SOCKET: 'BROKEN',
  UND_ERR_HEADERS_OVERFLOW: 'BROKEN',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'BROKEN',
  ECONNRESET: 'BROKEN',
  EPIPE: 'BROKEN',
}

function originError(error: unknown): OriginError {
  if (error instanceof OriginError) return error
  const { code = '', message = String(error) } = error as Partial<NodeJS.ErrnoException>
  const meaning = codes[code] ?? (code.startsWith('HPE_') ? 'BROKEN' : 'UNREACHABLE')
  return new OriginError(meaning, message, { cause: error })
}
