/** What is kept of buckets and their objects, and under which keys. */
import type { Reader } from '@sekisho/store'
import { noSuchBucket, s3Error } from './errors.ts'

export const s3Collections = {
  /** By name, which is one for all accounts. */
  buckets: 's3.buckets',
  /** By account and name. */
  owned: 's3.owned',
  /** What each key holds now, unless that is a delete marker. */
  objects: 's3.objects',
  /** Every version and delete marker, the newest of a key first. */
  versions: 's3.versions',
  uploads: 's3.uploads',
  parts: 's3.parts',
  /** Bytes of small objects. */
  bytes: 's3.bytes',
  /** Of objects that were uploaded in parts: where each part's bytes are. */
  joined: 's3.joined',
  /** Bytes that belong to no object: not yet, or no more. */
  loose: 's3.loose',
  /** What has happened and has not been told yet. */
  events: 's3.events',
} as const

export interface BucketRecord {
  readonly name: string
  /** Of all that is kept of it: a bucket made anew under the same name is another one. */
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly createdAt: number
  /** Absent: never asked for. */
  readonly versioning?: 'Enabled' | 'Suspended'
  readonly policy?: string
  /** Absent: taken off. */
  readonly publicAccess?: PublicAccess
  readonly tags?: Tags
  readonly cors?: readonly CorsRule[]
  readonly lifecycle?: readonly LifecycleRule[]
  readonly notifications?: readonly NotificationRule[]
  /** S3 Bucket Keys change nothing for AES256; clients read back what they set. */
  readonly hasBucketKey?: boolean
}

export type Tags = Readonly<Record<string, string>>

export interface PublicAccess {
  readonly blockAcls: boolean
  readonly ignoreAcls: boolean
  readonly blockPolicy: boolean
  readonly restrict: boolean
}

export interface CorsRule {
  readonly id?: string
  readonly methods: readonly string[]
  readonly origins: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly maxAgeSeconds?: number
}

export interface LifecycleRule {
  readonly id: string
  readonly isEnabled: boolean
  readonly filter: LifecycleFilter
  /** As it was given: `Prefix` of the rule itself is the older form. */
  readonly form: 'prefix' | 'filter' | 'and'
  readonly days?: number
  /** Epoch milliseconds, a midnight. */
  readonly date?: number
  readonly expiresLoneMarkers?: boolean
  readonly noncurrentDays?: number
  readonly newerNoncurrent?: number
  readonly abortDays?: number
}

export interface LifecycleFilter {
  readonly prefix?: string
  readonly tags?: Tags
  readonly largerThan?: number
  readonly smallerThan?: number
}

export interface NotificationRule {
  readonly id: string
  readonly functionArn: string
  readonly events: readonly string[]
  readonly prefix?: string
  readonly suffix?: string
}

/** Where an object's bytes are. */
export interface Content {
  readonly kind: 'bytes' | 'blob' | 'joined'
  readonly id: string
}

export interface Joined {
  readonly parts: readonly JoinedPart[]
}

export interface JoinedPart {
  readonly content: Content
  readonly number: number
  readonly size: number
  readonly checksum?: string
}

/** What goes with an object's bytes and comes back with them. */
export interface Described {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  /** Epoch milliseconds. */
  readonly expires?: number
  readonly redirect?: string
  readonly storageClass?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly tags?: Tags
}

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64, and `-N` behind what is made of parts. */
  readonly value: string
}

export type ChecksumAlgorithm =
  | 'CRC32'
  | 'CRC32C'
  | 'CRC64NVME'
  | 'SHA1'
  | 'SHA256'
  | 'SHA512'
  | 'MD5'

export interface VersionRecord extends Described {
  readonly key: string
  /** `null` of what was written while the bucket kept no versions. */
  readonly versionId: string
  /** Its place among the key's versions: the smaller, the newer. */
  readonly place: string
  readonly modifiedAt: number
  readonly isMarker?: true
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly content?: Content
  readonly checksum?: Checksum
  readonly parts?: number
}

export interface UploadRecord extends Described {
  readonly id: string
  readonly key: string
  readonly bucketId: string
  readonly startedAt: number
  /** ARN and id of who began it. */
  readonly initiator: { readonly id: string; readonly name: string }
  /** Absent: CRC64NVME for the whole, of which clients need not know. */
  readonly checksum?: Pick<Checksum, 'algorithm' | 'type'>
}

export interface PartRecord {
  readonly number: number
  readonly size: number
  readonly etag: string
  readonly modifiedAt: number
  readonly content: Content
  readonly checksum: Pick<Checksum, 'algorithm' | 'value'>
}

/** @throws AwsError NoSuchBucket; AccessDenied: it is not whose the caller thinks */
export async function findBucket(
  reader: Reader,
  name: string,
  expectedOwner?: string,
): Promise<BucketRecord> {
  const found = await reader.get<BucketRecord>(s3Collections.buckets, name)
  if (found === undefined) throw noSuchBucket(name)
  if (expectedOwner !== undefined && expectedOwner !== found.value.accountId)
    throw s3Error('AccessDenied')
  return found.value
}

export function bucketArn({ name }: Pick<BucketRecord, 'name'>): string {
  return `arn:aws:s3:::${name}`
}

export function objectKey({ id }: BucketRecord, key: string): string {
  return `${id}/${key}`
}

/** All versions of a key begin so, and nothing else does; keys keep their order. */
export function versionsOf({ id }: BucketRecord, key: string): string {
  return `${id}/${ordered(key)}\0\0`
}

/** Versions and uploads whose key begins so. */
export function orderedPrefix({ id }: BucketRecord, prefix: string): string {
  return `${id}/${ordered(prefix)}`
}

export function versionKey(bucket: BucketRecord, { key, place }: VersionRecord): string {
  return versionsOf(bucket, key) + place
}

export function uploadKey(bucket: BucketRecord, key: string, uploadId: string): string {
  return versionsOf(bucket, key) + uploadId
}

/** A key may hold what ends it, so that is written in two characters. */
function ordered(key: string): string {
  return key.replaceAll('\0', '\0\u0001')
}

export function partKey(uploadId: string, number: number): string {
  return `${uploadId}/${String(number).padStart(5, '0')}`
}
