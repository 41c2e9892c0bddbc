/** Events into streams: everything that waits for one group goes in together, and is on disk when it is acknowledged. */
import type { Documents, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { newGroup } from './groups.ts'
import {
  type GroupName,
  type GroupRecord,
  groupKey,
  type KeptEvent,
  logsCollections,
  type StreamRecord,
  segmentKey,
  spanOf,
} from './records.ts'
import { newStream } from './streams.ts'

export interface NewEvent {
  /** Epoch milliseconds. */
  readonly at: number
  readonly message: string
}

export interface Batch {
  readonly group: GroupName
  readonly streamName: string
  /** In the order of their times. */
  readonly events: readonly NewEvent[]
  readonly nowMs: number
  /** What is made where it is missing. */
  readonly makes: 'nothing' | 'stream' | 'group and stream'
  readonly ids: Call['ids']
}

/** The stream after it, or what it lacks. */
export type Appended = StreamRecord | 'no group' | 'no stream'

/** What AWS counts for an event beside its message. @see CloudWatch Logs API Reference, "PutLogEvents" */
export const eventOverheadBytes = 26

/** A segment is added to until it has this many characters: what an addition rewrites stays small. */
const openSize = 16_384
/** Waiting batches that go into one transaction. */
const mostTogether = 500

interface Waiting {
  readonly batch: Batch
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** What waits for each group, while an earlier transaction of the group is under way. */
const queues = new WeakMap<Documents, Map<string, Waiting[]>>()

/** Resolves when the events are on disk. */
export function appendEvents(documents: Documents, batch: Batch): Promise<Appended> {
  let groups = queues.get(documents)
  if (groups === undefined) queues.set(documents, (groups = new Map()))
  const key = groupKey(batch.group)
  const { promise, resolve, reject } = Promise.withResolvers<Appended>()
  const waiting = { batch, resolve, reject }
  const queue = groups.get(key)
  if (queue) queue.push(waiting)
  else {
    groups.set(key, [waiting])
    void drain(documents, groups, key)
  }
  return promise
}

async function drain(
  documents: Documents,
  groups: Map<string, Waiting[]>,
  key: string,
): Promise<void> {
  const queue = groups.get(key)!
  // Who comes in the same turn goes along.
  await undefined
  while (queue.length > 0) {
    const together = queue.splice(0, mostTogether)
    const batches = together.map(({ batch }) => batch)
    try {
      const appended = await documents.transact((transaction) => put(transaction, key, batches))
      for (const [at, { resolve }] of together.entries()) resolve(appended[at]!)
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }
  groups.delete(key)
}

async function put(
  transaction: Transaction,
  key: string,
  batches: readonly Batch[],
): Promise<readonly Appended[]> {
  const group = await groupFor(transaction, key, batches)
  if (group === undefined) return batches.map(() => 'no group')
  const appended: Appended[] = []
  let sizeBytes = 0
  for (const batch of batches) {
    const streamKey = `${group.id}/${batch.streamName}`
    const stream = await streamFor(transaction, streamKey, batch)
    if (stream === undefined) {
      appended.push('no stream')
      continue
    }
    const after = await withEvents(transaction, stream, batch)
    transaction.put(logsCollections.streams, streamKey, after)
    for (const { message } of batch.events)
      sizeBytes += Buffer.byteLength(message) + eventOverheadBytes
    appended.push(after)
  }
  const size = await transaction.get<number>(logsCollections.sizes, group.id)
  transaction.put(logsCollections.sizes, group.id, (size?.value ?? 0) + sizeBytes)
  return appended
}

async function groupFor(
  transaction: Transaction,
  key: string,
  batches: readonly Batch[],
): Promise<GroupRecord | undefined> {
  const found = await transaction.get<GroupRecord>(logsCollections.groups, key)
  if (found) return found.value
  const maker = batches.find(({ makes }) => makes === 'group and stream')
  if (maker === undefined) return undefined
  const made = newGroup(maker.group, maker, maker.nowMs)
  transaction.put(logsCollections.groups, key, made)
  return made
}

async function streamFor(
  transaction: Transaction,
  key: string,
  { streamName, makes, ids, nowMs }: Batch,
): Promise<StreamRecord | undefined> {
  const found = await transaction.get<StreamRecord>(logsCollections.streams, key)
  if (found) return found.value
  return makes === 'nothing' ? undefined : newStream(streamName, ids, nowMs)
}

async function withEvents(
  transaction: Transaction,
  stream: StreamRecord,
  { events, nowMs }: Batch,
): Promise<StreamRecord> {
  let { open, nextNumber: number } = stream
  for (const [span, run] of runsOf(events)) {
    const kept: KeptEvent[] = run.map(({ at, message }) => [number++, at, nowMs, message])
    const added = run.reduce((sum, { message }) => sum + message.length + 40, 0)
    const isOpen = open !== undefined && open.size < openSize && isOfSpan(open.key, stream.id, span)
    const before = isOpen
      ? ((await transaction.get<KeptEvent[]>(logsCollections.segments, open!.key))?.value ?? [])
      : []
    const key = isOpen ? open!.key : segmentKey(stream.id, span, kept[0]![0])
    transaction.put(logsCollections.segments, key, [...before, ...kept])
    open = { key, size: (isOpen ? open!.size : 0) + added }
  }
  const { firstEventAt = Number.POSITIVE_INFINITY, lastEventAt = 0 } = stream
  const [first, last] = [events[0], events.at(-1)]
  return {
    ...stream,
    nextNumber: number,
    ...(open && { open }),
    ...(first &&
      last && {
        firstEventAt: Math.min(firstEventAt, first.at),
        lastEventAt: Math.max(lastEventAt, last.at),
        lastIngestedAt: nowMs,
      }),
  }
}

function isOfSpan(key: string, streamId: string, span: number): boolean {
  return key.startsWith(segmentKey(streamId, span, 0).slice(0, -15))
}

/** Events one after the other that lie in the same span. */
function* runsOf(events: readonly NewEvent[]): Generator<readonly [number, readonly NewEvent[]]> {
  let begin = 0
  for (let at = 1; at <= events.length; at++) {
    const span = spanOf(events[begin]!.at)
    if (at < events.length && spanOf(events[at]!.at) === span) continue
    yield [span, events.slice(begin, at)]
    begin = at
  }
}
