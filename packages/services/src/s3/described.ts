/** What goes with an object's bytes: read off a request, and said again with them. */

import { shownChecksum } from './checksums.ts'
import { invalidArgument, notSupported, refuseGiven, s3Error } from './errors.ts'
import type { BucketRecord, Described, UploadRecord, VersionRecord } from './records.ts'
import { fromTagging } from './tags.ts'

/** Members of PutObject, CopyObject and CreateMultipartUpload. */
export interface Describing {
  readonly ACL?: string | undefined
  readonly CacheControl?: string | undefined
  readonly ContentDisposition?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly ContentLanguage?: string | undefined
  readonly ContentType?: string | undefined
  readonly Expires?: Date | undefined
  readonly Metadata?: Readonly<Record<string, string>> | undefined
  readonly ServerSideEncryption?: string | undefined
  readonly StorageClass?: string | undefined
  readonly Tagging?: string | undefined
  readonly WebsiteRedirectLocation?: string | undefined
}

const unsupported = [
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'ObjectLockLegalHoldStatus',
  'ObjectLockEventHold',
  'ObjectLockEventHoldDurationDays',
  'ObjectLockEventHoldDurationYears',
  'SSECustomerAlgorithm',
  'SSECustomerKey',
  'SSECustomerKeyMD5',
  'SSEKMSKeyId',
  'SSEKMSEncryptionContext',
  'WriteOffsetBytes',
  'CopySourceSSECustomerAlgorithm',
  'CopySourceSSECustomerKey',
  'CopySourceSSECustomerKeyMD5',
] as const

const grants = ['GrantFullControl', 'GrantRead', 'GrantReadACP', 'GrantWriteACP'] as const

/** What is so in any case. */
const ownersAcls: ReadonlySet<string> = new Set(['private', 'bucket-owner-full-control'])

/** Without a wait before the bytes can be read; what they cost is nobody's concern here. */
const storageClasses: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
])

/** AWS has these, too. */
const otherStorageClasses: ReadonlySet<string> = new Set([
  'GLACIER',
  'DEEP_ARCHIVE',
  'OUTPOSTS',
  'SNOW',
  'EXPRESS_ONEZONE',
  'FSX_OPENZFS',
])

/** What would be kept without effect. @throws AwsError NotImplemented, AccessControlListNotSupported */
export function refuseUnsupported(input: object): void {
  refuseGiven(input, unsupported)
  const given = input as Readonly<Record<string, unknown>>
  const { ACL, ServerSideEncryption, StorageClass: storageClass } = input as Describing
  if (
    (ACL !== undefined && !ownersAcls.has(ACL)) ||
    grants.some((grant) => given[grant] !== undefined)
  )
    throw s3Error('AccessControlListNotSupported')
  checkEncryption(ServerSideEncryption)
  if (storageClass === undefined || storageClasses.has(storageClass)) return
  if (otherStorageClasses.has(storageClass)) throw notSupported(`The storage class ${storageClass}`)
  throw s3Error('InvalidStorageClass', undefined, { StorageClassRequested: storageClass })
}

export function checkEncryption(algorithm: string | undefined): void {
  if (algorithm === undefined || algorithm === 'AES256') return
  if (algorithm.startsWith('aws:')) throw notSupported(`Encryption with ${algorithm}`)
  throw invalidArgument(
    'The encryption method specified is not supported',
    'x-amz-server-side-encryption',
    algorithm,
  )
}

/** @see Amazon S3 User Guide, "Working with object metadata" */
const mostMetadataBytes = 2_048

/** @throws AwsError MetadataTooLarge, InvalidTag */
export function describedBy(input: Describing): Described {
  const { Metadata = {}, Tagging, StorageClass, WebsiteRedirectLocation: redirect } = input
  const size = Object.entries(Metadata).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  )
  if (size > mostMetadataBytes)
    throw s3Error('MetadataTooLarge', undefined, { Size: size, MaxSizeAllowed: mostMetadataBytes })
  if (redirect !== undefined && !/^(?:\/|https?:\/\/)/.test(redirect))
    throw s3Error(
      'InvalidArgument',
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    )
  const tags = fromTagging(Tagging)
  const contentEncoding = withoutFraming(input.ContentEncoding)
  return {
    contentType: input.ContentType ?? 'binary/octet-stream',
    ...(input.CacheControl !== undefined && { cacheControl: input.CacheControl }),
    ...(input.ContentDisposition !== undefined && {
      contentDisposition: input.ContentDisposition,
    }),
    ...(contentEncoding !== undefined && { contentEncoding }),
    ...(input.ContentLanguage !== undefined && { contentLanguage: input.ContentLanguage }),
    ...(input.Expires !== undefined && { expires: input.Expires.getTime() }),
    ...(redirect !== undefined && { redirect }),
    ...(StorageClass !== undefined &&
      StorageClass !== 'STANDARD' && { storageClass: StorageClass }),
    ...(Object.keys(Metadata).length > 0 && { metadata: Metadata }),
    ...(Object.keys(tags).length > 0 && { tags }),
  }
}

/** `aws-chunked` is how the body was sent, not how the object is. */
function withoutFraming(encoding: string | undefined): string | undefined {
  if (encoding === undefined) return undefined
  const kept = encoding
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part.toLowerCase() !== 'aws-chunked')
  return kept.length > 0 ? kept.join(',') : undefined
}

/** The same of a record, without what else the record is. */
export function descriptionOf(record: VersionRecord | UploadRecord): Described {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage } = record
  const { expires, redirect, storageClass, metadata, tags } = record
  return defined({
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
    contentLanguage,
    expires,
    redirect,
    storageClass,
    metadata,
    tags,
  })
}

function defined(
  values: { readonly [Key in keyof Described]: Described[Key] | undefined },
): Described {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Described
}

/** Members that GetObject and HeadObject have in common. @param isChecksumAsked  as clients have to */
export function shownVersion(
  version: VersionRecord,
  bucket: BucketRecord,
  isChecksumAsked: boolean,
) {
  return {
    AcceptRanges: 'bytes',
    ETag: quoted(version.etag),
    LastModified: new Date(version.modifiedAt),
    ContentLength: version.size,
    ContentType: version.contentType,
    CacheControl: version.cacheControl,
    ContentDisposition: version.contentDisposition,
    ContentEncoding: version.contentEncoding,
    ContentLanguage: version.contentLanguage,
    Expires: version.expires === undefined ? undefined : new Date(version.expires),
    WebsiteRedirectLocation: version.redirect,
    StorageClass: version.storageClass as 'STANDARD_IA' | undefined,
    Metadata: version.metadata && { ...version.metadata },
    ServerSideEncryption: 'AES256' as const,
    TagCount: version.tags ? Object.keys(version.tags).length : undefined,
    ...shownVersionId(version, bucket),
    ...(isChecksumAsked && version.checksum && shownChecksum(version.checksum)),
  }
}

/** Buckets that never kept versions do not speak of them. */
export function shownVersionId(
  { versionId }: VersionRecord,
  { versioning }: BucketRecord,
): { VersionId?: string } {
  return versioning === undefined ? {} : { VersionId: versionId }
}

export function quoted(etag: string): string {
  return `"${etag}"`
}
