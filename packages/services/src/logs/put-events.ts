/** PutLogEvents: which events of a batch are taken, and which are too old or too new? */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Operations } from '../service.ts'
import { appendEvents, eventOverheadBytes, type NewEvent } from './append.ts'
import { invalidParameter, noGroup, noStream } from './errors.ts'
import { streamNeed } from './gate.ts'
import { groupName } from './groups.ts'
import { groupOf, keptSince } from './records.ts'
import { sequenceToken, streamName } from './streams.ts'

/** @see CloudWatch Logs API Reference, "PutLogEvents" */
const limits = {
  events: 10_000,
  batchBytes: 1_048_576,
  spanMs: 24 * 3_600_000,
  newestMs: 2 * 3_600_000,
  oldestMs: 14 * 24 * 3_600_000,
} as const

export const putEvents = {
  PutLogEvents: {
    constraints: {
      ...groupName,
      ...streamName,
      logEvents: { minLength: 1, maxLength: limits.events },
      'logEvents.*.message': { minLength: 1 },
      'logEvents.*.timestamp': { min: 0 },
    },
    needs: async ({ logGroupName: name, logStreamName }, call) => [
      await streamNeed('PutLogEvents', { ...call, name }, logStreamName, call),
    ],
    async handle({ logGroupName: name, logStreamName, logEvents, entity }, call) {
      const events = logEvents.map(({ timestamp, message }) => ({
        at: timestamp!,
        message: message!,
      }))
      checkBatch(events)
      const group = await groupOf(call.documents, { ...call, name })
      const nowMs = call.now.getTime()
      const { taken, rejected } = sorted(events, nowMs, keptSince(group, nowMs))
      const appended = await appendEvents(call.documents, {
        group,
        streamName: logStreamName,
        events: taken,
        nowMs,
        makes: 'nothing',
        ids: call.ids,
      })
      if (appended === 'no group') throw noGroup()
      if (appended === 'no stream') throw noStream()
      return {
        nextSequenceToken: sequenceToken(appended),
        ...(rejected && { rejectedLogEventsInfo: rejected }),
        // Telemetry of entities is kept nowhere here, and the caller is told so.
        ...(entity && { rejectedEntityInfo: { errorType: 'UnsupportedLogGroupType' as const } }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError InvalidParameterException */
function checkBatch(events: readonly NewEvent[]): void {
  let sizeBytes = 0
  for (const [at, event] of events.entries()) {
    sizeBytes += Buffer.byteLength(event.message) + eventOverheadBytes
    if (at > 0 && event.at < events[at - 1]!.at)
      throw invalidParameter(
        'Log events in a single PutLogEvents request must be in chronological order.',
      )
  }
  if (sizeBytes > limits.batchBytes)
    throw invalidParameter(
      `Upload too large: ${sizeBytes} bytes exceeds limit of ${limits.batchBytes}`,
    )
  if (events.at(-1)!.at - events[0]!.at > limits.spanMs)
    throw invalidParameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    )
}

/** Indexes as AWS gives them: the first that is too new, and one beyond the last that is too old. */
function sorted(
  events: readonly NewEvent[],
  nowMs: number,
  keptSinceMs: number,
): { readonly taken: readonly NewEvent[]; readonly rejected?: Sdk.RejectedLogEventsInfo } {
  const tooOld = countBefore(events, nowMs - limits.oldestMs)
  const expired = countBefore(events, keptSinceMs)
  const tooNew = countBefore(events, nowMs + limits.newestMs + 1)
  const taken = events.slice(Math.max(tooOld, expired), tooNew)
  if (taken.length === events.length) return { taken }
  return {
    taken,
    rejected: {
      ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
    },
  }
}

function countBefore(events: readonly NewEvent[], ms: number): number {
  const at = events.findIndex((event) => event.at >= ms)
  return at < 0 ? events.length : at
}
