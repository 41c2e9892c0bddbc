/** Events that nobody waits for: how they are kept until they have been run, and what follows an attempt. */
import type { Documents, Reader } from '@sekisho/store'
import type { EventConfigRecord } from './event-configs.ts'
import { latest, type Named, qualifiedArnOf, qualifiedKeyOf } from './names.ts'
import { lambdaCollections } from './records.ts'
import type { RunnerErrorCode } from './runner.ts'

export interface EventRecord extends Named {
  /** Of the call that brought it; the same at every attempt. */
  readonly requestId: string
  /** JSON, or nothing. */
  readonly payload: string
  readonly clientContext?: string
  /** Epoch milliseconds. */
  readonly acceptedAt: number
  /** How often the function was asked, and failed. */
  readonly failures: number
  /** How often it could not be asked. */
  readonly refusals: number
}

/** What an event is found by: all that has to be known of it before it is due. */
export interface EventKey {
  /** Epoch milliseconds. */
  readonly dueAt: number
  /** `account/region/name` */
  readonly functionKey: string
  readonly bytes: number
}

export function eventKeyOf(event: EventRecord, dueAt: number): string {
  const { accountId, region, name, requestId, payload } = event
  const due = String(Math.floor(dueAt)).padStart(15, '0')
  return `${due}/${accountId}/${region}/${name}/${requestId}/${Buffer.byteLength(payload)}`
}

export function readEventKey(key: string): EventKey {
  const [due, accountId, region, name, , bytes] = key.split('/')
  return {
    dueAt: Number(due),
    functionKey: `${accountId}/${region}/${name}`,
    bytes: Number(bytes),
  }
}

/** On disk when it resolves. */
export function keepEvent(documents: Documents, event: EventRecord, dueAt: number): Promise<void> {
  return documents.transact((transaction) =>
    transaction.put(lambdaCollections.events, eventKeyOf(event, dueAt), event),
  )
}

/** How events of a version or alias are treated. */
export async function eventConfigOf(
  reader: Reader,
  named: Named,
): Promise<EventConfigRecord | undefined> {
  const key = qualifiedKeyOf(named)
  return (await reader.get<EventConfigRecord>(lambdaCollections.eventConfigs, key))?.value
}

export type Attempt =
  | {
      readonly kind: 'answered'
      readonly version: string
      /** JSON. */
      readonly payload: string
      readonly functionError?: string | undefined
    }
  | { readonly kind: 'refused'; readonly code: RunnerErrorCode; readonly message: string }
  /** It was not tried: its time was over. */
  | { readonly kind: 'expired' }

export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded'

export type Next =
  | { readonly kind: 'again'; readonly event: EventRecord; readonly dueAt: number }
  | { readonly kind: 'over'; readonly condition: Condition }

/** @see Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation" */
const retryMs = [60_000, 120_000] as const
const firstRefusalMs = 1_000
const longestRefusalMs = 300_000
const defaults = { retries: 2, ageSeconds: 21_600 } as const

export function isExpired(
  { acceptedAt }: EventRecord,
  config: EventConfigRecord | undefined,
  nowMs: number,
): boolean {
  return nowMs - acceptedAt > (config?.maximumAgeSeconds ?? defaults.ageSeconds) * 1_000
}

export function afterAttempt(
  event: EventRecord,
  attempt: Attempt,
  config: EventConfigRecord | undefined,
  nowMs: number,
  reservedConcurrency?: number,
): Next {
  if (attempt.kind === 'expired') return { kind: 'over', condition: 'EventAgeExceeded' }
  if (attempt.kind === 'answered') {
    if (attempt.functionError === undefined) return { kind: 'over', condition: 'Success' }
    const { failures } = event
    const retries = config?.maximumRetries ?? defaults.retries
    if (failures >= retries) return { kind: 'over', condition: 'RetriesExhausted' }
    const again = { ...event, failures: failures + 1 }
    return { kind: 'again', event: again, dueAt: nowMs + retryMs[Math.min(failures, 1)]! }
  }
  // A function that may not run at all is not asked again and again.
  if (reservedConcurrency === 0) return { kind: 'over', condition: 'RetriesExhausted' }
  const waitMs = Math.min(longestRefusalMs, firstRefusalMs * 2 ** Math.min(event.refusals, 20))
  return {
    kind: 'again',
    event: { ...event, refusals: event.refusals + 1 },
    dueAt: nowMs + waitMs,
  }
}

/**
 * What a destination is told.
 * @see Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"
 */
export function invocationRecord(
  event: EventRecord,
  attempt: Attempt,
  condition: Condition,
  nowMs: number,
): string {
  const { failures, requestId, payload } = event
  const functionArn = qualifiedArnOf({ ...event, qualifier: event.qualifier ?? latest })
  const record = {
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId,
      functionArn,
      condition,
      approximateInvokeCount: failures + (attempt.kind === 'answered' ? 1 : 0),
    },
    requestPayload: json(payload),
    ...(attempt.kind === 'answered' && {
      responseContext: {
        statusCode: 200,
        executedVersion: attempt.version,
        ...(attempt.functionError !== undefined && { functionError: attempt.functionError }),
      },
      responsePayload: json(attempt.payload),
    }),
  }
  return JSON.stringify(record)
}

function json(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
