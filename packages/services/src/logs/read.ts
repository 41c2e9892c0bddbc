/** Events of streams in the order of their times, span by span: what is read at once stays small. */
import type { Range, Reader } from '@sekisho/store'
import {
  type KeptEvent,
  logsCollections,
  type StreamRecord,
  spanKey,
  spanOf,
  spanOfKey,
} from './records.ts'

/** Of times, the first and the one behind the last; epoch milliseconds. */
export interface Window {
  readonly from: number
  readonly until: number
}

export interface Span {
  readonly span: number
  /** By time, then by number. */
  readonly events: readonly KeptEvent[]
}

/** Segments that one look fetches. */
const atOnce = 16

/**
 * The spans of a stream that may have events of the window; it is for the caller to leave out what lies beside it.
 *
 * @param isReversed  the last span first; events within spans stay in order
 */
export async function* spansOf(
  reader: Reader,
  { id }: StreamRecord,
  { from, until }: Window,
  isReversed = false,
): AsyncGenerator<Span> {
  let range: Range = {
    prefix: `${id}/`,
    after: spanKey(id, spanOf(from)),
    before: spanKey(id, Math.min(spanOf(until) + 1, furthestSpan)),
    isReversed,
    limit: atOnce,
  }
  let current: { span: number; events: KeptEvent[] } | undefined
  for (;;) {
    const segments = await reader.list<KeptEvent[]>(logsCollections.segments, range)
    for (const { key, value } of segments) {
      const span = spanOfKey(key)
      if (current && current.span !== span) {
        yield ordered(current)
        current = undefined
      }
      current ??= { span, events: [] }
      for (const event of value) current.events.push(event)
    }
    if (segments.length < atOnce) break
    range = { ...range, [isReversed ? 'before' : 'after']: segments.at(-1)!.key }
  }
  if (current) yield ordered(current)
}

/** The last that keys have digits for. */
const furthestSpan = 999_999_999_999

function ordered({ span, events }: Span): Span {
  return { span, events: events.toSorted(compareEvents) }
}

export function compareEvents(
  [number, at]: readonly [number, number, ...unknown[]],
  [otherNumber, otherAt]: readonly [number, number, ...unknown[]],
): number {
  return at - otherAt || number - otherNumber
}

export interface StreamEvent {
  readonly stream: StreamRecord
  readonly event: KeptEvent
}

interface Cursor {
  readonly stream: StreamRecord
  readonly spans: AsyncGenerator<Span>
  /** No events of the stream come before this span. */
  floor: number
  head: Span | undefined
}

/** The events of several streams as one: spans in order, and within one by time, stream and number. */
export async function* spansOfAll(
  reader: Reader,
  streams: readonly StreamRecord[],
  window: Window,
): AsyncGenerator<readonly StreamEvent[]> {
  const inTime = streams.filter(
    ({ firstEventAt = Number.POSITIVE_INFINITY, lastEventAt = 0 }) =>
      firstEventAt < window.until && lastEventAt >= window.from,
  )
  let cursors: Cursor[] = inTime.map((stream) => ({
    stream,
    spans: spansOf(reader, stream, window),
    floor: spanOf(Math.max(window.from, stream.firstEventAt ?? 0)),
    head: undefined,
  }))
  while (cursors.length > 0) {
    const least = cursors.reduce((least, { floor }) => Math.min(least, floor), furthestSpan)
    const ended = new Set<Cursor>()
    const together: StreamEvent[] = []
    for (const cursor of cursors) {
      if (cursor.floor > least) continue
      if (cursor.head === undefined) {
        const next = await cursor.spans.next()
        if (next.done) {
          ended.add(cursor)
          continue
        }
        cursor.head = next.value
        cursor.floor = Math.max(least, next.value.span)
      }
      if (cursor.head.span > least) continue
      for (const event of cursor.head.events) together.push({ stream: cursor.stream, event })
      cursor.head = undefined
      cursor.floor = least + 1
    }
    if (ended.size > 0) cursors = cursors.filter((cursor) => !ended.has(cursor))
    if (together.length > 0) yield together.sort(compareStreamEvents)
  }
}

export function compareStreamEvents(one: StreamEvent, other: StreamEvent): number {
  const [number, at] = one.event
  const [otherNumber, otherAt] = other.event
  if (at !== otherAt) return at - otherAt
  if (one.stream.id !== other.stream.id) return one.stream.id < other.stream.id ? -1 : 1
  return number - otherNumber
}
