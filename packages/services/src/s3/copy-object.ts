/** CopyObject: an object again, under another key or with something else said of it. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Need, Operations } from '../service.ts'
import { copiedBody, mostBytes, takeBody } from './body.ts'
import { algorithmNamed, shownChecksum } from './checksums.ts'
import { checkCopyConditions } from './conditions.ts'
import { read } from './content.ts'
import { type CopySource, readCopySource, sourceNeeds, sourceVersion } from './copy-source.ts'
import {
  describedBy,
  descriptionOf,
  quoted,
  refuseUnsupported,
  shownVersionId,
} from './described.ts'
import { invalidArgument, s3Error } from './errors.ts'
import { objectNeed } from './gate.ts'
import { shownExpiration } from './lifecycle-rules.ts'
import { checkKey } from './names.ts'
import { write, writeNeeds } from './put-object.ts'
import { findBucket, type VersionRecord } from './records.ts'
import { fromTagging } from './tags.ts'

type Input = Omit<Sdk.CopyObjectCommandInput, 'Bucket' | 'Key' | 'CopySource'> & {
  readonly Bucket: string
  readonly Key: string
  readonly CopySource: string
}

export const copyObject: Operations<typeof Sdk> = {
  CopyObject: {
    async needs(input, call) {
      const source = readCopySource(input.CopySource)
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      const [put, ...others] = await writeNeeds(input, call)
      const copied = await sourceNeeds(source, input.ExpectedSourceBucketOwner, call)
      // Tags that come along are read there and written here.
      const tagging: Need[] =
        copied.version?.tags && input.TaggingDirective !== 'REPLACE'
          ? [copied.taggingNeed, objectNeed('PutObjectTagging', bucket, input.Key, input, call)]
          : []
      return [...copied.needs, put, ...others, ...tagging]
    },
    async handle(input, call) {
      checkKey(input.Key)
      refuseUnsupported(input)
      checkDirective('MetadataDirective', input.MetadataDirective)
      checkDirective('TaggingDirective', input.TaggingDirective)
      const source = readCopySource(input.CopySource)
      const { version } = await sourceVersion(source, call.documents)
      checkCopyConditions(input, version)
      if (version.size > mostBytes)
        throw s3Error(
          'InvalidRequest',
          `The specified copy source is larger than the maximum allowable size for a copy source: ${mostBytes}`,
        )
      if (changesNothing(input, source))
        throw s3Error(
          'InvalidRequest',
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        )
      const described = descriptionFor(input, version)
      const algorithm =
        input.ChecksumAlgorithm === undefined
          ? version.checksum?.algorithm
          : algorithmNamed(input.ChecksumAlgorithm)
      const bytes = version.content && (await read(version.content, 0, version.size, call))
      if (bytes === undefined) throw s3Error('OperationAborted')
      const Body = copiedBody(bytes, version.size)
      const { kept, size, etag, checksum } = await takeBody({ Body }, call, algorithm)
      const made = {
        ...described,
        key: input.Key,
        modifiedAt: call.now.getTime(),
        size,
        etag,
        content: kept.content,
        checksum: { ...checksum, type: 'FULL_OBJECT' as const },
      }
      const written = await write(input.Bucket, made, kept, 'Copy', input, call)
      const sourceBucket = await findBucket(call.documents, source.bucket)
      return {
        CopyObjectResult: {
          ETag: quoted(etag),
          LastModified: call.now,
          ...shownChecksum(written.version.checksum!),
        },
        ServerSideEncryption: 'AES256',
        ...(sourceBucket.versioning && { CopySourceVersionId: version.versionId }),
        ...shownExpiration(written.version, written.bucket),
        ...shownVersionId(written.version, written.bucket),
      }
    },
  },
}

function checkDirective(name: string, value: string | undefined): void {
  if (value === undefined || value === 'COPY' || value === 'REPLACE') return
  throw invalidArgument(
    `Unknown ${name === 'MetadataDirective' ? 'metadata' : 'tagging'} directive.`,
    `x-amz-${name === 'MetadataDirective' ? 'metadata' : 'tagging'}-directive`,
    value,
  )
}

function changesNothing(input: Input, { bucket, key, versionId }: CopySource): boolean {
  return (
    bucket === input.Bucket &&
    key === input.Key &&
    versionId === undefined &&
    input.MetadataDirective !== 'REPLACE' &&
    input.StorageClass === undefined &&
    input.WebsiteRedirectLocation === undefined &&
    input.ServerSideEncryption === undefined
  )
}

/** A redirect and a storage class are never copied. @see Amazon S3 API Reference, "CopyObject" */
function descriptionFor(input: Input, version: VersionRecord) {
  const given = describedBy(input)
  const { redirect: _, storageClass: __, tags, ...copied } = descriptionOf(version)
  const { tags: ___, ...said } = given
  const { redirect, storageClass } = given
  const base =
    input.MetadataDirective === 'REPLACE'
      ? said
      : { ...copied, ...(redirect && { redirect }), ...(storageClass && { storageClass }) }
  const wanted = input.TaggingDirective === 'REPLACE' ? fromTagging(input.Tagging) : tags
  return { ...base, ...(wanted && Object.keys(wanted).length > 0 && { tags: wanted }) }
}
