/** The life of a call to an AWS API: identify, authenticate, decode, authorize, handle, encode. */
import type { Throttle } from '@sekisho/gateway'
import { principalName } from '@sekisho/policy'
import {
  AwsError,
  commonError,
  identifyOperation,
  identifyService,
  type ProtocolName,
  protocolOf,
  protocols,
  readModel,
  type ServiceModel,
  type ServiceName,
  traitsOfService,
  validateInput,
  type WireRequest,
} from '@sekisho/protocols'
import {
  type Call,
  type Identity,
  type IdSource,
  type Need,
  type Place,
  principalKeys,
  type Service,
} from '@sekisho/services'
import { type ErrorFamily, SignatureError } from '@sekisho/sigv4'
import type { Store } from '@sekisho/store'
import { type Arrival, BodyTooLargeError, ClientGoneError, type Reply } from '../arrival.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { failureFields } from '../log.ts'
import type { Source } from '../net/source-address.ts'
import { circumstancesOf } from '../trail/circumstances.ts'
import type { PolicyArchive } from '../trail/policies.ts'
import { callerOf, outcomeOf, statementOf } from '../trail/record.ts'
import type { Trail } from '../trail/trail.ts'
import {
  type AuthenticateOptions,
  authenticate,
  type Caller,
  claimOf,
  refusal,
} from './authenticate.ts'
import { type Decided, decide, denied, type Places, refuseBarred } from './authorize.ts'
import type { NoteUse } from './key-uses.ts'

export interface ApiOptions extends AuthenticateOptions {
  /** Of calls that name none. */
  readonly region: string
  readonly services: readonly Service[]
  readonly store: Pick<Store, 'documents' | 'blobs' | 'counters'>
  readonly ids: IdSource
  readonly clock: Clock
  readonly accountThrottle?: Required<Throttle>
  readonly trail: Pick<Trail, 'record'>
  readonly archive: PolicyArchive
  readonly webKeys: Call['webKeys']
  readonly functions: Call['functions']
  readonly noteUse: NoteUse
  readonly explain: Call['explain']
  readonly log: Log
}

export type AnswerApi = (arrival: Arrival, source: Source) => Promise<Reply & { outcome: string }>

/** The largest body that any operation here takes (an imported OpenAPI document, with room). */
const bodyLimit = 16 * 1024 * 1024

export function createApi(options: ApiOptions): AnswerApi {
  const byName = new Map(options.services.map((service) => [service.name, service]))
  const models = new Map<ServiceName, Promise<ServiceModel>>()
  const modelOf = (service: Service): Promise<ServiceModel> => {
    let model = models.get(service.name)
    if (model === undefined) {
      model = service.sdk().then(readModel)
      models.set(service.name, model)
    }
    return model
  }

  return async (arrival, source) => {
    const progress: Progress = { name: 's3', protocol: 'restXml', model: emptyModel }
    let failure: AwsError | undefined
    let reply: Reply
    try {
      reply = await walk(arrival, source, progress, options, byName, modelOf)
    } catch (error) {
      failure = errorOf(error, arrival, options.log)
      reply = encoded(failure, progress, arrival)
    }
    const outcome = record(arrival, source, progress, failure, reply.status, options)
    return { ...reply, outcome }
  }
}

/** How far a call came. */
interface Progress {
  name: ServiceName
  /** That the answer has to speak: before the service is known, a guess from the request's form. */
  protocol: ProtocolName
  model: ServiceModel
  operation?: string
  caller?: Caller
  decided?: Decided | undefined
}

const emptyModel: ServiceModel = { operations: new Map(), errors: new Map() }

async function walk(
  arrival: Arrival,
  source: Source,
  progress: Progress,
  options: ApiOptions,
  byName: ReadonlyMap<ServiceName, Service>,
  modelOf: (service: Service) => Promise<ServiceModel>,
): Promise<Reply> {
  const { requestId } = arrival
  const request = await receive(arrival)

  progress.protocol = protocolOf(request)
  const found = claimOf(request)
  const claim = found instanceof SignatureError ? undefined : found
  progress.name = identifyService(request, claim?.service)
  progress.protocol = protocolOf(request, progress.name)
  const { signingName } = traitsOfService(progress.name)
  const family = familyOf(progress.name, progress.protocol)
  if (found instanceof SignatureError) throw refusal(found, family)
  const service = byName.get(progress.name)
  if (service === undefined)
    throw commonError(
      'NotImplemented',
      `The service ${progress.name} is not supported by Sekisho yet.`,
    )
  const model = (progress.model = await modelOf(service))
  const { operation, labels } = identifyOperation(progress.name, model, request)
  progress.operation = operation.name
  const handler = service.operations.get(operation.name)
  if (handler === undefined)
    throw commonError(
      'NotImplemented',
      `${operation.name} of ${progress.name} is not supported by Sekisho.`,
    )

  const now = new Date(options.clock.now())
  const caller = handler.isUnsigned
    ? unsignedCaller(options)
    : await authenticate(request, claim, family, signingName, now, options)
  progress.caller = caller
  if (claim) options.noteUse(claim, caller.identity, now.getTime())
  const { identity, region } = caller

  const protocol = protocols[progress.protocol]
  const input = protocol.decode(operation, request, labels)
  validateInput(operation, input, handler.constraints, {
    prefix: service.validation.prefix(operation.name),
    code: service.validation.code,
  })

  const call: Call = {
    accountId: identity.accountId,
    region,
    principal: identity.principal,
    session: identity.session,
    requestId,
    now,
    ids: options.ids,
    documents: options.store.documents,
    blobs: options.store.blobs,
    counters: options.store.counters,
    accountThrottle: options.accountThrottle,
    webKeys: options.webKeys,
    functions: options.functions,
    explain: options.explain,
  }
  const needs = await handler.needs(operation, input, call)
  const { isGlobal } = traitsOfService(progress.name)
  refuseBarred(progress.name, operation.name, caller)
  const places = await placesOf(needs, identity, options)
  progress.decided = decide(needs, identity, places, {
    source,
    now,
    region: isGlobal ? globalRegion : region,
    headers: arrival.headers,
  })
  // No need, no way in.
  if (progress.decided === undefined) throw commonError('AccessDenied', 'Access Denied')
  if (!progress.decided.decision.allowed && options.mode === 'enforce')
    throw denied(progress.decided, family, progress.name === 'iam' ? requestId : undefined)

  const output = await handler.handle(input, call)
  return protocol.encode(operation, output, context(progress, requestId))
}

/** Where the services that are everywhere say they are. */
const globalRegion = 'us-east-1'

/** What the organization says of those whose resources are asked for. */
async function placesOf(
  needs: readonly Need[],
  { accountId }: Identity,
  { identities }: ApiOptions,
): Promise<Places> {
  const places = new Map<string, Place | undefined>()
  for (const { resourceAccountId = accountId } of needs)
    if (!places.has(resourceAccountId))
      places.set(resourceAccountId, await identities.placeOf(resourceAccountId))
  return places
}

/** Nobody yet: what is sent says who it is. */
function unsignedCaller({ region, firstAccountId }: ApiOptions): Caller {
  const principal = { type: 'anonymous' } as const
  const accountId = firstAccountId()
  const keys = principalKeys({ principal, tags: [] })
  return { identity: { secretAccessKey: '', accountId, principal, policies: {}, keys }, region }
}

async function receive(arrival: Arrival): Promise<WireRequest> {
  const { method, rawPath, rawQuery, headers } = arrival
  return { method, rawPath, rawQuery, headers, body: await arrival.readBody(bodyLimit) }
}

function familyOf(name: ServiceName, protocol: ProtocolName): ErrorFamily {
  return name === 's3' ? 's3' : families[protocol]
}

const families = {
  restJson1: 'restJson',
  restXml: 'query',
  awsQuery: 'query',
  awsJson1_0: 'json',
  awsJson1_1: 'json',
  rpcv2Cbor: 'json',
} as const satisfies Record<ProtocolName, ErrorFamily>

function context({ name, model }: Progress, requestId: string) {
  const { xmlNamespace } = traitsOfService(name)
  return { requestId, model, ...(xmlNamespace !== undefined && { xmlNamespace }) }
}

function encoded(error: AwsError, progress: Progress, { requestId }: Arrival): Reply {
  const reply = protocols[progress.protocol].encodeError(error, context(progress, requestId))
  // What is left of a body that was refused is not read.
  return error.status === 413 ? { ...reply, closes: true } : reply
}

/** What is not meant for callers becomes InternalFailure; the log has the rest, under the request id. */
function errorOf(error: unknown, { requestId }: Arrival, log: Log): AwsError {
  if (error instanceof AwsError) return error
  if (error instanceof BodyTooLargeError)
    return new AwsError('RequestEntityTooLargeException', 'Request body is too large', 413)
  if (error instanceof ClientGoneError)
    return new AwsError('RequestTimeoutException', 'The request body was not received', 408)
  log.error('an AWS API call failed', { requestId, ...failureFields(error) })
  return commonError(
    'InternalFailure',
    'The request processing has failed because of an unknown error, exception or failure.',
  )
}

function record(
  arrival: Arrival,
  source: Source,
  { name, operation, caller, decided }: Progress,
  failure: AwsError | undefined,
  status: number,
  { trail, archive }: ApiOptions,
): string {
  const { requestId, method, rawPath, receivedAt } = arrival
  const decision = decided?.decision
  const isRefused = failure !== undefined && (decision === undefined || decision.allowed)
  const outcome = isRefused ? failure.code : decision ? outcomeOf(decision) : 'unknown'
  const statement = decision && statementOf(decision)
  trail.record({
    at: receivedAt,
    requestId,
    road: 'aws-api',
    method,
    path: rawPath,
    sourceIp: source.address,
    principal: caller ? principalName(caller.identity.principal) : 'anonymous',
    ...(caller && {
      caller: callerOf(caller.identity.principal),
      accountId: caller.identity.accountId,
    }),
    ...(decided && {
      resourceAccountId:
        decided.request.resourceAccountId === caller?.identity.accountId
          ? undefined
          : decided.request.resourceAccountId,
    }),
    action:
      decided?.need.action ?? (operation === undefined ? `${name}:*` : `${name}:${operation}`),
    resource: decided?.need.resource ?? '*',
    outcome,
    status,
    ...(decision?.decidedBy && { decidedBy: decision.decidedBy }),
    ...(statement !== undefined && { statement }),
    ...(decided && circumstancesOf(decided, archive)),
  })
  return outcome
}
