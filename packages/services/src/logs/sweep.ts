/** Events that nobody can read any more are taken away: of streams that are gone, and beyond their group's retention. */
import type { Documents } from '@sekisho/store'
import {
  type GroupRecord,
  keptSince,
  logsCollections,
  type StreamRecord,
  spanKey,
  spanOf,
} from './records.ts'

/** Segments that one transaction takes away. */
const atOnce = 200

export async function sweepLogs(documents: Documents, nowMs: number): Promise<void> {
  await sweepGone(documents)
  for (const { value: group } of await documents.list<GroupRecord>(logsCollections.groups)) {
    const since = keptSince(group, nowMs)
    if (since === 0) continue
    const prefix = `${group.id}/`
    for (const { value } of await documents.list<StreamRecord>(logsCollections.streams, { prefix }))
      await deleteSegments(documents, value.id, spanKey(value.id, spanOf(since)))
  }
}

/** What a process left behind that ended within its work is found by the next sweep. */
export async function sweepGone(documents: Documents): Promise<void> {
  for (const { key: streamId } of await documents.list(logsCollections.gone)) {
    await deleteSegments(documents, streamId)
    await documents.transact((transaction) => transaction.delete(logsCollections.gone, streamId))
  }
}

async function deleteSegments(
  documents: Documents,
  streamId: string,
  before?: string,
): Promise<void> {
  const range = {
    prefix: `${streamId}/`,
    ...(before !== undefined && { before }),
    limit: atOnce,
  }
  for (;;) {
    const segments = await documents.list(logsCollections.segments, range)
    if (segments.length === 0) return
    await documents.transact((transaction) => {
      for (const { key } of segments) transaction.delete(logsCollections.segments, key)
    })
  }
}
