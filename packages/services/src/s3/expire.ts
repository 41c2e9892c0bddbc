/** Objects, versions, delete markers and uploads whose time has come, by their bucket's rules. */
import type { Documents } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { abort } from './abort.ts'
import { discardSoon, type Storage } from './content.ts'
import { noteEvent } from './events.ts'
import {
  abortOf,
  expirationOf,
  loneMarkerExpires,
  noncurrentExpirationOf,
} from './lifecycle-rules.ts'
import {
  type BucketRecord,
  type Content,
  findBucket,
  s3Collections,
  type UploadRecord,
  uploadKey,
  type VersionRecord,
  versionKey,
} from './records.ts'
import { currentOf, hideKey, newestOf, randomVersion, removeVersion } from './versions.ts'

const atOnce = 500

export interface Expiring extends Storage {
  readonly ids: IdSource
}

export async function expireObjects(work: Expiring, nowMs: number): Promise<void> {
  for (const { value: bucket } of await work.documents.list<BucketRecord>(s3Collections.buckets)) {
    if (!bucket.lifecycle?.some(({ isEnabled }) => isEnabled)) continue
    await expireCurrent(work, bucket, nowMs)
    if (bucket.versioning) await expireOld(work, bucket, nowMs)
    await abortUploads(work, bucket, nowMs)
  }
}

/** Pages of what is kept of a bucket, in order. */
async function* recordsOf<T>(
  documents: Documents,
  collection: string,
  { id }: BucketRecord,
): AsyncIterable<T> {
  let after: string | undefined
  for (;;) {
    const page = await documents.list<T>(collection, {
      prefix: `${id}/`,
      limit: atOnce,
      ...(after !== undefined && { after }),
    })
    for (const { value } of page) yield value
    if (page.length < atOnce) return
    after = page.at(-1)!.key
  }
}

async function expireCurrent(work: Expiring, given: BucketRecord, nowMs: number): Promise<void> {
  for await (const version of recordsOf<VersionRecord>(
    work.documents,
    s3Collections.objects,
    given,
  )) {
    const isDue = (expirationOf(version, given.lifecycle)?.at ?? Number.POSITIVE_INFINITY) <= nowMs
    if (!isDue) continue
    const random = randomVersion(work.ids)
    const loose = await work.documents.transact(async (transaction) => {
      const bucket = await findBucket(transaction, given.name)
      const current = await currentOf(transaction, bucket, version.key)
      // Written anew since it was looked at.
      if (bucket.id !== given.id || current?.place !== version.place) return []
      const { loose, result: marker } = await hideKey(
        transaction,
        bucket,
        version.key,
        random,
        nowMs,
      )
      const name = marker ? 'DeleteMarkerCreated' : 'Delete'
      noteEvent(transaction, bucket, `LifecycleExpiration:${name}`, marker ?? version, {
        ...byLifecycle(work.ids),
        now: new Date(nowMs),
      })
      return loose
    })
    await discardSoon(loose, work)
  }
}

/** Versions come newest first, key by key. */
async function expireOld(work: Expiring, bucket: BucketRecord, nowMs: number): Promise<void> {
  let newer: VersionRecord | undefined
  let noncurrent = 0
  let left = 0
  const removeLone = async (marker: VersionRecord | undefined) => {
    const isLone = marker?.isMarker && left === 1
    if (isLone && loneMarkerExpires(marker, bucket.lifecycle, nowMs))
      await removeFor(work, bucket, marker, nowMs)
  }
  let newest: VersionRecord | undefined
  for await (const version of recordsOf<VersionRecord>(
    work.documents,
    s3Collections.versions,
    bucket,
  )) {
    if (newer?.key !== version.key) {
      await removeLone(newest)
      newest = version
      noncurrent = 0
      left = 1
    } else {
      const replacedAt = newer.modifiedAt
      const at = noncurrentExpirationOf(version, replacedAt, noncurrent, bucket.lifecycle)
      noncurrent++
      if (at !== undefined && at <= nowMs) await removeFor(work, bucket, version, nowMs)
      else left++
    }
    newer = version
  }
  await removeLone(newest)
}

async function removeFor(
  work: Expiring,
  given: BucketRecord,
  version: VersionRecord,
  nowMs: number,
): Promise<void> {
  const loose = await work.documents.transact(async (transaction): Promise<readonly Content[]> => {
    const bucket = await findBucket(transaction, given.name)
    const stored = await transaction.get(s3Collections.versions, versionKey(given, version))
    if (bucket.id !== given.id || stored === undefined) return []
    const newest = await newestOf(transaction, bucket, version.key)
    // Current again since it was looked at.
    if (newest?.place === version.place && !version.isMarker) return []
    noteEvent(transaction, bucket, 'LifecycleExpiration:Delete', version, {
      ...byLifecycle(work.ids),
      now: new Date(nowMs),
    })
    return removeVersion(transaction, bucket, version, nowMs)
  })
  await discardSoon(loose, work)
}

async function abortUploads(work: Expiring, bucket: BucketRecord, nowMs: number): Promise<void> {
  for await (const upload of recordsOf<UploadRecord>(
    work.documents,
    s3Collections.uploads,
    bucket,
  )) {
    const end = abortOf(upload.key, upload.startedAt, bucket.lifecycle)
    if (end === undefined || end.at > nowMs) continue
    const loose = await work.documents.transact(async (transaction) => {
      const key = uploadKey(bucket, upload.key, upload.id)
      const stored = await transaction.get(s3Collections.uploads, key)
      return stored ? abort(transaction, bucket, upload, nowMs) : []
    })
    await discardSoon(loose, work)
  }
}

function byLifecycle(ids: IdSource) {
  const principal = { type: 'service', service: 's3.amazonaws.com' } as const
  return { ids, principal, accountId: 's3.amazonaws.com', requestId: ids.uuid() }
}
