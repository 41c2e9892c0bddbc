/** Invoke: ask a function, and wait for its answer, or let it be asked in its own time. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { AwsError } from '@sekisho/protocols'
import type { Call, Operations } from '../service.ts'
import { askFunction, beginInvocation, refusalOf } from './ask.ts'
import { invalidParameter } from './errors.ts'
import { keepEvent } from './events.ts'
import { invokeNeed } from './gate.ts'
import { type Named, namedBy, qualifiedArnOf } from './names.ts'
import { resolveFunction } from './records.ts'
import type { InvocationResult } from './runner.ts'
import { WrittenEvent } from './written-event.ts'

/** @see Lambda Developer Guide, "Lambda quotas" (invocation payload) */
const mostEventBytes = 1024 * 1024
const mostRequestBytes = 6 * 1024 * 1024

type Payload = NonNullable<Sdk.InvokeCommandOutput['Payload']>

export const invoke: Operations<typeof Sdk> = {
  Invoke: {
    constraints: {
      InvocationType: { enum: ['Event', 'RequestResponse', 'DryRun'] },
      LogType: { enum: ['None', 'Tail'] },
    },
    needs: async ({ FunctionName, Qualifier }, call) => [
      await invokeNeed(FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const { FunctionName, InvocationType = 'RequestResponse', LogType, Qualifier } = input
      const named = namedBy(FunctionName, call, Qualifier)
      const resolve = () => resolveFunction(call.documents, named, () => draw(call))
      const resolved = await resolve()
      const event = eventOf(
        input.Payload,
        InvocationType === 'Event' ? mostEventBytes : mostRequestBytes,
      )
      const clientContext = contextOf(input.ClientContext)
      if (InvocationType === 'DryRun') return { StatusCode: 204 }
      if (InvocationType === 'Event') {
        await accept(call, named, event, clientContext)
        return { StatusCode: 202 }
      }
      const invocation = {
        requestId: call.requestId,
        invokedArn: qualifiedArnOf(named),
        event,
        clientContext,
      }
      const { payload, functionError, logTail } = await askFunction(
        call.functions,
        resolved,
        invocation,
        resolve,
      ).catch((error) => {
        throw refusalOf(error)
      })
      return {
        StatusCode: 200,
        ExecutedVersion: resolved.version,
        Payload: payload as Payload,
        ...(functionError !== undefined && { FunctionError: functionError }),
        ...(LogType === 'Tail' && {
          LogResult: Buffer.from(await logTail(), 'utf8').toString('base64'),
        }),
      }
    },
  },

  InvokeWithResponseStream: {
    constraints: {
      InvocationType: { enum: ['RequestResponse', 'DryRun'] },
      LogType: { enum: ['None', 'Tail'] },
    },
    needs: async ({ FunctionName, Qualifier }, call) => [
      await invokeNeed(FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const named = namedBy(input.FunctionName, call, input.Qualifier)
      const resolve = () => resolveFunction(call.documents, named, () => draw(call))
      const resolved = await resolve()
      const event = eventOf(input.Payload, mostRequestBytes)
      const clientContext = contextOf(input.ClientContext)
      if (input.InvocationType === 'DryRun') return { StatusCode: 204 }
      const invocation = {
        requestId: call.requestId,
        invokedArn: qualifiedArnOf(named),
        event,
        clientContext,
        streams: true,
      }
      const result = await beginInvocation(call.functions, resolved, invocation, resolve).catch(
        (error) => {
          throw refusalOf(error)
        },
      )
      return {
        StatusCode: 200,
        ExecutedVersion: resolved.version,
        EventStream: eventsOf(result, input.LogType === 'Tail'),
      }
    },
  },

  /** As it was before there were invocation types. */
  InvokeAsync: {
    needs: async ({ FunctionName }, call) => [await invokeNeed(FunctionName, undefined, call)],
    async handle({ FunctionName, InvokeArgs }, call) {
      const named = namedBy(FunctionName, call)
      await resolveFunction(call.documents, named)
      const event = eventOf(InvokeArgs, mostEventBytes)
      await accept(call, named, event, undefined)
      return { Status: 202 }
    },
  },
}

/** What a function says, piece by piece, and how it ended. */
async function* eventsOf(
  { payload, functionError, failure, logTail }: InvocationResult,
  withLog: boolean,
): AsyncGenerator<Sdk.InvokeWithResponseStreamResponseEvent> {
  let failed = functionError === undefined ? undefined : (payload as Uint8Array)
  if (payload instanceof Uint8Array) {
    if (failed === undefined) yield { PayloadChunk: { Payload: payload } }
  } else
    try {
      for await (const piece of payload) yield { PayloadChunk: { Payload: piece } }
    } catch (error) {
      failed = await failure
      if (failed === undefined) throw error
    }
  yield {
    InvokeComplete: {
      ...(failed && { ErrorCode: 'Unhandled', ErrorDetails: Buffer.from(failed).toString('utf8') }),
      ...(withLog && { LogResult: Buffer.from(await logTail(), 'utf8').toString('base64') }),
    },
  } as Sdk.InvokeWithResponseStreamResponseEvent
}

/** @throws AwsError RequestTooLargeException, InvalidRequestContentException */
function eventOf(given: unknown, mostBytes: number): Uint8Array {
  const event = bytesOf(given)
  checkSize(event, mostBytes)
  if (!(given instanceof WrittenEvent)) checkJson(event)
  return event
}

/** Callers from inside may give a text. */
function bytesOf(given: unknown): Uint8Array {
  if (given instanceof WrittenEvent) return Buffer.from(given.text)
  if (given instanceof Uint8Array) return given
  return typeof given === 'string' ? Buffer.from(given) : new Uint8Array()
}

/** In [0, 1). */
function draw({ ids }: Call): number {
  return Number(`0.${ids.text('0123456789', 9)}`)
}

/** On disk when it resolves: whatever happens to this process, it will be run. @throws AwsError TooManyRequestsException */
async function accept(
  call: Call,
  named: Named,
  event: Uint8Array,
  clientContext: string | undefined,
): Promise<void> {
  if (!call.functions.hasRoomFor(event.length))
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
      Reason: 'CallerRateLimitExceeded',
    })
  const nowMs = call.now.getTime()
  const record = {
    ...named,
    requestId: call.requestId,
    payload: Buffer.from(event).toString('utf8'),
    ...(clientContext !== undefined && { clientContext }),
    acceptedAt: nowMs,
    failures: 0,
    refusals: 0,
  }
  await keepEvent(call.documents, record, nowMs)
}

function checkSize({ length }: Uint8Array, most: number): void {
  if (length > most)
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${most} bytes for the InvokeFunction operation`,
      413,
    )
}

function checkJson(event: Uint8Array): void {
  if (event.length === 0) return
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(event))
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : error}`,
      400,
    )
  }
}

function contextOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const decoded = Buffer.from(text, 'base64').toString('utf8')
  try {
    JSON.parse(decoded)
    return decoded
  } catch {
    throw invalidParameter('Client context must be a valid Base64-encoded JSON object.')
  }
}
