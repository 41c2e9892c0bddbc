/** What waits to be given to a target: kept until the target has taken it, or it is given up. */
import type { Documents, Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { timeKey, timeOfKey } from './runs.ts'

export const deliveriesCollection = 'timetable-deliveries'
const backlogCollection = 'timetable-backlog'
const backlogKey = 'full'

/** All that may wait. */
export const mostWaiting = { deliveries: 100_000, bytes: 512 * 1024 * 1024 } as const

/** Times are epoch milliseconds. */
export interface Delivery {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly service: 'events.amazonaws.com' | 'scheduler.amazonaws.com'
  /** The rule or schedule whose target it is. */
  readonly originArn: string
  /** `aws:SourceArn` of the call. */
  readonly sourceArn: string
  readonly roleArn?: string | undefined
  readonly targetArn: string
  /** JSON text, as the target gets it. */
  readonly payload: string
  /** Of events that a scheduled event becomes on a bus. */
  readonly asEvent?: { readonly source: string; readonly detailType: string } | undefined
  /** Of the event or the run. */
  readonly time: number
  readonly since: number
  readonly attempts: number
  readonly mostRetries: number
  readonly mostAgeMs: number
  readonly deadLetterArn?: string | undefined
  /** The schedule's record, which is deleted when this is done. */
  readonly completes?: string | undefined
}

/** @see EventBridge User Guide, "How EventBridge retries delivering events"; Scheduler API Reference, "RetryPolicy" */
export const retryDefaults = { mostRetries: 185, mostAgeMs: 86_400_000 } as const

/** Its key says when it is due, and how large it is. */
export function putDelivery(transaction: Transaction, dueMs: number, delivery: Delivery): void {
  const bytes = Buffer.byteLength(delivery.payload)
  transaction.put(deliveriesCollection, `${timeKey(dueMs)}/${delivery.id}/${bytes}`, delivery)
}

export function bytesOfKey(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}

/** Whether more waits than may; every process of a server reads it before it takes events. */
export async function isBacklogFull(reader: Reader): Promise<boolean> {
  return (await reader.get(backlogCollection, backlogKey)) !== undefined
}

export async function keepBacklogFull(documents: Documents, isFull: boolean): Promise<void> {
  await documents.transact((transaction) =>
    isFull
      ? transaction.put(backlogCollection, backlogKey, null)
      : transaction.delete(backlogCollection, backlogKey),
  )
}

export interface Due {
  readonly key: string
  readonly delivery: Delivery
}

/** @param after  the key of one before it, to go on from */
export async function dueDeliveries(
  reader: Reader,
  nowMs: number,
  limit: number,
  after?: string,
): Promise<readonly Due[]> {
  const range = { before: timeKey(nowMs + 1), limit, ...(after !== undefined && { after }) }
  const found = await reader.list<Delivery>(deliveriesCollection, range)
  return found.map(({ key, value }) => ({ key, delivery: value }))
}

/** The first that is due after an instant; epoch milliseconds. */
export async function nextDeliveryAt(reader: Reader, afterMs: number): Promise<number | undefined> {
  const range = { after: timeKey(afterMs + 1), limit: 1 }
  const [first] = await reader.list(deliveriesCollection, range)
  return first && timeOfKey(first.key)
}

/** Deletes the schedule that has had its last run. */
export type Complete = (transaction: Transaction, key: string) => Promise<void>

/** The target has it. */
export async function settleDelivery(
  documents: Documents,
  { key, delivery }: Due,
  complete: Complete,
): Promise<void> {
  await documents.transact(async (transaction) => {
    transaction.delete(deliveriesCollection, key)
    if (delivery.completes !== undefined) await complete(transaction, delivery.completes)
  })
}

/** Why a target did not take it. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** Another attempt may do better. */
  readonly isPassing: boolean
}

export type Outcome = 'retried' | 'dead letter' | 'dropped'

/** Another attempt later; where none is left, to the dead letters. */
export async function failDelivery(
  documents: Documents,
  { key, delivery }: Due,
  failure: Failure,
  { nowMs, ids, complete }: { nowMs: number; ids: Call['ids']; complete: Complete },
): Promise<Outcome> {
  const attempts = delivery.attempts + 1
  const exhausted = exhaustedBy({ ...delivery, attempts }, nowMs)
  const isRetried = failure.isPassing && exhausted === undefined
  const letter = isRetried ? undefined : deadLetterOf({ ...delivery, attempts }, failure, exhausted)
  await documents.transact(async (transaction) => {
    transaction.delete(deliveriesCollection, key)
    if (isRetried)
      putDelivery(transaction, nowMs + pauseMs(attempts, ids), { ...delivery, attempts })
    if (letter) putDelivery(transaction, nowMs, { ...letter, id: ids.uuid(), since: nowMs })
    if (!isRetried && delivery.completes !== undefined)
      await complete(transaction, delivery.completes)
  })
  if (isRetried) return 'retried'
  return letter === undefined ? 'dropped' : 'dead letter'
}

type Exhausted = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds'

function exhaustedBy(delivery: Delivery, nowMs: number): Exhausted | undefined {
  if (delivery.attempts > delivery.mostRetries) return 'MaximumRetryAttempts'
  if (nowMs - delivery.since >= delivery.mostAgeMs) return 'MaximumEventAgeInSeconds'
  return undefined
}

const firstPauseMs = 1_000
const longestPauseMs = 15 * 60_000

/** Doubled each time, and spread: what failed together does not come back together. */
function pauseMs(attempts: number, ids: Call['ids']): number {
  const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 20))
  return whole / 2 + (whole / 2) * fraction(ids)
}

/** From 0 up to 1. */
export function fraction(ids: Call['ids']): number {
  return Number(ids.text('0123456789', 6)) / 1_000_000
}

/**
 * AWS's dead letters go to queues, with these attributes beside the event; functions and log groups get both in one.
 *
 * @see EventBridge User Guide, "Using dead-letter queues to process undelivered events"
 */
function deadLetterOf(
  { deadLetterArn, completes: _, ...delivery }: Delivery,
  { code, message }: Failure,
  exhausted: Exhausted | undefined,
): Delivery | undefined {
  if (deadLetterArn === undefined) return undefined
  const attributes = {
    ERROR_CODE: code,
    ERROR_MESSAGE: message,
    ...(exhausted !== undefined && { EXHAUSTED_RETRY_CONDITION: exhausted }),
    RETRY_ATTEMPTS: String(delivery.attempts - 1),
    [delivery.service === 'events.amazonaws.com' ? 'RULE_ARN' : 'SCHEDULE_ARN']: delivery.originArn,
    TARGET_ARN: delivery.targetArn,
  }
  return {
    ...delivery,
    ...retryDefaults,
    targetArn: deadLetterArn,
    payload: JSON.stringify({ attributes, body: delivery.payload }),
    asEvent: undefined,
    attempts: 0,
  }
}
