/** One attempt at an event that nobody waits for, and what becomes of it: once more later, or over and told. */
import { AwsError } from '@sekisho/protocols'
import type { Documents } from '@sekisho/store'
import type { CallAws } from '../service.ts'
import { askFunction } from './ask.ts'
import { tellingCall } from './destinations.ts'
import {
  type Attempt,
  afterAttempt,
  type EventRecord,
  eventConfigOf,
  eventKeyOf,
  invocationRecord,
  isExpired,
} from './events.ts'
import { latest, qualifiedArnOf } from './names.ts'
import { lambdaCollections, type Resolved, resolveFunction } from './records.ts'
import { type FunctionRunner, RunnerError } from './runner.ts'

export interface RunEventOptions {
  readonly documents: Documents
  readonly functions: Pick<FunctionRunner, 'invoke'>
  /** Tells destinations, in the name of the function's role. */
  readonly aws: CallAws
  readonly now: () => number
  readonly newId: () => string
  /** In [0, 1). */
  readonly draw: () => number
  readonly isStopping: () => boolean
}

const collection = lambdaCollections.events

/**
 * Runs it once. When this ends before it is over, the event is still there: it is run again, as on AWS at least once.
 *
 * @param key  under which it is kept
 */
export async function runEvent(
  key: string,
  event: EventRecord,
  options: RunEventOptions,
): Promise<void> {
  const { documents, now } = options
  const config = await eventConfigOf(documents, event)
  let resolved: Resolved
  try {
    resolved = await resolveFunction(documents, event, options.draw)
  } catch (error) {
    // The function is gone, and its events with it.
    if (error instanceof AwsError) return forget(documents, key)
    throw error
  }
  const attempt = isExpired(event, config, now())
    ? ({ kind: 'expired' } as const)
    : await tried(event, resolved, options)
  if (options.isStopping()) return
  const next = afterAttempt(event, attempt, config, now(), resolved.fn.reservedConcurrency)
  if (next.kind === 'again') {
    await documents.transact(async (transaction) => {
      // Everything may have been taken away meanwhile.
      if ((await transaction.get(collection, key)) === undefined) return
      transaction.delete(collection, key)
      transaction.put(collection, eventKeyOf(next.event, next.dueAt), next.event)
    })
    return
  }
  const isSuccess = next.condition === 'Success'
  const record = invocationRecord(event, attempt, next.condition, now())
  const { deadLetterArn } = resolved.configuration
  try {
    const destination = isSuccess ? config?.onSuccess : config?.onFailure
    if (destination !== undefined)
      await tell(destination, record, isSuccess, event, resolved, options)
    if (!isSuccess && deadLetterArn !== undefined)
      await tell(deadLetterArn, event.payload, isSuccess, event, resolved, options)
  } finally {
    await forget(documents, key)
  }
}

async function tried(
  event: EventRecord,
  resolved: Resolved,
  { documents, functions, draw }: RunEventOptions,
): Promise<Attempt> {
  const invocation = {
    requestId: event.requestId,
    invokedArn: qualifiedArnOf({ ...event, qualifier: event.qualifier ?? latest }),
    event: Buffer.from(event.payload),
    clientContext: event.clientContext,
  }
  try {
    const again = () => resolveFunction(documents, event, draw)
    const { payload, functionError } = await askFunction(functions, resolved, invocation, again)
    return {
      kind: 'answered',
      version: resolved.version,
      payload: Buffer.from(payload).toString('utf8'),
      functionError,
    }
  } catch (error) {
    if (error instanceof RunnerError)
      return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}

/** As the function's role, which has to be allowed to. */
async function tell(
  destination: string,
  text: string,
  isSuccess: boolean,
  event: EventRecord,
  { configuration }: Resolved,
  { aws, newId, now }: RunEventOptions,
): Promise<void> {
  const { accountId, region, name, role } = configuration
  const call = tellingCall(destination, {
    text,
    isSuccess,
    functionName: name,
    functionArn: qualifiedArnOf({ ...event, qualifier: event.qualifier ?? latest }),
    id: newId(),
    nowMs: now(),
  })
  if (call === undefined) return
  await aws(...call, {
    service: 'lambda.amazonaws.com',
    accountId,
    // Buckets are of no region.
    region: destination.split(':')[3] || region,
    roleArn: role,
    sessionName: name,
    causedBy: event.requestId,
  })
}

function forget(documents: Documents, key: string): Promise<void> {
  return documents.transact((transaction) => transaction.delete(collection, key))
}
