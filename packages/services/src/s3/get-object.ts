/** GetObject and HeadObject: an object, a part of it, or what is known of it. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Reader } from '@sekisho/store'
import type { Call, Needs, Operations } from '../service.ts'
import { checkReadConditions } from './conditions.ts'
import { partsOf, read } from './content.ts'
import { quoted, shownVersion } from './described.ts'
import { noSuchKey, refuseGiven, s3Error } from './errors.ts'
import { bucketNeed, existingTags, objectNeed } from './gate.ts'
import { shownExpiration } from './lifecycle-rules.ts'
import { type ByteRange, contentRange, readRange } from './ranges.ts'
import { type BucketRecord, findBucket, type VersionRecord } from './records.ts'
import { newestOf, versionOf } from './versions.ts'

interface Reading {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId?: string | undefined
  readonly PartNumber?: number | undefined
  readonly Range?: string | undefined
  readonly ChecksumMode?: string | undefined
  readonly ExpectedBucketOwner?: string | undefined
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
  readonly IfModifiedSince?: Date | undefined
  readonly IfUnmodifiedSince?: Date | undefined
  readonly ResponseCacheControl?: string | undefined
  readonly ResponseContentDisposition?: string | undefined
  readonly ResponseContentEncoding?: string | undefined
  readonly ResponseContentLanguage?: string | undefined
  readonly ResponseContentType?: string | undefined
  readonly ResponseExpires?: Date | undefined
}

export const getObject: Operations<typeof Sdk> = {
  GetObject: {
    needs: (input, call) => readNeeds('GetObject', input, call),
    async handle(input, call) {
      // What is replaced between the look at its record and the look at its bytes is looked up again.
      for (let tries = 0; tries < 10; tries++) {
        const { version, range, output } = await readingOf(input, call)
        const { start, end } = range ?? { start: 0, end: version.size }
        const bytes = version.content && (await read(version.content, start, end, call))
        if (bytes !== undefined) return { ...output, Body: bytes as unknown as StreamedBody }
      }
      throw s3Error('OperationAborted')
    },
  },

  HeadObject: {
    needs: (input, call) => readNeeds('GetObject', input, call),
    async handle(input, call) {
      return (await readingOf(input, call)).output
    },
  },
}

/** Who may not list the bucket is not told whether a key is missing. */
export async function readNeeds(
  action: string,
  input: Pick<Reading, 'Bucket' | 'Key' | 'VersionId' | 'ExpectedBucketOwner'>,
  call: Call,
): Promise<Needs> {
  const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
  const { Key, VersionId } = input
  const found = await lookUp(bucket, Key, VersionId, call.documents)
  const name =
    VersionId === undefined
      ? action
      : `${action}Version`.replace(/(Acl|Tagging|Attributes)Version$/, 'Version$1')
  const need = objectNeed(name, bucket, Key, input, call, existingTags(found?.tags))
  const isMissing = found === undefined || found.isMarker
  return isMissing ? [need, bucketNeed('ListBucket', bucket, {}, call)] : [need]
}

async function lookUp(
  bucket: BucketRecord,
  key: string,
  versionId: string | undefined,
  reader: Reader,
): Promise<VersionRecord | undefined> {
  return versionId === undefined
    ? newestOf(reader, bucket, key)
    : versionOf(reader, bucket, key, versionId)
}

/**
 * The version that is asked for.
 *
 * @throws AwsError NoSuchKey, NoSuchVersion; MethodNotAllowed: it is a delete marker
 */
export async function foundVersion(
  { Bucket, Key, VersionId }: Pick<Reading, 'Bucket' | 'Key' | 'VersionId'>,
  reader: Reader,
): Promise<{ readonly bucket: BucketRecord; readonly version: VersionRecord }> {
  const bucket = await findBucket(reader, Bucket)
  const version = await lookUp(bucket, Key, VersionId, reader)
  if (version === undefined)
    throw VersionId === undefined
      ? noSuchKey(Key)
      : s3Error('NoSuchVersion', undefined, { Key, VersionId })
  if (!version.isMarker) return { bucket, version }
  const headers = ['x-amz-delete-marker', 'true', 'x-amz-version-id', version.versionId]
  if (VersionId === undefined) throw noSuchKey(Key, headers)
  throw s3Error('MethodNotAllowed', undefined, { Method: 'GET', ResourceType: 'DeleteMarker' }, [
    ...headers,
    'Last-Modified',
    new Date(version.modifiedAt).toUTCString(),
    'Allow',
    'DELETE',
  ])
}

/** What a handler gives for the SDK's own stream. */
type StreamedBody = NonNullable<Sdk.GetObjectCommandOutput['Body']>
type Shown = Omit<Sdk.HeadObjectCommandOutput, '$metadata'>

async function readingOf(
  input: Reading,
  call: Call,
): Promise<{ version: VersionRecord; range: ByteRange | undefined; output: Shown }> {
  refuseGiven(input, ['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'])
  const { bucket, version } = await foundVersion(input, call.documents)
  const overrides = overridesOf(input, call)
  const headers = ['ETag', quoted(version.etag)]
  headers.push('Last-Modified', new Date(version.modifiedAt).toUTCString())
  if (bucket.versioning !== undefined) headers.push('x-amz-version-id', version.versionId)
  checkReadConditions(input, version, headers)
  const range = await rangeOf(input, version, call)
  const isWhole = range === undefined
  const output: Shown = {
    // A part's bytes are not those that the checksum is of.
    ...shownVersion(version, bucket, isWhole && input.ChecksumMode === 'ENABLED'),
    ...shownExpiration(version, bucket),
    ...(range && {
      ContentLength: range.end - range.start,
      ContentRange: contentRange(range, version.size),
    }),
    ...(input.PartNumber !== undefined && version.parts && { PartsCount: version.parts }),
    ...overrides,
  }
  return { version, range, output }
}

/** @throws AwsError InvalidRange, InvalidPartNumber, InvalidRequest */
async function rangeOf(
  { Range, PartNumber }: Reading,
  version: VersionRecord,
  { documents }: Call,
): Promise<ByteRange | undefined> {
  if (PartNumber === undefined) return readRange(Range, version.size)
  if (Range !== undefined)
    throw s3Error(
      'InvalidRequest',
      'Cannot specify both Range header and partNumber query parameter',
    )
  const joined = version.content && (await partsOf(documents, version.content))
  if (joined === undefined) {
    if (PartNumber === 1) return version.size === 0 ? undefined : { start: 0, end: version.size }
    throw noSuchPart(PartNumber, 1)
  }
  let start = 0
  for (const [index, { size }] of joined.parts.entries()) {
    if (index + 1 === PartNumber) return { start, end: start + size }
    start += size
  }
  throw noSuchPart(PartNumber, joined.parts.length)
}

function noSuchPart(number: number, count: number) {
  return s3Error('InvalidPartNumber', undefined, {
    PartNumberRequested: number,
    ActualPartCount: count,
  })
}

/** What a client wants said instead. @throws AwsError InvalidRequest  nobody signed for it */
function overridesOf(input: Reading, { principal }: Call) {
  const overrides = {
    CacheControl: input.ResponseCacheControl,
    ContentDisposition: input.ResponseContentDisposition,
    ContentEncoding: input.ResponseContentEncoding,
    ContentLanguage: input.ResponseContentLanguage,
    ContentType: input.ResponseContentType,
    Expires: input.ResponseExpires,
  }
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined)
  if (given.length > 0 && principal.type === 'anonymous')
    throw s3Error(
      'InvalidRequest',
      'Request specific response headers cannot be used for anonymous GET requests.',
    )
  return Object.fromEntries(given) as Partial<typeof overrides>
}
