/** Invoke: ask a function, and wait for its answer. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { AwsError } from '@sekisho/protocols'
import type { Operations } from '../service.ts'
import { invalidParameter, notSupported } from './errors.ts'
import { functionNeed } from './gate.ts'
import { arnOf, findFunction, runnable } from './records.ts'
import { RunnerError, type RunnerErrorCode } from './runner.ts'

const mostPayloadBytes = 6 * 1024 * 1024

export const invoke: Operations<typeof Sdk> = {
  Invoke: {
    constraints: {
      InvocationType: { enum: ['Event', 'RequestResponse', 'DryRun'] },
      LogType: { enum: ['None', 'Tail'] },
    },
    needs: async ({ FunctionName }, call) => [
      await functionNeed('InvokeFunction', FunctionName, call),
    ],
    async handle(input, call) {
      const { FunctionName, InvocationType = 'RequestResponse', LogType, Qualifier } = input
      const record = await findFunction(call.documents, call, FunctionName, Qualifier)
      const event = (input.Payload as Uint8Array | undefined) ?? new Uint8Array()
      if (event.length > mostPayloadBytes)
        throw new AwsError(
          'RequestTooLargeException',
          `Request must be smaller than ${mostPayloadBytes} bytes for the InvokeFunction operation`,
          413,
        )
      checkJson(event)
      if (InvocationType === 'DryRun') return { StatusCode: 204 }
      if (InvocationType === 'Event')
        throw notSupported('An invocation that nobody waits for (Event)')
      const result = await call.functions
        .invoke(runnable(record), {
          requestId: call.requestId,
          invokedArn: arnOf(record),
          event,
          clientContext: contextOf(input.ClientContext),
          ...(record.reservedConcurrency !== undefined && {
            reservedConcurrency: record.reservedConcurrency,
          }),
        })
        .catch((error) => {
          throw error instanceof RunnerError ? refusal(error) : error
        })
      const { payload, functionError, logTail } = result
      return {
        StatusCode: 200,
        ExecutedVersion: '$LATEST',
        Payload: (payload instanceof Uint8Array ? payload : await whole(payload)) as NonNullable<
          Sdk.InvokeCommandOutput['Payload']
        >,
        ...(functionError !== undefined && { FunctionError: functionError }),
        ...(LogType === 'Tail' && {
          LogResult: Buffer.from(await logTail(), 'utf8').toString('base64'),
        }),
      }
    },
  },
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

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > mostPayloadBytes)
      throw new AwsError('ServiceException', 'The answer is larger than 6 MB.', 500)
    all.push(piece)
  }
  return Buffer.concat(all)
}

const refusals = {
  CONCURRENCY: ['TooManyRequestsException', 429],
  RESERVED_CONCURRENCY: ['TooManyRequestsException', 429],
  UNAVAILABLE: ['ServiceException', 500],
  INVALID_CODE: ['InvalidZipFileException', 502],
  ROLE: ['AccessDeniedException', 403],
} as const satisfies Record<RunnerErrorCode, readonly [string, number]>

function refusal({ code, message }: RunnerError): AwsError {
  const [name, status] = refusals[code]
  const reason =
    code === 'RESERVED_CONCURRENCY'
      ? { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }
      : code === 'CONCURRENCY'
        ? { Reason: 'ConcurrentInvocationLimitExceeded' }
        : {}
  return new AwsError(name, status === 429 ? 'Rate Exceeded.' : message, status, reason)
}
