/** GetLogEvents: the events of one stream, page by page in both directions. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Reader } from '@sekisho/store'
import type { Operations } from '../service.ts'
import { eventOverheadBytes } from './append.ts'
import { invalidParameter } from './errors.ts'
import { streamNeed } from './gate.ts'
import { groupName } from './groups.ts'
import { compareEvents, spansOf, type Window } from './read.ts'
import {
  groupOf,
  type KeptEvent,
  keptSince,
  namedGroup,
  type StreamRecord,
  streamOf,
} from './records.ts'
import { streamName } from './streams.ts'

/** @see CloudWatch Logs API Reference, "GetLogEvents" */
export const pageLimits = { events: 10_000, bytes: 1_048_576 } as const

export const getEvents = {
  GetLogEvents: {
    constraints: {
      ...groupName,
      ...streamName,
      limit: { min: 1, max: pageLimits.events },
      startTime: { min: 0 },
      endTime: { min: 0 },
    },
    needs: async (input, call) => {
      const group = namedGroup(input, call)
      const reading = await streamNeed('GetLogEvents', group, input.logStreamName, call)
      if (input.unmask !== true) return [reading]
      return [reading, await streamNeed('Unmask', group, input.logStreamName, call)]
    },
    async handle(input, call) {
      const { startTime = 0, endTime = furthest, startFromHead = false, nextToken } = input
      const group = await groupOf(call.documents, namedGroup(input, call))
      const stream = await streamOf(call.documents, group, input.logStreamName)
      const from = Math.max(startTime, keptSince(group, call.now.getTime()))
      const token = nextToken === undefined ? undefined : readPosition(nextToken)
      const events = await pageOf(call.documents, stream, {
        window: { from, until: endTime },
        isForward: token ? token.isForward : startFromHead,
        at: token?.position,
        limit: input.limit ?? pageLimits.events,
      })
      // At an end the same token comes back.
      const first = events[0] ?? token?.position ?? beginning
      const last = events.at(-1) ?? token?.position ?? beginning
      return {
        events: events.map(([, timestamp, ingestionTime, message]) => ({
          timestamp,
          message,
          ingestionTime,
        })),
        nextForwardToken: writePosition('f', last),
        nextBackwardToken: writePosition('b', first),
      }
    },
  },
} satisfies Operations<typeof Sdk>

const furthest = 9_999_999_999_999
type Position = readonly [number: number, at: number, ...rest: unknown[]]
/** Before every event, so that the first one is behind it. */
const beginning: Position = [-1, 0]

interface PageQuery {
  readonly window: Window
  readonly isForward: boolean
  /** The page begins behind this event, or ends before it. */
  readonly at: Position | undefined
  readonly limit: number
}

async function pageOf(
  reader: Reader,
  stream: StreamRecord,
  { window, isForward, at, limit }: PageQuery,
): Promise<readonly KeptEvent[]> {
  const near: Window = isForward
    ? { ...window, from: Math.max(window.from, at?.[1] ?? 0) }
    : { ...window, until: Math.min(window.until, at === undefined ? furthest : at[1] + 1) }
  const found: KeptEvent[] = []
  let sizeBytes = 0
  for await (const { events } of spansOf(reader, stream, near, !isForward)) {
    for (const event of isForward ? events : events.toReversed()) {
      const [, time, , message] = event
      if (time < window.from || time >= window.until) continue
      if (at !== undefined && compareEvents(event, at) * (isForward ? 1 : -1) <= 0) continue
      sizeBytes += Buffer.byteLength(message) + eventOverheadBytes
      if (found.length > 0 && sizeBytes > pageLimits.bytes) return inOrder(found, isForward)
      found.push(event)
      if (found.length >= limit) return inOrder(found, isForward)
    }
  }
  return inOrder(found, isForward)
}

function inOrder(found: KeptEvent[], isForward: boolean): readonly KeptEvent[] {
  return isForward ? found : found.reverse()
}

/** `f/` or `b/`, and 56 digits: time, then one more than the number. */
function writePosition(direction: 'f' | 'b', [number, at]: Position): string {
  return `${direction}/${String(at).padStart(28, '0')}${String(number + 1).padStart(28, '0')}/s`
}

function readPosition(token: string): {
  readonly isForward: boolean
  readonly position: Position
} {
  const [, direction, at, number] = /^([fb])\/0{13}(\d{15})0{13}(\d{15})\/s$/.exec(token) ?? []
  if (direction === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return { isForward: direction === 'f', position: [Number(number) - 1, Number(at)] }
}
