/** Calls that integrations make to the outside: time bounded, answers bounded, failures told apart. */

import {
  type Connection,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from '@sekisho/gateway'
import { loadConnection } from '@sekisho/services'
import type { Reader } from '@sekisho/store'
import { BrokenAnswerError, noBody } from './arrival.ts'
import type { BodyQueue } from './body-queue.ts'
import type { Exchange } from './http-client/connection.ts'
import type { Pool, Sent } from './http-client/pool.ts'
import { mayAskAgain } from './http-client/repeat.ts'
import { type Address, addressOf, RequestError, requestHead } from './http-client/request-head.ts'
import { type Silence, streamedBody, watchSilence } from './http-client/streamed-body.ts'
import { hasNoBody } from './reply-text.ts'
import {
  type Announce,
  type Bounds,
  createUpstreamAgents,
  type TlsDemands,
  type UpstreamAgents,
} from './upstream-agents.ts'

/** The largest answer that is passed on. @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const mostAnswerBytes = 10 * 1024 * 1024

export interface Upstream extends AsyncDisposable, Pick<UpstreamAgents, 'isOwn' | 'hear'> {
  /** Connections of others than integrations, under the same rules. */
  readonly pool: (bounds: Bounds) => Pool
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
      const { connection } = request
      const demands = connection ? await demandsOf(connection, documents) : plainly
      return ask(agents.poolFor(demands), request)
    },
    pool: (bounds) => agents.poolFor(plainly, bounds),
    isOwn: agents.isOwn,
    hear: agents.hear,
    [Symbol.asyncDispose]: () => agents[Symbol.asyncDispose](),
  }
}

const plainly: TlsDemands = { skipsVerification: false }

/** @throws UpstreamError  the link or the certificate is not there: a call without it is not the call that was meant */
async function demandsOf(connection: Connection, documents: Reader): Promise<TlsDemands> {
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

/** @throws UpstreamError */
function ask(pool: Pool, request: UpstreamRequest): Promise<UpstreamResponse> {
  const to = addressOf(request.url)
  if (to === undefined) throw refused(`\`${request.url}\` is no address to call`)
  const head = headOf(to, request)
  return new Promise((resolve, reject) => {
    new Asked(pool, to, request, head, resolve, reject)
  })
}

function headOf(to: Address, { method, headers, body }: UpstreamRequest): string {
  try {
    return requestHead(method, to, headers, body.length)
  } catch (error) {
    throw error instanceof RequestError ? refused(error.message) : error
  }
}

const refused = (message: string) => new UpstreamError('REFUSED', message)

/** One call, from its request to the end of its answer. */
class Asked implements Exchange {
  readonly method: string
  readonly head: string
  readonly body: Uint8Array
  readonly #pool: Pool
  readonly #to: Address
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (error: UpstreamError) => void
  readonly #timer: NodeJS.Timeout
  #sent: Sent
  #status = 0
  #headers: readonly string[] = []
  #chunks: Buffer[] = []
  #sizeBytes = 0
  readonly #streaming: UpstreamRequest['streaming']
  /** Of an answer that is passed on as it comes. */
  #queue: BodyQueue | undefined
  #idle: Silence | undefined

  constructor(
    pool: Pool,
    to: Address,
    { method, body, timeoutMs, streaming }: UpstreamRequest,
    head: string,
    resolve: (response: UpstreamResponse) => void,
    reject: (error: UpstreamError) => void,
  ) {
    this.method = method
    this.head = head
    this.body = body
    this.#pool = pool
    this.#to = to
    this.#resolve = resolve
    this.#reject = reject
    this.#streaming = streaming
    this.#timer = setTimeout(
      () => this.#giveUp('TIMEOUT', `no answer within ${timeoutMs} ms`),
      timeoutMs,
    )
    this.#sent = pool.send(to, this)
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#status = status
    this.#headers = headers
    if (this.#streaming && this.method !== 'HEAD' && !hasNoBody(status))
      this.#stream(this.#streaming.idleMs)
  }

  onData(bytes: Buffer): void {
    if (this.#queue !== undefined) {
      this.#idle?.heard()
      this.#queue.push(bytes)
      return
    }
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes > mostAnswerBytes)
      this.#giveUp('TOO_LARGE', `the answer is larger than ${mostAnswerBytes} bytes`)
    else this.#chunks.push(bytes)
  }

  onEnd(): void {
    this.#stopWatching()
    if (this.#queue !== undefined) {
      this.#queue.end()
      return
    }
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, body })
  }

  onError(error: Error): void {
    if (this.#status === 0 && this.#sent.isKept && mayAskAgain(this.method, error)) {
      this.#sent = this.#pool.send(this.#to, this, true)
      return
    }
    this.#stopWatching()
    if (this.#queue !== undefined) {
      this.#queue.fail(new BrokenAnswerError(error.message, { cause: error }))
      return
    }
    const kind = codeOf(error) === 'ENOTFOUND' ? 'REFUSED' : 'UNREACHABLE'
    this.#reject(new UpstreamError(kind, error.message, { cause: error }))
  }

  /** From here on the answer is the client's; how it ends is told by its end. */
  #stream(idleMs: number): void {
    this.#idle = watchSilence(idleMs, () =>
      this.#giveUp('TIMEOUT', `nothing came for ${idleMs} ms`),
    )
    this.#queue = streamedBody(this.#sent, this.#idle, () => this.#stopWatching())
    const { body: stream } = this.#queue
    this.#resolve({ status: this.#status, headers: this.#headers, body: noBody, stream })
  }

  #stopWatching(): void {
    clearTimeout(this.#timer)
    this.#idle?.stop()
  }

  #giveUp(code: UpstreamError['code'], message: string): void {
    this.#stopWatching()
    this.#sent.cancel()
    this.#queue?.fail(new BrokenAnswerError(message))
    this.#reject(new UpstreamError(code, message))
  }
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | undefined)?.code ?? '')
}
