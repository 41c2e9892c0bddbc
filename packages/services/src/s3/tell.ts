/** Events that were noted are told to the functions that asked for them, until they are taken. */
import { AwsError } from '@sekisho/protocols'
import type { Documents } from '@sekisho/store'
import type { CallAws } from '../service.ts'
import type { EventRecord } from './events.ts'
import { s3Collections } from './records.ts'

/** At once. */
const most = 100
const firstPauseMs = 1_000
const longestPauseMs = 300_000
/** What nobody takes for a day is given up. */
const lifeMs = 86_400_000

/**
 * @param gaveUp  hears of what is dropped
 * @returns when the next one is due; undefined: none is left
 */
export async function tellEvents(
  documents: Documents,
  aws: CallAws,
  nowMs: number,
  gaveUp: (functionArn: string, why: string) => void,
): Promise<number | undefined> {
  let next: number | undefined
  let after: string | undefined
  for (;;) {
    const page = await documents.list<EventRecord>(s3Collections.events, {
      limit: most,
      ...(after !== undefined && { after }),
    })
    const due = page.filter(({ value }) => value.dueAt <= nowMs)
    const outcomes = await Promise.all(
      due.map(async ({ key, value }) => ({ key, value, failure: await tell(value, aws) })),
    )
    const again = new Map<string, EventRecord>()
    for (const { key, value, failure } of outcomes) {
      if (failure === undefined) continue
      if (nowMs - value.notedAt >= lifeMs) gaveUp(value.functionArn, failure)
      else again.set(key, { ...value, attempts: value.attempts + 1, dueAt: nowMs + pauseOf(value) })
    }
    if (outcomes.length > 0)
      await documents.transact((transaction) => {
        for (const { key } of outcomes) {
          const kept = again.get(key)
          if (kept) transaction.put(s3Collections.events, key, kept)
          else transaction.delete(s3Collections.events, key)
        }
      })
    for (const { key, value } of page) {
      const at = again.get(key)?.dueAt ?? (value.dueAt > nowMs ? value.dueAt : undefined)
      if (at !== undefined) next = Math.min(next ?? at, at)
    }
    if (page.length < most) return next
    after = page.at(-1)!.key
  }
}

function pauseOf({ attempts }: EventRecord): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts, 20))
}

/** @returns why not */
async function tell(event: EventRecord, aws: CallAws): Promise<string | undefined> {
  const { functionArn, bucketArn: sourceArn, accountId, causedBy, payload } = event
  try {
    await aws(
      'lambda',
      'Invoke',
      { FunctionName: functionArn, InvocationType: 'Event', Payload: Buffer.from(payload) },
      {
        service: 's3.amazonaws.com',
        accountId,
        region: functionArn.split(':')[3]!,
        sourceArn,
        causedBy,
      },
    )
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error.code
    throw error
  }
}
