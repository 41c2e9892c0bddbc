/** Uploads in parts: begun, fed, listed and given up. */
import type * as Sdk from '@aws-sdk/client-s3'
import { principalName } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import type { Call, Need, Needs, Operations } from '../service.ts'
import { abort } from './abort.ts'
import { copiedBody, mostBytes, type Taken, takeBody } from './body.ts'
import {
  algorithmNamed,
  checksumTypes,
  claimedChecksum,
  defaultAlgorithm,
  shownChecksum,
} from './checksums.ts'
import { checkCopyConditions } from './conditions.ts'
import { discardSoon, loosen, read } from './content.ts'
import { readCopySource, sourceNeeds, sourceVersion } from './copy-source.ts'
import { describedBy, quoted, refuseUnsupported } from './described.ts'
import { invalidArgument, noSuchUpload, notSupported, s3Error } from './errors.ts'
import { objectNeed } from './gate.ts'
import { abortOf } from './lifecycle-rules.ts'
import { canonicalId, checkKey } from './names.ts'
import { writeNeeds } from './put-object.ts'
import { readRange } from './ranges.ts'
import {
  type BucketRecord,
  type Checksum,
  type ChecksumAlgorithm,
  findBucket,
  type PartRecord,
  partKey,
  s3Collections,
  type UploadRecord,
  uploadKey,
} from './records.ts'

/** @see Amazon S3 User Guide, "Amazon S3 multipart upload limits" */
const mostParts = 10_000
const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._'

export const uploads: Operations<typeof Sdk> = {
  CreateMultipartUpload: {
    needs: writeNeeds,
    async handle(input, call) {
      checkKey(input.Key)
      refuseUnsupported(input)
      const checksum = wantedChecksum(input.ChecksumAlgorithm, input.ChecksumType)
      const described = describedBy(input)
      const { principal } = call
      const id = call.ids.text(idAlphabet, 64)
      const { bucket, record } = await call.documents.transact(async (transaction) => {
        const bucket = await findBucket(transaction, input.Bucket)
        const record: UploadRecord = {
          ...described,
          id,
          key: input.Key,
          bucketId: bucket.id,
          startedAt: call.now.getTime(),
          initiator: {
            id: 'arn' in principal ? principal.arn : canonicalId(bucket.accountId),
            name: principalName(principal),
          },
          ...(checksum && { checksum }),
        }
        transaction.put(s3Collections.uploads, uploadKey(bucket, input.Key, id), record)
        return { bucket, record }
      })
      const abort = abortOf(record.key, record.startedAt, bucket.lifecycle)
      return {
        Bucket: bucket.name,
        Key: input.Key,
        UploadId: id,
        ServerSideEncryption: 'AES256',
        ...(checksum && {
          ChecksumAlgorithm: checksum.algorithm,
          ChecksumType: checksum.type,
        }),
        ...(abort && { AbortDate: new Date(abort.at), AbortRuleId: abort.ruleId }),
      }
    },
  },

  UploadPart: {
    needs: partNeeds,
    async handle(input, call) {
      refuseUnsupported(input)
      checkPartNumber(input.PartNumber)
      const bucket = await findBucket(call.documents, input.Bucket)
      const upload = await findUpload(call.documents, bucket, input.Key, input.UploadId)
      checkAlgorithm(input, upload)
      const taken = await takeBody(input, call, algorithmOf(upload))
      const { kept, etag, checksum } = taken
      if (checksum.algorithm !== algorithmOf(upload) && upload.checksum) {
        await kept.drop()
        throw s3Error('InvalidRequest', typeMismatch(checksum.algorithm))
      }
      await storePart(bucket, upload, input.PartNumber, taken, call)
      return {
        ETag: quoted(etag),
        ServerSideEncryption: 'AES256',
        ...shownChecksum(checksum),
      }
    },
  },

  UploadPartCopy: {
    async needs(input, call) {
      const source = readCopySource(input.CopySource)
      const copied = await sourceNeeds(source, input.ExpectedSourceBucketOwner, call)
      return [...copied.needs, ...(await partNeeds(input, call))]
    },
    async handle(input, call) {
      refuseUnsupported(input)
      checkPartNumber(input.PartNumber)
      const bucket = await findBucket(call.documents, input.Bucket)
      const upload = await findUpload(call.documents, bucket, input.Key, input.UploadId)
      const source = readCopySource(input.CopySource)
      const { version, bucket: sourceBucket } = await sourceVersion(source, call.documents)
      checkCopyConditions(input, version)
      const { start, end } = copiedRange(input.CopySourceRange, version.size)
      const bytes = version.content && (await read(version.content, start, end, call))
      if (bytes === undefined) throw s3Error('OperationAborted')
      const Body = copiedBody(bytes, end - start)
      const taken = await takeBody({ Body }, call, algorithmOf(upload))
      const { etag, checksum } = taken
      await storePart(bucket, upload, input.PartNumber, taken, call)
      return {
        CopyPartResult: {
          ETag: quoted(etag),
          LastModified: call.now,
          ...(upload.checksum && shownChecksum(checksum)),
        },
        ServerSideEncryption: 'AES256',
        ...(sourceBucket.versioning && { CopySourceVersionId: version.versionId }),
      }
    },
  },

  AbortMultipartUpload: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [objectNeed('AbortMultipartUpload', bucket, input.Key, input, call)]
    },
    async handle({ Bucket, Key, UploadId }, call) {
      const loose = await call.documents.transact(async (transaction) => {
        const bucket = await findBucket(transaction, Bucket)
        const upload = await findUpload(transaction, bucket, Key, UploadId)
        return abort(transaction, bucket, upload, call.now.getTime())
      })
      await discardSoon(loose, call)
      return {}
    },
  },
}

type PartInput = {
  readonly Bucket: string
  readonly Key: string
  readonly ExpectedBucketOwner?: string | undefined
}

async function partNeeds(input: PartInput, call: Call): Promise<Needs> {
  const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
  const need: Need = objectNeed('PutObject', bucket, input.Key, input, call)
  return [need]
}

/** @throws AwsError NoSuchUpload */
export async function findUpload(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
  uploadId: string,
): Promise<UploadRecord> {
  const found = await reader.get<UploadRecord>(
    s3Collections.uploads,
    uploadKey(bucket, key, uploadId.slice(0, 128)),
  )
  if (found === undefined) throw noSuchUpload(uploadId)
  return found.value
}

async function storePart(
  bucket: BucketRecord,
  upload: UploadRecord,
  number: number,
  { kept, size, etag, checksum }: Taken,
  call: Call,
): Promise<void> {
  const { content } = kept
  const modifiedAt = call.now.getTime()
  const part: PartRecord = { number, size, etag, modifiedAt, content, checksum }
  const writing = call.documents.transact(async (transaction) => {
    // Given up or completed while the bytes came.
    await findUpload(transaction, bucket, upload.key, upload.id)
    const key = partKey(upload.id, number)
    const before = await transaction.get<PartRecord>(s3Collections.parts, key)
    if (before) loosen(transaction, before.value.content, call.now.getTime())
    await kept.claim(transaction)
    transaction.put(s3Collections.parts, key, part)
    return before ? [before.value.content] : []
  })
  const loose = await writing.catch(async (error) => {
    await kept.drop()
    throw error
  })
  await discardSoon(loose, call)
}

function checkPartNumber(number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > mostParts)
    throw invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
      number,
    )
}

export function algorithmOf({ checksum }: UploadRecord): ChecksumAlgorithm {
  return checksum?.algorithm ?? defaultAlgorithm
}

/** @throws AwsError InvalidRequest  before the body is read, where it can be told */
function checkAlgorithm(input: object, { checksum }: UploadRecord): void {
  const given = input as { readonly Body?: { readonly trailerNames?: readonly string[] } }
  const claimed = claimedChecksum(input, given.Body?.trailerNames ?? [])
  if (checksum && claimed && claimed.algorithm !== checksum.algorithm)
    throw s3Error('InvalidRequest', typeMismatch(claimed.algorithm, checksum.algorithm))
}

function typeMismatch(given: string, expected?: string): string {
  return `Checksum Type mismatch occurred, expected checksum Type: ${expected?.toLowerCase() ?? 'null'}, actual checksum Type: ${given.toLowerCase()}`
}

/** @throws AwsError InvalidRequest */
function wantedChecksum(
  name: string | undefined,
  type: string | undefined,
): Pick<Checksum, 'algorithm' | 'type'> | undefined {
  if (name === undefined) {
    if (type === undefined || type === 'FULL_OBJECT')
      return type && { algorithm: defaultAlgorithm, type: 'FULL_OBJECT' }
    throw s3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const algorithm = algorithmNamed(name)
  const types: readonly Checksum['type'][] = checksumTypes[algorithm]
  if (type === undefined) return { algorithm, type: types[0]! }
  const wanted = types.find((each) => each === type)
  if (wanted === undefined)
    throw s3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  return { algorithm, type: wanted }
}

/** @throws AwsError InvalidArgument, InvalidRequest */
function copiedRange(header: string | undefined, size: number) {
  if (header === undefined) {
    if (size > mostBytes) throw notSupported('A part of more than 5 GiB')
    return { start: 0, end: size }
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? []
  if (first === undefined || last === undefined || Number(first) > Number(last))
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    )
  if (Number(last) >= size)
    throw s3Error(
      'InvalidArgument',
      `Range specified is not valid for source object of size: ${size}`,
      {
        ArgumentName: 'x-amz-copy-source-range',
        ArgumentValue: header,
      },
    )
  return readRange(header, size)!
}
