/** The life of a call to an AWS API: identify, authenticate, decode, authorize, handle, encode. */
import {
  type AwsError,
  commonError,
  headerOf,
  identifyOperation,
  identifyService,
  type ProtocolName,
  protocolOf,
  protocols,
  readModel,
  type ServiceModel,
  type ServiceName,
  takesStream,
  traitsOfService,
  validateInput,
  type WireRequest,
} from '@sekisho/protocols'
import { type Call, type OriginRequest, principalKeys } from '@sekisho/services'
import { type SignatureClaim, SignatureError } from '@sekisho/sigv4'
import { type Arrival, noBody, type Reply } from '../arrival.ts'
import type { Source } from '../net/source-address.ts'
import { authenticate, claimOf, refusal, unsignedPayload } from './authenticate.ts'
import { openBody, unwrapWhole } from './body-stream.ts'
import type { Caller, CallInside } from './caller.ts'
import { type ApiOptions, errorOf, type Gate, handlerOf, type Insider } from './gate.ts'
import { type ForwardInside, type Inside, openInside } from './inside.ts'
import { familyOf, type Progress, perform, record } from './perform.ts'

export type AnswerApi = (arrival: Arrival, source: Source) => Promise<Reply & { outcome: string }>

export interface Api {
  readonly answer: AnswerApi
  /** Of this server's own services. */
  readonly call: CallInside
  readonly callFirst: Inside['callFirst']
  /** As above, for work that no request asks for. */
  readonly begin: CallInside
  /** As it would have come over the wire. */
  readonly forward: ForwardInside
}

/** The largest body that operations here take (an imported OpenAPI document, with room). */
const bodyLimit = 16 * 1024 * 1024
/** Those with code in them: 50 MB in base64. @see Lambda Developer Guide, "Lambda quotas" */
const codeLimit = 69_905_067
const codePath = /^\/20\d\d-\d\d-\d\d\/(?:functions(?:\/[^/]+\/code)?|layers\/[^/]+\/versions)\/?$/

export function createApi(options: ApiOptions): Api {
  const byName = new Map(options.services.map((service) => [service.name, service]))
  const models = new Map<ServiceName, Promise<ServiceModel>>()
  const gate: Gate = {
    ...options,
    aws: (...asked) => inside.call(...asked),
    rehearse: (...asked) => inside.rehearse(...asked),
    serviceOf(name) {
      const service = byName.get(name)
      if (service === undefined)
        throw commonError('NotImplemented', `The service ${name} is not supported by Sekisho yet.`)
      return service
    },
    modelOf(service) {
      let model = models.get(service.name)
      if (model === undefined) {
        model = service.sdk().then(readModel)
        models.set(service.name, model)
      }
      return model
    },
  }
  const inside = openInside(gate, (arrival, insider) => answer(arrival, undefined, gate, insider))
  return {
    answer: (arrival, source) => answer(arrival, source, gate),
    ...inside,
  }
}

async function answer(
  arrival: Arrival,
  source: Source | undefined,
  gate: Gate,
  insider?: Insider,
): Promise<Reply & { outcome: string }> {
  const progress: Progress = { name: 's3', protocol: 'restXml', model: emptyModel }
  let failure: AwsError | undefined
  let reply: Reply
  try {
    reply = await walk(arrival, source, progress, gate, insider)
  } catch (error) {
    failure = errorOf(error, arrival.requestId, gate)
    reply = encoded(failure, progress, arrival)
  }
  if (insider === undefined) reply = await toldToBrowsers(reply, arrival, progress.name, gate)
  const { requestId, method, rawPath, receivedAt } = arrival
  const outcome = record(
    {
      at: receivedAt,
      requestId,
      method,
      path: rawPath,
      sourceIp: source?.address ?? insiderName(insider),
      causedBy: insider?.causedBy,
    },
    progress,
    failure,
    reply.status,
    gate,
  )
  return { ...reply, outcome }
}

/** CloudTrail, too, says the service where a call did not come from an address. */
function insiderName(insider: Insider | undefined): string {
  return insider?.caller.via?.at(-1) ?? 'inside'
}

const emptyModel: ServiceModel = { operations: new Map(), errors: new Map() }

async function walk(
  arrival: Arrival,
  source: Source | undefined,
  progress: Progress,
  gate: Gate,
  insider: Insider | undefined,
): Promise<Reply> {
  const { requestId } = arrival
  // Only a form names its operation in its body.
  const isForm = arrival.rawPath === '/'
  const head = await receive(arrival, isForm)

  progress.protocol = protocolOf(head, insider?.service)
  const found = insider ? undefined : claimOf(head)
  const claim = found instanceof SignatureError ? undefined : found
  progress.name = insider?.service ?? identifyService(head, claim?.service)
  progress.protocol = protocolOf(head, progress.name)
  const { signingName } = traitsOfService(progress.name)
  const family = familyOf(progress.name, progress.protocol)
  if (found instanceof SignatureError) throw refusal(found, family)
  const service = gate.serviceOf(progress.name)
  const origin = insider ? undefined : originOf(arrival)
  if (origin && arrival.method === 'OPTIONS' && service.crossOrigin) {
    const { documents } = gate.store
    const headers = await service.crossOrigin.preflight(origin, documents)
    return { status: 200, headers, body: '' }
  }
  const model = (progress.model = await gate.modelOf(service))
  const { operation, labels } = identifyOperation(progress.name, model, head)
  progress.operation = operation.name
  const handler = handlerOf(service, operation.name)

  const now = new Date(gate.clock.now())
  const isStreamed = takesStream(operation)
  const sent = isStreamed || isForm ? head : await receive(arrival, true)
  const { payload, ...caller } = insider
    ? { ...insider.caller, payload: { form: 'unsigned' } as const }
    : handler.isUnsigned || (claim === undefined && service.isOpenToAnonymous)
      ? { ...unsignedCaller(gate), payload: unsignedPayload(head, family) }
      : await authenticate(
          head,
          isStreamed ? 'streamed' : sent.body,
          claim,
          family,
          signingName,
          now,
          gate,
        )
  progress.caller = caller
  if (claim) gate.noteUse(claim, caller.identity, now.getTime())
  const request: WireRequest = isStreamed
    ? { ...head, stream: openBody(arrival, payload) }
    : { ...sent, body: unwrapWhole(sent.body, payload) }
  if (!isStreamed) service.checkBody?.(operation.name, request.headers, request.body)

  const protocol = protocols[progress.protocol]
  const input = protocol.decode(operation, request, labels)
  validateInput(operation, input, handler.constraints, {
    prefix: service.validation.prefix(operation.name),
    code: service.validation.code,
  })
  const output = await perform(
    {
      operation,
      handler,
      input,
      requestId,
      now,
      source,
      headers: arrival.headers,
      signature: claim && signatureOf(claim),
    },
    caller,
    progress,
    gate,
  )
  const reply = protocol.encode(operation, output, context(progress, arrival))
  return isWhole(reply.body) && arrival.method !== 'HEAD' ? reply : withLength(reply)
}

function isWhole(body: Reply['body']): boolean {
  return typeof body === 'string' || body instanceof Uint8Array
}

/** What is not there to be counted says itself how long it is. */
function withLength(reply: Reply): Reply {
  const length = headerOf(reply.headers, 'content-length')
  return length === undefined ? reply : { ...reply, lengthBytes: Number(length) }
}

function originOf({ method, rawPath, rawQuery, headers }: Arrival): OriginRequest | undefined {
  const origin = headerOf(headers, 'origin')
  return origin === undefined ? undefined : { method, rawPath, rawQuery, headers, origin }
}

/** A page of another origin can read neither answer nor refusal unless it is said that it may. */
async function toldToBrowsers(
  reply: Reply,
  arrival: Arrival,
  name: ServiceName,
  gate: Gate,
): Promise<Reply> {
  const { crossOrigin } = gate.services.find((service) => service.name === name) ?? {}
  const origin = crossOrigin && originOf(arrival)
  if (origin === undefined || arrival.method === 'OPTIONS') return reply
  const told = await crossOrigin!.headers(origin, gate.store.documents)
  return told.length === 0 ? reply : { ...reply, headers: [...reply.headers, ...told] }
}

function signatureOf({ form, signedAt, contentSha256 }: SignatureClaim): Call['signature'] {
  return { form, ageMs: Math.max(0, Date.now() - signedAt.getTime()), contentSha256 }
}

/** Nobody yet: what is sent says who it is. */
function unsignedCaller({ region, firstAccountId }: Gate): Caller {
  const principal = { type: 'anonymous' } as const
  const accountId = firstAccountId()
  const keys = principalKeys({ principal, tags: [] })
  return { identity: { secretAccessKey: '', accountId, principal, policies: {}, keys }, region }
}

async function receive(arrival: Arrival, hasBody: boolean): Promise<WireRequest> {
  const { method, rawPath, rawQuery, headers } = arrival
  const limit = codePath.test(rawPath) ? codeLimit : bodyLimit
  const body = hasBody ? await arrival.readBody(limit) : noBody
  return { method, rawPath, rawQuery, headers, body }
}

function context(
  { name, model }: { readonly name: ServiceName; readonly model: ServiceModel },
  { requestId, headers }: Pick<Arrival, 'requestId' | 'headers'>,
) {
  const { xmlNamespace } = traitsOfService(name)
  const accept = headerOf(headers, 'accept')
  return {
    requestId,
    model,
    ...(xmlNamespace !== undefined && { xmlNamespace }),
    ...(accept !== undefined && { accept }),
  }
}

function encoded(
  error: AwsError,
  progress: Progress & { readonly protocol: ProtocolName },
  arrival: Arrival,
): Reply {
  const reply = protocols[progress.protocol].encodeError(error, context(progress, arrival))
  // What is left of a body that was refused is not read.
  return error.status === 413 ? { ...reply, closes: true } : reply
}
