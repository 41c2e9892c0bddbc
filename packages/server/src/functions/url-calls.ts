/** A call through a function URL, from the front door to the decision log. */
import { principalName } from '@sekisho/policy'
import { AwsError, headerOf } from '@sekisho/protocols'
import {
  beginInvocation,
  type FunctionRunner,
  findUrl,
  type Identities,
  type Identity,
  type InvocationResult,
  principalKeys,
  qualifiedArnOf,
  refusalOf,
  type UrlCall,
  type UrlRecord,
  urlCall,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import { authenticate, claimOf } from '../api/authenticate.ts'
import { type Decided, decide } from '../api/authorize.ts'
import { type Arrival, BodyTooLargeError } from '../arrival.ts'
import type { Clock } from '../clock.ts'
import { failureFields, type Log } from '../log.ts'
import type { Source } from '../net/source-address.ts'
import type { Answered } from '../roads.ts'
import { circumstancesOf } from '../trail/circumstances.ts'
import type { PolicyArchive } from '../trail/policies.ts'
import { callerOf, outcomeOf, statementOf } from '../trail/record.ts'
import type { Trail } from '../trail/trail.ts'
import { corsHeaders, preflightHeaders, withCors } from './url-cors.ts'
import { type Signer, streamedAnswer, urlAnswer, urlEvent } from './url-event.ts'

/** Where a call goes. */
export interface UrlAddress {
  readonly urlId: string
  readonly region: string
}

export type AnswerUrl = (arrival: Arrival, address: UrlAddress, source: Source) => Promise<Answered>

export interface UrlCallsOptions {
  readonly documents: State['documents']
  readonly identities: Identities
  readonly functions: Pick<FunctionRunner, 'invoke'>
  readonly clock: Clock
  readonly trail: Pick<Trail, 'record'>
  readonly archive: PolicyArchive
  readonly log: Log
}

/** @see Lambda Developer Guide, "Lambda quotas" (invocation payload) */
const mostBytes = 6 * 1024 * 1024

type Reply = Pick<Answered, 'status' | 'headers' | 'body' | 'closes'>

/** How far a call came. */
interface Progress {
  url?: UrlRecord
  caller?: Identity
  decided?: Decided | undefined
  refusal?: string
}

export function createUrlCalls(options: UrlCallsOptions): AnswerUrl {
  return async (arrival, address, source) => {
    const progress: Progress = {}
    let reply: Reply
    try {
      reply = await walk(arrival, address, source, progress, options)
    } catch (error) {
      reply = refused(error, arrival, progress, options)
    }
    const outcome = record(arrival, address, source, reply.status, progress, options)
    return {
      ...reply,
      headers: [...reply.headers, 'x-amzn-RequestId', arrival.requestId],
      outcome,
    }
  }
}

async function walk(
  arrival: Arrival,
  { urlId, region }: UrlAddress,
  source: Source,
  progress: Progress,
  options: UrlCallsOptions,
): Promise<Reply> {
  const { documents, clock } = options
  const url = await findUrl(documents, urlId)
  if (url === undefined || url.region !== region)
    throw new AwsError('ResourceNotFoundException', 'Not Found', 404)
  progress.url = url
  const preflight = url.cors && preflightHeaders(url.cors, arrival.method, arrival.headers)
  if (preflight !== undefined) return { status: 200, headers: preflight, body: '' }

  const body = await arrival.readBody(mostBytes)
  const now = new Date(clock.now())
  const caller = await callerOfUrl(arrival, body, url, now, options)
  progress.caller = caller
  const call = await urlCall(documents, url, Math.random)
  progress.decided = decide(call.needs, caller, await placesOf(url, options), {
    source,
    via: undefined,
    now,
    region,
    headers: arrival.headers,
  })
  if (progress.decided?.decision.allowed !== true) throw forbidden()
  return ask(arrival, url, call, source, body, caller, options)
}

/** @see Lambda Developer Guide, "Control access to Lambda function URLs" */
function forbidden(): AwsError {
  return new AwsError(
    'AccessDeniedException',
    'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    403,
  )
}

/** Who asks a function that anybody may be asked about is nobody, signed or not. */
async function callerOfUrl(
  { method, rawPath, rawQuery, headers }: Arrival,
  body: Uint8Array,
  { authType, accountId, region }: UrlRecord,
  now: Date,
  { identities }: UrlCallsOptions,
): Promise<Identity> {
  if (authType === 'NONE') {
    const principal = { type: 'anonymous' } as const
    const keys = principalKeys({ principal, tags: [] })
    return { secretAccessKey: '', accountId, principal, policies: {}, keys }
  }
  const request = { method, rawPath, rawQuery, headers }
  const claim = claimOf(request)
  if (claim === undefined) throw forbidden()
  if (claim instanceof Error) throw claim
  const { identity } = await authenticate(request, body, claim, 'restJson', 'lambda', now, {
    identities,
    // What is served here is no API of AWS's: signatures are verified in every mode.
    mode: 'enforce',
    firstAccountId: () => '',
    region,
  })
  return identity
}

async function placesOf({ accountId }: UrlRecord, { identities }: UrlCallsOptions) {
  return new Map([[accountId, await identities.placeOf(accountId)]])
}

async function ask(
  arrival: Arrival,
  url: UrlRecord,
  { resolved }: UrlCall,
  source: Source,
  body: Uint8Array,
  caller: Identity,
  { documents, functions }: UrlCallsOptions,
): Promise<Reply> {
  const { fn } = resolved
  const event = urlEvent(
    {
      requestId: arrival.requestId,
      method: arrival.method,
      path: arrival.rawPath,
      query: arrival.rawQuery,
      headers: arrival.headers,
      body,
      domainName: arrival.host.replace(/:\d+$/, ''),
      urlId: url.urlId,
      sourceIp: source.address,
      isSecure: source.isSecure,
      port: /:(\d+)$/.exec(arrival.host)?.[1] ?? (source.isSecure ? '443' : '80'),
      at: arrival.receivedAt,
      signer: url.authType === 'NONE' ? undefined : signerOf(arrival, caller),
    },
    fn.accountId,
  )
  const { accountId, region, name, qualifier } = url
  const invocation = {
    requestId: arrival.requestId,
    invokedArn: qualifiedArnOf({ accountId, region, name, qualifier }),
    event,
    streams: url.invokeMode === 'RESPONSE_STREAM',
  }
  const again = async () => (await urlCall(documents, url, Math.random)).resolved
  const result = await beginInvocation(functions, resolved, invocation, again).catch((error) => {
    throw refusalOf(error)
  })
  const answer = await answerOf(result, url.invokeMode === 'RESPONSE_STREAM')
  if (url.cors === undefined) return answer
  const cors = corsHeaders(url.cors, headerOf(arrival.headers, 'origin'))
  return { ...answer, headers: withCors(answer.headers, cors) }
}

function signerOf(arrival: Arrival, { accountId, principal, keys }: Identity): Signer {
  const claim = claimOf(arrival)
  const organizationId = keys.get('aws:principalorgid')
  return {
    accessKeyId: claim !== undefined && 'accessKeyId' in claim ? claim.accessKeyId : '',
    accountId,
    arn: principalName(principal),
    userId: String(keys.get('aws:userid') ?? ''),
    ...(typeof organizationId === 'string' && { organizationId }),
  }
}

/** @throws AwsError  the function failed, or said what is no answer */
async function answerOf(result: InvocationResult, streams: boolean): Promise<Reply> {
  const { payload, functionError, contentType } = result
  if (functionError !== undefined) throw broken()
  if (payload instanceof Uint8Array) return urlAnswer(payload) ?? fail()
  const streamed = (await streamedAnswer(payload, contentType).catch(fail)) ?? fail()
  if (streams) return streamed
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of streamed.body) {
      bytes += piece.length
      if (bytes > mostBytes) fail()
      pieces.push(piece)
    }
  } catch {
    fail()
  }
  return { ...streamed, body: Buffer.concat(pieces) }
}

function fail(): never {
  throw broken()
}

function broken(): AwsError {
  return new AwsError('InternalServerErrorException', 'Internal Server Error', 502)
}

function refused(
  error: unknown,
  { requestId }: Arrival,
  progress: Progress,
  { log }: UrlCallsOptions,
): Reply {
  const known =
    error instanceof AwsError
      ? error
      : error instanceof BodyTooLargeError
        ? new AwsError('RequestEntityTooLargeException', 'Request Too Large', 413)
        : undefined
  if (known === undefined)
    log.error('a call through a function URL failed', { requestId, ...failureFields(error) })
  const { code, message, status } =
    known ?? new AwsError('InternalFailure', 'Internal Server Error', 500)
  progress.refusal = code
  const text =
    status === 502 ? message : JSON.stringify(status === 403 ? { Message: message } : { message })
  return {
    status,
    headers: ['Content-Type', 'application/json', 'x-amzn-ErrorType', code],
    body: text,
    ...(status === 413 && { closes: true }),
  }
}

function record(
  arrival: Arrival,
  { urlId }: UrlAddress,
  source: Source,
  status: number,
  { url, caller, decided, refusal }: Progress,
  { trail, archive }: UrlCallsOptions,
): string {
  const decision = decided?.decision
  const isPolicys = decision !== undefined && !decision.allowed
  const outcome =
    refusal !== undefined && !isPolicys ? refusal : decision ? outcomeOf(decision) : 'allow'
  const statement = decision && statementOf(decision)
  trail.record({
    at: arrival.receivedAt,
    requestId: arrival.requestId,
    road: 'function-url',
    method: arrival.method,
    path: arrival.rawPath,
    sourceIp: source.address,
    principal: caller ? principalName(caller.principal) : 'anonymous',
    caller: callerOf(caller?.principal),
    accountId: url?.accountId,
    action: decided?.need.action ?? 'lambda:InvokeFunctionUrl',
    resource: decided?.need.resource ?? (url ? qualifiedArnOf(url) : urlId.slice(0, 64)),
    outcome,
    status,
    ...(decision?.decidedBy && { decidedBy: decision.decidedBy }),
    ...(statement !== undefined && { statement }),
    ...(decided && circumstancesOf(decided, archive)),
  })
  return outcome
}
