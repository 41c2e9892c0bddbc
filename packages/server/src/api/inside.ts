/** Calls that services make of one another: no signature, but the same gate and the same log. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  AwsError,
  commonError,
  type ServiceName,
  traitsOfService,
  type Values,
  validateInput,
  type WireRequest,
} from '@sekisho/protocols'
import type { Behalf } from '@sekisho/services'
import type { Arrival, Reply } from '../arrival.ts'
import type { Caller, CallInside, OnBehalfOfCaller, RehearseInside } from './caller.ts'
import { errorOf, type Gate, handlerOf, type Insider } from './gate.ts'
import { type Progress, perform, record } from './perform.ts'
import { holds } from './remembered.ts'

/** @returns the operation's answer or its refusal, in its own protocol; never throws for either */
export type ForwardInside = (
  request: WireRequest,
  service: ServiceName,
  behalf: Behalf | OnBehalfOfCaller,
) => Promise<Reply>

/** What was decided of a call holds for the same call until something changes that it rests on. */
export interface Again {
  /** One more such call was answered. */
  readonly served: (requestId: string, causedBy: string | undefined) => void
  /** One more such call could not be. @returns what its caller is told */
  readonly failed: (error: unknown, requestId: string, causedBy: string | undefined) => AwsError
}

export interface Inside {
  readonly call: CallInside
  /** As `call`; undefined: the next such call has to be decided for itself. */
  readonly callFirst: (...asked: Parameters<CallInside>) => Promise<{
    readonly output: Values
    readonly again: Again | undefined
  }>
  /** For work that no request asks for: whatever woke it, it is no part of that. */
  readonly begin: CallInside
  readonly rehearse: RehearseInside
  readonly forward: ForwardInside
}

/** How many services may call one another in a row: a circle ends there. */
const longestChain = 16

export function openInside(
  gate: Gate,
  answer: (arrival: Arrival, insider: Insider) => Promise<Reply>,
): Inside {
  const depths = new AsyncLocalStorage<number>()
  const deeper = <T>(work: () => Promise<T>): Promise<T> => {
    const depth = depths.getStore() ?? 0
    if (depth >= longestChain)
      throw commonError('ThrottlingException', 'Too many services call one another in a row.')
    return depths.run(depth + 1, work)
  }

  const walk = async (
    [name, operationName, input, behalf]: Parameters<CallInside>,
    progress: Progress,
    requestId: string,
    isRehearsal: boolean,
  ) => {
    progress.operation = operationName
    const caller = (progress.caller = await callerFor(behalf, gate))
    const service = gate.serviceOf(name)
    const operation = (await gate.modelOf(service)).operations.get(operationName)
    const handler = handlerOf(service, operationName)
    if (operation === undefined) throw new Error(`no model of ${name} ${operationName}`)
    validateInput(operation, input, handler.constraints, {
      prefix: service.validation.prefix(operationName),
      code: service.validation.code,
    })
    const now = new Date(gate.clock.now())
    const asked = { operation, handler, input, requestId, now, source: undefined, headers: [] }
    const documents = 'caller' in behalf ? behalf.documents : undefined
    return perform({ ...asked, isRehearsal, documents }, caller, progress, gate)
  }
  const begun = (name: ServiceName): Progress => ({
    name,
    protocol: traitsOfService(name).protocol,
    model,
  })

  const callFirst: Inside['callFirst'] = async (...asked) =>
    deeper(async () => {
      const [name, , , behalf] = asked
      const progress = begun(name)
      const write = (requestId: string, causedBy: string | undefined, failure?: AwsError) =>
        record(
          {
            at: Date.now(),
            requestId,
            method: 'POST',
            path: '/',
            sourceIp: nameOf(behalf),
            causedBy,
          },
          progress,
          failure,
          failure?.status ?? 200,
          gate,
        )
      const again: Again = {
        served: write,
        failed(error, requestId, causedBy) {
          const failure = errorOf(error, requestId, gate)
          write(requestId, causedBy, failure)
          return failure
        },
      }
      const requestId = behalf.requestId ?? gate.ids.uuid()
      let output: Values
      try {
        output = await walk(asked, progress, requestId, false)
      } catch (error) {
        throw again.failed(error, requestId, behalf.causedBy)
      }
      again.served(requestId, behalf.causedBy)
      return { output, again: holds(progress.decided) ? again : undefined }
    })
  const call: CallInside = async (...asked) => (await callFirst(...asked)).output

  return {
    call,
    callFirst,
    begin: (...asked) => depths.exit(() => call(...asked)),

    rehearse: (...asked) =>
      deeper(async () => {
        const requestId = gate.ids.uuid()
        try {
          await walk(asked, begun(asked[0]), requestId, true)
          return undefined
        } catch (error) {
          return errorOf(error, requestId, gate)
        }
      }),

    forward: async (request, service, behalf) =>
      deeper(async () => {
        const { method, rawPath, rawQuery, headers, body } = request
        const arrival: Arrival = {
          requestId: gate.ids.uuid(),
          method,
          rawPath,
          rawQuery,
          headers,
          host: '',
          peer: nameOf(behalf),
          localAddress: '',
          receivedAt: Date.now(),
          hasBody: body.length > 0,
          isOwn: true,
          readBody: () => body,
        }
        const caller = await callerFor(behalf, gate)
        return answer(arrival, { service, caller, causedBy: behalf.causedBy })
      }),
  }
}

const model = { operations: new Map(), errors: new Map() }

function nameOf(behalf: Behalf | OnBehalfOfCaller): string {
  return 'caller' in behalf ? principalOf(behalf.by) : behalf.service
}

/** `lambda.amazonaws.com` @see IAM User Guide, "AWS service principals" */
function principalOf(name: ServiceName): string {
  return `${traitsOfService(name).signingName}.amazonaws.com`
}

/** @throws AwsError AccessDenied  the role is gone or does not trust the service */
async function callerFor(
  behalf: Behalf | OnBehalfOfCaller,
  { identities, clock }: Pick<Gate, 'identities' | 'clock'>,
): Promise<Caller> {
  if ('caller' in behalf) {
    const { caller, by } = behalf
    return { ...caller, via: [...(caller.via ?? []), principalOf(by)], isForwarded: true }
  }
  const identity = await identities.actingFor(behalf, clock.now())
  if (identity === undefined)
    throw new AwsError(
      'AccessDenied',
      `${behalf.service} may not assume the role ${behalf.roleArn}`,
      403,
    )
  return { identity, region: behalf.region, via: [behalf.service] }
}
