/** A function is asked, and its whole answer waited for. */
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { namedBy, type Owner, qualifiedArnOf } from './names.ts'
import { type Resolved, resolveFunction, runnable } from './records.ts'
import {
  type FunctionRunner,
  type Invocation,
  type InvocationResult,
  RunnerError,
  type RunnerErrorCode,
} from './runner.ts'

/** Six megabytes, and room for what an escaped text is wrapped in. */
const mostPayloadBytes = 6_291_556

export interface Asked {
  readonly payload: Uint8Array
  readonly functionError?: 'Handled' | 'Unhandled'
  readonly logTail: () => Promise<string>
}

/**
 * Asks for a function to be run.
 *
 * @param again  what the function is now: its code may be replaced between the look at it and its unpacking
 * @throws RunnerError
 */
export async function beginInvocation(
  functions: Pick<FunctionRunner, 'invoke'>,
  resolved: Resolved,
  invocation: Omit<Invocation, 'reservedConcurrency'>,
  again: () => Promise<Resolved>,
): Promise<InvocationResult> {
  const ask = (each: Resolved) => {
    const { reservedConcurrency } = each.fn
    return functions.invoke(
      runnable(each),
      reservedConcurrency === undefined ? invocation : { ...invocation, reservedConcurrency },
    )
  }
  try {
    return await ask(resolved)
  } catch (error) {
    if (!(error instanceof RunnerError) || error.code !== 'INVALID_CODE') throw error
    const now = await again()
    if (now.configuration.code.blob === resolved.configuration.code.blob) throw error
    return ask(now)
  }
}

/** As `beginInvocation`, to the end. @throws RunnerError */
export async function askFunction(...asked: Parameters<typeof beginInvocation>): Promise<Asked> {
  const result = await beginInvocation(...asked)
  if (isWhole(result) && result.payload.length <= mostPayloadBytes) return result
  const { payload, failure, ...rest } = result
  const bytes = payload instanceof Uint8Array ? payload : await whole(payload, failure)
  if (bytes !== undefined && 'failed' in bytes)
    return { ...rest, payload: bytes.failed, functionError: 'Unhandled' }
  if (bytes !== undefined && bytes.length <= mostPayloadBytes) return { ...rest, payload: bytes }
  return { ...rest, payload: tooLargeAnswer, functionError: 'Unhandled' }
}

function isWhole(
  result: InvocationResult,
): result is InvocationResult & { readonly payload: Uint8Array } {
  return result.payload instanceof Uint8Array
}

/** @see Lambda Developer Guide, "Lambda quotas" (invocation payload) */
const tooLargeAnswer = Buffer.from(
  JSON.stringify({
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    errorType: 'Function.ResponseSizeTooLarge',
  }),
)

/** Undefined: more than may be. */
async function whole(
  pieces: AsyncIterable<Uint8Array>,
  failure: Promise<Uint8Array | undefined> | undefined,
): Promise<Uint8Array | { readonly failed: Uint8Array } | undefined> {
  const all: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of pieces) {
      bytes += piece.length
      if (bytes > mostPayloadBytes) return undefined
      all.push(piece)
    }
  } catch (error) {
    const failed = await failure
    if (failed === undefined) throw error
    return { failed }
  }
  return Buffer.concat(all)
}

/** What a name stands for with every call, until something changes. */
export interface Steady {
  readonly resolved: Resolved
  readonly invokedArn: string
  /** As it is now. */
  readonly again: () => Promise<Resolved>
}

/**
 * Undefined: an alias leads to two versions, and each call is drawn for itself.
 *
 * @param name  a name or an ARN, with or without a version or alias
 * @throws AwsError ResourceNotFoundException
 */
export async function findSteady(
  reader: Reader,
  owner: Owner,
  name: string,
): Promise<Steady | undefined> {
  const named = namedBy(name, owner)
  const again = () => resolveFunction(reader, named)
  const resolved = await again()
  // Where anything is drawn, the least of all numbers leads to the other version.
  const drawn = await resolveFunction(reader, named, () => 0)
  if (drawn.version !== resolved.version) return undefined
  return { resolved, invokedArn: qualifiedArnOf(named), again }
}

const refusals = {
  CONCURRENCY: ['TooManyRequestsException', 429],
  RESERVED_CONCURRENCY: ['TooManyRequestsException', 429],
  UNAVAILABLE: ['ServiceException', 500],
  INVALID_CODE: ['InvalidZipFileException', 502],
  ROLE: ['AccessDeniedException', 403],
} as const satisfies Record<RunnerErrorCode, readonly [string, number]>

const reasons: Partial<Record<RunnerErrorCode, string>> = {
  CONCURRENCY: 'ConcurrentInvocationLimitExceeded',
  RESERVED_CONCURRENCY: 'ReservedFunctionConcurrentInvocationLimitExceeded',
}

/** What a caller is told where the function could not be asked; anything else goes on as it is. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof RunnerError)) return error
  const [name, status] = refusals[error.code]
  const reason = reasons[error.code]
  const message = reason === undefined ? error.message : 'Rate Exceeded.'
  return new AwsError(name, message, status, reason === undefined ? {} : { Reason: reason })
}
