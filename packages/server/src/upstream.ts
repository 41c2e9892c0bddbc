/** Calls that integrations make to the outside: time bounded, answers bounded, failures told apart. */
import {
  type Connection,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from '@sekisho/gateway'
import { loadConnection } from '@sekisho/services'
import type { Reader } from '@sekisho/store'
import type { Agent, Dispatcher } from 'undici'
import {
  type Announce,
  createUpstreamAgents,
  integrationTimes,
  type Times,
  type TlsDemands,
  type UpstreamAgents,
} from './upstream-agents.ts'

/** The largest answer that is passed on. @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const mostAnswerBytes = 10 * 1024 * 1024

export interface Upstream extends AsyncDisposable, Pick<UpstreamAgents, 'isOwn' | 'hear'> {
  /** Connections of others than integrations, under the same rules. */
  readonly agent: (times: Times) => Promise<Agent>
  /** @throws UpstreamError */
  readonly send: (request: UpstreamRequest) => Promise<UpstreamResponse>
}

export interface UpstreamOptions {
  /** Where VPC links and client certificates are kept. */
  readonly documents: Reader
  readonly announce?: Announce | undefined
  /** PEM of this server's own authority: integrations may call back over HTTPS. */
  readonly authority?: string | undefined
}

export function createUpstream({ documents, announce, authority }: UpstreamOptions): Upstream {
  const agents = createUpstreamAgents(announce, authority)
  return {
    async send(request) {
      const demands = await demandsOf(request.connection, documents)
      return dispatchPatiently(await agents.agentFor(demands, integrationTimes), request)
    },
    agent: (times) => agents.agentFor(plainly, times),
    isOwn: agents.isOwn,
    hear: agents.hear,
    [Symbol.asyncDispose]: () => agents[Symbol.asyncDispose](),
  }
}

const plainly: TlsDemands = { skipsVerification: false }

/** @throws UpstreamError  the link or the certificate is not there: a call without it is not the call that was meant */
async function demandsOf(
  connection: Connection | undefined,
  documents: Reader,
): Promise<TlsDemands> {
  if (connection === undefined) return plainly
  const { owner, vpcLinkId, clientCertificateId, skipsVerification = false } = connection
  if (vpcLinkId !== undefined && !(await loadConnection(documents, 'vpcLinks', owner, vpcLinkId)))
    throw new UpstreamError('REFUSED', `there is no VPC link \`${vpcLinkId}\``)
  if (clientCertificateId === undefined) return { skipsVerification }
  const found = await loadConnection(documents, 'clientCertificates', owner, clientCertificateId)
  if (found === undefined)
    throw new UpstreamError('REFUSED', `there is no client certificate \`${clientCertificateId}\``)
  const { certificate, privateKey } = found
  const id = `${owner.accountId}/${owner.region}/${found.id}`
  return { skipsVerification, clientCertificate: { id, certificate, privateKey } }
}

/** May be asked twice: a kept connection can end in the moment in which it is used again. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

async function dispatchPatiently(
  agent: Agent,
  request: UpstreamRequest,
): Promise<UpstreamResponse> {
  const deadline = performance.now() + request.timeoutMs
  const progress = { hasBegun: false }
  try {
    return await dispatch(agent, request, progress)
  } catch (error) {
    const left = deadline - performance.now()
    const isRepeatable = repeatable.has(request.method) && !progress.hasBegun && left >= 1
    if (!isRepeatable || !cut.has(codeOf((error as Error).cause))) throw error
    return dispatch(agent, { ...request, timeoutMs: left }, progress)
  }
}

/** What a connection that was there ends with. */
const cut: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | undefined)?.code ?? '')
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

function dispatch(
  agent: Agent,
  request: UpstreamRequest,
  progress: { hasBegun: boolean },
): Promise<UpstreamResponse> {
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
      // Said before it is ended: an end without a reason is another failure.
      fail('TIMEOUT', `no answer within ${request.timeoutMs} ms`)
      controller?.abort(new Error('timed out'))
    }, request.timeoutMs)
    const unreachable = (error: unknown) =>
      fail(
        codeOf(error) === 'ENOTFOUND' ? 'REFUSED' : 'UNREACHABLE',
        error instanceof Error ? error.message : String(error),
        error,
      )
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
            progress.hasBegun = true
            if (statusCode < 200) return
            status = statusCode
            headers = textOf(started.rawHeaders)
          },
          onResponseData(started, chunk) {
            sizeBytes += chunk.length
            chunks.push(chunk)
            if (sizeBytes <= mostAnswerBytes) return
            fail('TOO_LARGE', `the answer is larger than ${mostAnswerBytes} bytes`)
            started.abort(new Error('too large'))
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
