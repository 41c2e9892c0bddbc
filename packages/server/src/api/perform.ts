/** An operation whose caller is known: its needs, the decision, its handler, and the line in the log. */
import type { Throttle } from '@sekisho/gateway'
import { principalName } from '@sekisho/policy'
import {
  type AwsError,
  commonError,
  type OperationModel,
  type ProtocolName,
  type ServiceModel,
  type ServiceName,
  traitsOfService,
  type Values,
} from '@sekisho/protocols'
import type {
  AnyOperation,
  Call,
  Identities,
  Identity,
  IdSource,
  Need,
  Place,
} from '@sekisho/services'
import type { ErrorFamily } from '@sekisho/sigv4'
import type { Documents, Store, Transaction } from '@sekisho/store'
import type { Clock } from '../clock.ts'
import type { IamMode } from '../config-settings.ts'
import type { Log } from '../log.ts'
import type { Source } from '../net/source-address.ts'
import { circumstancesOf } from '../trail/circumstances.ts'
import type { PolicyArchive } from '../trail/policies.ts'
import { callerOf, outcomeOf, sameOf, statementOf } from '../trail/record.ts'
import type { Trail } from '../trail/trail.ts'
import { type Decided, denied, type Places, refuseBarred } from './authorize.ts'
import type { Caller, CallInside, RehearseInside } from './caller.ts'
import { decideAgain } from './remembered.ts'

export interface PerformOptions {
  readonly store: Pick<Store, 'documents' | 'blobs' | 'counters'>
  readonly identities: Identities
  readonly mode: IamMode
  readonly ids: IdSource
  readonly clock: Clock
  readonly accountThrottle?: Required<Throttle>
  readonly trail: Pick<Trail, 'record'>
  readonly archive: PolicyArchive
  readonly webKeys: Call['webKeys']
  readonly certify: Call['certify']
  readonly edgeFunctions: Call['edgeFunctions']
  readonly functions: Call['functions']
  readonly testMethod: Call['testMethod']
  readonly testAuthorizer: Call['testAuthorizer']
  readonly explain: Call['explain']
  readonly log: Log
  readonly aws: CallInside
  readonly rehearse: RehearseInside
}

/** How far a call came. */
export interface Progress {
  name: ServiceName
  /** That the answer has to speak: before the service is known, a guess from the request's form. */
  protocol: ProtocolName
  model: ServiceModel
  operation?: string
  caller?: Caller
  decided?: Decided | undefined
}

export interface Asked {
  readonly operation: OperationModel
  readonly handler: AnyOperation
  readonly input: Values
  readonly requestId: string
  readonly now: Date
  /** Absent: from inside. */
  readonly source: Source | undefined
  readonly headers: readonly string[]
  readonly signature?: Call['signature']
  /** Nothing is done. */
  readonly isRehearsal?: boolean
  /** Of the transaction that it is part of. */
  readonly documents?: Documents | undefined
}

/** @throws AwsError */
export async function perform(
  asked: Asked,
  caller: Caller,
  progress: Progress,
  options: PerformOptions,
): Promise<Values> {
  const { operation, handler, input, requestId, now, source, headers, signature } = asked
  const { name, protocol } = progress
  const { identity, region } = caller
  const { blobs, counters } = options.store
  const documents = asked.documents ?? options.store.documents
  const { isGlobal } = traitsOfService(name)
  // What is open to whoever can reach this server is open to every web page that is looked at beside it.
  const isBound =
    options.mode === 'enforce' || (identity.principal.type === 'anonymous' && !handler.isUnsigned)
  const refusalOf = async (needs: readonly Need[]): Promise<AwsError | undefined> => {
    const places = await placesOf(needs, identity, options)
    const decided = decideAgain(needs, identity, places, {
      source,
      via: caller.isForwarded && caller.via,
      now,
      region: isGlobal ? globalRegion : region,
      headers,
    })
    // No need, no way in.
    if (decided === undefined) return commonError('AccessDenied', 'Access Denied')
    progress.decided = decided
    return decided.decision.allowed || !isBound
      ? undefined
      : denied(decided, familyOf(name, protocol), name === 'iam' ? requestId : undefined)
  }
  const awsIn =
    (within: Documents | undefined): Call['aws'] =>
    (service, wanted, given, behalf) =>
      options.aws(
        service,
        wanted,
        given,
        behalf === 'caller' ? { caller, by: name, causedBy: requestId, documents: within } : behalf,
      )
  const call: Call = {
    accountId: identity.accountId,
    region,
    principal: identity.principal,
    session: identity.session,
    requestId,
    signature,
    sourceAddress: source?.address,
    now,
    ids: options.ids,
    documents,
    blobs,
    counters,
    accountThrottle: options.accountThrottle,
    webKeys: options.webKeys,
    certify: options.certify,
    edgeFunctions: options.edgeFunctions,
    functions: options.functions,
    testMethod: options.testMethod,
    testAuthorizer: options.testAuthorizer,
    explain: options.explain,
    refusalOf,
    refusalTo: options.rehearse,
    aws: awsIn(asked.documents),
    together: (work) =>
      documents.transact((transaction) => work(awsIn(partOf(transaction, documents)))),
  }
  const needs = await handler.needs(operation, input, call)
  refuseBarred(name, operation.name, caller)
  const refusal = await refusalOf(needs)
  if (refusal) throw refusal
  if (asked.isRehearsal) return {}
  return handler.handle(input, call)
}

/** Transactions in a transaction are parts of it. */
function partOf(transaction: Transaction, documents: Documents): Documents {
  return {
    get: (collection, key) => transaction.get(collection, key),
    list: (collection, range) => transaction.list(collection, range),
    collections: () => documents.collections(),
    transact: async (work) => work(transaction),
  }
}

/** Where the services that are everywhere say they are. */
const globalRegion = 'us-east-1'

/** What the organization says of those whose resources are asked for. */
async function placesOf(
  needs: readonly Need[],
  { accountId }: Identity,
  { identities }: PerformOptions,
): Promise<Places> {
  const places = new Map<string, Place | undefined>()
  for (const { resourceAccountId = accountId } of needs)
    if (!places.has(resourceAccountId))
      places.set(resourceAccountId, await identities.placeOf(resourceAccountId))
  return places
}

export function familyOf(name: ServiceName, protocol: ProtocolName): ErrorFamily {
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

/** What the log knows of a call beside how far it came. */
export interface Logged {
  readonly at: number
  readonly requestId: string
  readonly method: string
  readonly path: string
  /** An address, or the service that called. */
  readonly sourceIp: string
  readonly causedBy: string | undefined
}

/** What was written of a decision that may be made again. */
const texts = new WeakMap<
  Decided,
  Pick<Logged, 'method' | 'path' | 'sourceIp'> & {
    readonly outcome: string
    readonly status: number
    readonly same: string
  }
>()

/** @returns the outcome in a word */
export function record(
  logged: Logged,
  { name, operation, caller, decided }: Progress,
  failure: AwsError | undefined,
  status: number,
  { trail, archive }: Pick<PerformOptions, 'trail' | 'archive'>,
): string {
  const decision = decided?.decision
  const isRefused = failure !== undefined && (decision === undefined || decision.allowed)
  const outcome = isRefused ? failure.code : decision ? outcomeOf(decision) : 'unknown'
  const known = decided && texts.get(decided)
  const { at, requestId, causedBy, ...asked } = logged
  if (
    known?.outcome === outcome &&
    known.status === status &&
    known.sourceIp === asked.sourceIp &&
    known.path === asked.path &&
    known.method === asked.method
  ) {
    trail.record({ at, requestId, causedBy, same: known.same })
    return outcome
  }
  const statement = decision && statementOf(decision)
  const same = sameOf({
    ...asked,
    road: 'aws-api',
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
  if (decided) texts.set(decided, { ...asked, outcome, status, same })
  trail.record({ at, requestId, causedBy, same })
  return outcome
}
