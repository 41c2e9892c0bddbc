/** Log streams: the sequences of events of one source each. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Call, Operations } from '../service.ts'
import { alreadyExists, invalidParameter } from './errors.ts'
import { groupNeed, streamNeed } from './gate.ts'
import { groupName, newId } from './groups.ts'
import { makeToken, readToken } from './paging.ts'
import {
  type GroupRecord,
  groupOf,
  logsCollections,
  namedGroup,
  type StreamRecord,
  streamArn,
  streamOf,
} from './records.ts'
import { sweepGone } from './sweep.ts'

const largestPage = 50

const names = { minLength: 1, maxLength: 512 } as const
export const streamName = { logStreamName: [names, { pattern: /[^:*]*/ }] } as const

export const streams = {
  CreateLogStream: {
    constraints: { ...groupName, ...streamName },
    needs: async ({ logGroupName: name, logStreamName }, call) => [
      await streamNeed('CreateLogStream', { ...call, name }, logStreamName, call),
    ],
    async handle({ logGroupName: name, logStreamName }, call) {
      await call.documents.transact(async (transaction) => {
        const group = await groupOf(transaction, { ...call, name })
        const key = `${group.id}/${logStreamName}`
        if (await transaction.get(logsCollections.streams, key))
          throw alreadyExists('The specified log stream already exists')
        const record = newStream(logStreamName, call.ids, call.now.getTime())
        transaction.put(logsCollections.streams, key, record)
      })
      return {}
    },
  },

  DeleteLogStream: {
    constraints: { ...groupName, ...streamName },
    needs: async ({ logGroupName: name, logStreamName }, call) => [
      await streamNeed('DeleteLogStream', { ...call, name }, logStreamName, call),
    ],
    async handle({ logGroupName: name, logStreamName }, call) {
      await call.documents.transact(async (transaction) => {
        const group = await groupOf(transaction, { ...call, name })
        const stream = await streamOf(transaction, group, logStreamName)
        transaction.delete(logsCollections.streams, `${group.id}/${logStreamName}`)
        transaction.put(logsCollections.gone, stream.id, null)
      })
      await sweepGone(call.documents)
      return {}
    },
  },

  DescribeLogStreams: {
    constraints: {
      ...groupName,
      logStreamNamePrefix: streamName.logStreamName,
      orderBy: { enum: ['LogStreamName', 'LastEventTime'] },
      limit: { min: 1, max: largestPage },
    },
    needs: async (input, call) => [
      await groupNeed('DescribeLogStreams', namedGroup(input, call), call),
    ],
    async handle(input, call) {
      const isByTime = input.orderBy === 'LastEventTime'
      if (isByTime && input.logStreamNamePrefix !== undefined)
        throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
      const group = await groupOf(call.documents, namedGroup(input, call))
      const query: StreamQuery = {
        prefix: input.logStreamNamePrefix ?? '',
        isDescending: input.descending === true,
        after: readToken(input.nextToken),
        limit: input.limit ?? largestPage,
      }
      const found = await (isByTime ? byTime : byName)(group, query, call)
      const items = found.slice(0, query.limit)
      const last = found.length > query.limit ? items.at(-1) : undefined
      return {
        logStreams: items.map((stream) => shownStream(group, stream)),
        ...(last && { nextToken: makeToken(isByTime ? timeToken(last) : last.name) }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

export function newStream(name: string, ids: Call['ids'], nowMs: number): StreamRecord {
  return { id: newId(ids), name, createdAt: nowMs, nextNumber: 0 }
}

interface StreamQuery {
  readonly prefix: string
  readonly isDescending: boolean
  readonly after: string | undefined
  readonly limit: number
}

/** One more than the page has. */
async function byName(
  { id }: GroupRecord,
  { prefix, isDescending, after, limit }: StreamQuery,
  { documents }: Call,
): Promise<readonly StreamRecord[]> {
  const found = await documents.list<StreamRecord>(logsCollections.streams, {
    prefix: `${id}/${prefix}`,
    ...(after !== undefined && { [isDescending ? 'before' : 'after']: `${id}/${after}` }),
    isReversed: isDescending,
    limit: limit + 1,
  })
  return found.map(({ value }) => value)
}

async function byTime(
  { id }: GroupRecord,
  { isDescending, after }: StreamQuery,
  { documents }: Call,
): Promise<readonly StreamRecord[]> {
  const found = await documents.list<StreamRecord>(logsCollections.streams, { prefix: `${id}/` })
  const ordered = found
    .map(({ value }) => value)
    .sort((one, other) => (timeToken(one) < timeToken(other) ? -1 : 1))
  if (isDescending) ordered.reverse()
  if (after === undefined) return ordered
  return ordered.filter((stream) =>
    isDescending ? timeToken(stream) < after : timeToken(stream) > after,
  )
}

/** Sorts by time, then by name; streams without events come before all others. */
function timeToken({ lastEventAt = 0, name }: StreamRecord): string {
  return `${String(lastEventAt).padStart(15, '0')} ${name}`
}

/** AWS no longer counts bytes by stream, and any sequence token is taken. */
function shownStream(group: GroupRecord, stream: StreamRecord): Sdk.LogStream {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    firstEventTimestamp: stream.firstEventAt,
    lastEventTimestamp: stream.lastEventAt,
    lastIngestionTime: stream.lastIngestedAt,
    uploadSequenceToken: sequenceToken(stream),
    arn: streamArn(group, stream.name),
    storedBytes: 0,
  }
}

export function sequenceToken({ nextNumber }: StreamRecord): string {
  return String(nextNumber).padStart(56, '0')
}
