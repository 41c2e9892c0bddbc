/** FilterLogEvents and TestMetricFilter: which events fit a pattern? */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Reader } from '@sekisho/store'
import type { Operations } from '../service.ts'
import { eventOverheadBytes } from './append.ts'
import { invalidParameter, notSupported } from './errors.ts'
import { type FilterPattern, readPattern } from './filter/pattern.ts'
import { groupNeed } from './gate.ts'
import { pageLimits } from './get-events.ts'
import { groupName } from './groups.ts'
import { makeToken, readToken } from './paging.ts'
import { compareStreamEvents, type StreamEvent, spansOfAll, type Window } from './read.ts'
import {
  type GroupRecord,
  groupOf,
  keptSince,
  logsCollections,
  namedGroup,
  type StreamRecord,
  streamOf,
} from './records.ts'
import { streamName } from './streams.ts'

/** What one call looks at: a page may have no events and yet a token. */
const mostScannedBytes = 4 * 1_048_576
/** After so much others have their turn: patterns may take a second for all of it. */
const turnBytes = 65_536

const patternLength = { minLength: 0, maxLength: 1_024 } as const

export const filterEvents = {
  FilterLogEvents: {
    constraints: {
      ...groupName,
      logStreamNames: { minLength: 1, maxLength: 100 },
      logStreamNamePrefix: streamName.logStreamName,
      filterPattern: patternLength,
      limit: { min: 1, max: pageLimits.events },
      startTime: { min: 0 },
      endTime: { min: 0 },
    },
    needs: async (input, call) => {
      const group = namedGroup(input, call)
      const filtering = await groupNeed('FilterLogEvents', group, call)
      return input.unmask === true
        ? [filtering, await groupNeed('Unmask', group, call)]
        : [filtering]
    },
    async handle(input, call) {
      const { logStreamNames: names, logStreamNamePrefix: prefix } = input
      if (names !== undefined && prefix !== undefined)
        throw invalidParameter(
          'LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.',
        )
      if (input.startFromHead === false) throw notSupported('Filtering from the newest event')
      const pattern = readPattern(input.filterPattern ?? '')
      const after = readPosition(input.nextToken)
      const group = await groupOf(call.documents, namedGroup(input, call))
      const streams = await streamsOf(call.documents, group, names, prefix)
      const from = Math.max(input.startTime ?? 0, keptSince(group, call.now.getTime()))
      const window = { from, until: input.endTime === undefined ? furthest : input.endTime + 1 }
      const page = await pageOf(call.documents, streams, {
        window,
        after,
        pattern,
        limit: input.limit ?? pageLimits.events,
      })
      return {
        events: page.events.map(shownEvent),
        searchedLogStreams: [],
        ...(page.next && { nextToken: writePosition(page.next) }),
      }
    },
  },

  TestMetricFilter: {
    constraints: {
      filterPattern: patternLength,
      logEventMessages: { minLength: 1, maxLength: 50 },
    },
    needs: () => [{ action: 'logs:TestMetricFilter', resource: '*' }],
    async handle({ filterPattern, logEventMessages }) {
      const pattern = readPattern(filterPattern)
      return {
        matches: logEventMessages.flatMap((eventMessage, at) => {
          const extractedValues = pattern.match(eventMessage)
          return extractedValues === undefined
            ? []
            : [{ eventNumber: at + 1, eventMessage, extractedValues: { ...extractedValues } }]
        }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

const furthest = 9_999_999_999_999

/** @throws AwsError ResourceNotFoundException  one of those that are named is not there */
async function streamsOf(
  reader: Reader,
  group: GroupRecord,
  names: readonly string[] | undefined,
  prefix = '',
): Promise<readonly StreamRecord[]> {
  if (names === undefined) {
    const range = { prefix: `${group.id}/${prefix}` }
    const found = await reader.list<StreamRecord>(logsCollections.streams, range)
    return found.map(({ value }) => value)
  }
  return Promise.all([...new Set(names)].map((name) => streamOf(reader, group, name)))
}

interface PageQuery {
  readonly window: Window
  readonly after: StreamEvent | undefined
  readonly pattern: FilterPattern
  readonly limit: number
}

interface Page {
  readonly events: readonly StreamEvent[]
  /** Behind which the next page begins, where there may be one. */
  readonly next?: StreamEvent
}

async function pageOf(
  reader: Reader,
  streams: readonly StreamRecord[],
  { window, after, pattern, limit }: PageQuery,
): Promise<Page> {
  const from = Math.max(window.from, after?.event[1] ?? 0)
  const events: StreamEvent[] = []
  let scannedBytes = 0
  let foundBytes = 0
  let last: StreamEvent | undefined
  let turnEnd = turnBytes
  for await (const together of spansOfAll(reader, streams, { ...window, from })) {
    for (const found of together) {
      const [, at, , message] = found.event
      if (at < window.from || at >= window.until) continue
      if (after !== undefined && compareStreamEvents(found, after) <= 0) continue
      // Only when something follows is there a next page.
      if (events.length >= limit || scannedBytes > mostScannedBytes)
        return { events, ...(last && { next: last }) }
      if (scannedBytes > turnEnd) {
        await new Promise((go) => setImmediate(go))
        turnEnd = scannedBytes + turnBytes
      }
      const sizeBytes = Buffer.byteLength(message) + eventOverheadBytes
      scannedBytes += sizeBytes
      if (pattern.match(message) !== undefined) {
        foundBytes += sizeBytes
        if (events.length > 0 && foundBytes > pageLimits.bytes)
          return { events, ...(last && { next: last }) }
        events.push(found)
      }
      last = found
    }
  }
  return { events }
}

/** 56 digits that no other event has, and that sort by time. */
function shownEvent({ stream, event }: StreamEvent): Sdk.FilteredLogEvent {
  const [number, timestamp, ingestionTime, message] = event
  return {
    logStreamName: stream.name,
    timestamp,
    message,
    ingestionTime,
    eventId: `3${String(timestamp).padStart(14, '0')}${digitsOf(stream.id)}${String(number).padStart(15, '0')}`,
  }
}

/** The 20 characters of an id as a number: 31 digits are more than they need, 26 nearly tell all apart. */
function digitsOf(id: string): string {
  let value = 0n
  for (const character of id) value = value * 36n + BigInt(Number.parseInt(character, 36))
  return String(value % 10n ** 26n).padStart(26, '0')
}

function writePosition({ stream, event: [number, at] }: StreamEvent): string {
  return makeToken(`${at}/${stream.id}/${number}`)
}

/** @throws AwsError InvalidParameterException */
function readPosition(token: string | undefined): StreamEvent | undefined {
  const text = readToken(token)
  if (text === undefined) return undefined
  const [, at, id, number] = /^(\d{1,15})\/([0-9a-z]{20})\/(\d{1,15})$/.exec(text) ?? []
  if (id === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return {
    stream: { id, name: '', createdAt: 0, nextNumber: 0 },
    event: [Number(number), Number(at), 0, ''],
  }
}
