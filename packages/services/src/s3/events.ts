/** What happens in a bucket and whom it is told to: noted with the change itself, told afterwards. */
import type { Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { canonicalId } from './names.ts'
import {
  type BucketRecord,
  bucketArn,
  type NotificationRule,
  s3Collections,
  type VersionRecord,
} from './records.ts'

export interface EventRecord {
  readonly functionArn: string
  readonly bucketArn: string
  readonly accountId: string
  readonly region: string
  readonly causedBy: string
  /** JSON. */
  readonly payload: string
  readonly notedAt: number
  readonly attempts: number
  /** Not before. */
  readonly dueAt: number
}

/** What is known of what happened to. */
type Touched = Pick<VersionRecord, 'key'> & Partial<VersionRecord>

/** What made it happen. */
type Cause = Pick<Call, 'ids' | 'now' | 'principal' | 'requestId' | 'sourceAddress' | 'accountId'>

/** @param name  `ObjectCreated:Put` */
export function noteEvent(
  transaction: Transaction,
  bucket: BucketRecord,
  name: string,
  version: Touched,
  call: Cause,
): void {
  for (const rule of bucket.notifications ?? []) {
    if (!isAsked(rule, name, version.key)) continue
    const notedAt = call.now.getTime()
    const record: EventRecord = {
      functionArn: rule.functionArn,
      bucketArn: bucketArn(bucket),
      accountId: bucket.accountId,
      region: bucket.region,
      causedBy: call.requestId,
      payload: JSON.stringify({ Records: [eventOf(bucket, name, version, rule, call)] }),
      notedAt,
      attempts: 0,
      dueAt: notedAt,
    }
    const key = `${String(notedAt).padStart(15, '0')}/${call.ids.uuid()}`
    transaction.put(s3Collections.events, key, record)
  }
}

/** @see Amazon S3 User Guide, "Configuring event notifications using object key name filtering" */
export function isAsked(
  { events, prefix = '', suffix = '' }: Pick<NotificationRule, 'events' | 'prefix' | 'suffix'>,
  name: string,
  key: string,
): boolean {
  const isNamed = events.some((event) => {
    const asked = event.replace(/^s3:/, '')
    return asked === name || (asked.endsWith(':*') && name.startsWith(asked.slice(0, -1)))
  })
  return isNamed && key.startsWith(prefix) && key.endsWith(suffix)
}

/** @see Amazon S3 User Guide, "Event message structure" */
function eventOf(
  bucket: BucketRecord,
  eventName: string,
  { key, size, etag, versionId, isMarker, place }: Touched,
  { id }: NotificationRule,
  { now, principal, requestId, sourceAddress, accountId }: Cause,
) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: bucket.region,
    eventTime: now.toISOString(),
    eventName,
    userIdentity: {
      principalId:
        principal.type === 'service'
          ? principal.service
          : `AWS:${'userId' in principal ? principal.userId : accountId}`,
    },
    requestParameters: { sourceIPAddress: sourceAddress ?? 's3.amazonaws.com' },
    responseElements: { 'x-amz-request-id': requestId, 'x-amz-id-2': requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: id,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: canonicalId(bucket.accountId) },
        arn: bucketArn(bucket),
      },
      object: {
        key: formEncoded(key),
        ...(size !== undefined && !isMarker && { size, eTag: etag }),
        ...(bucket.versioning !== undefined && versionId !== undefined && { versionId }),
        // Later changes of a key have greater ones.
        sequencer: sequencerOf(place, now),
      },
    },
  }
}

function sequencerOf(place: string | undefined, now: Date): string {
  const at = place === undefined ? now.getTime() * 1_000 : 9_000_000_000_000_000 - Number(place)
  return at.toString(16).toUpperCase().padStart(16, '0')
}

function formEncoded(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
}
