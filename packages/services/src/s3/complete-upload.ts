/** CompleteMultipartUpload: parts become an object, without their bytes being moved. */
import { createHash } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { partsOfUpload } from './abort.ts'
import { badChecksum, checksumRows, joinedChecksum, shownChecksum } from './checksums.ts'
import { discardSoon, loosen } from './content.ts'
import { descriptionOf, quoted, shownVersionId } from './described.ts'
import { refuseGiven, s3Error } from './errors.ts'
import { objectNeed } from './gate.ts'
import { shownExpiration } from './lifecycle-rules.ts'
import { write } from './put-object.ts'
import {
  type Checksum,
  type Content,
  findBucket,
  type Joined,
  type PartRecord,
  s3Collections,
  type UploadRecord,
  uploadKey,
} from './records.ts'
import { algorithmOf, findUpload } from './uploads.ts'

/** Of every part but the last. @see Amazon S3 User Guide, "Amazon S3 multipart upload limits" */
const leastBytes = 5 * 1024 * 1024
const mostObjectBytes = 5 * 1024 ** 4

interface Listed {
  readonly PartNumber?: number | undefined
  readonly ETag?: string | undefined
}

export const completeUpload: Operations<typeof Sdk> = {
  CompleteMultipartUpload: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [objectNeed('PutObject', bucket, input.Key, input, call)]
    },
    async handle(input, call) {
      refuseGiven(input, ['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'])
      const bucket = await findBucket(call.documents, input.Bucket)
      const upload = await findUpload(call.documents, bucket, input.Key, input.UploadId)
      const listed = input.MultipartUpload?.Parts ?? []
      if (listed.length === 0) throw s3Error('MalformedXML')
      const stored = await partsOfUpload(call.documents, upload)
      const parts = chosen(
        listed,
        stored.map(({ value }) => value),
        upload,
      )
      const size = parts.reduce((sum, part) => sum + part.size, 0)
      if (size > mostObjectBytes) throw s3Error('EntityTooLarge')
      if (input.MpuObjectSize !== undefined && Number(input.MpuObjectSize) !== size)
        throw s3Error(
          'InvalidRequest',
          `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${size}`,
        )
      const checksum = checksumOf(upload, parts)
      checkClaimed(input, checksum)
      const content: Content = { kind: 'joined', id: call.ids.uuid() }
      const etag = etagOf(parts)
      const loose: Content[] = []
      const written = await write(
        input.Bucket,
        {
          ...descriptionOf(upload),
          key: input.Key,
          modifiedAt: call.now.getTime(),
          size,
          etag,
          content,
          parts: parts.length,
          ...(checksum && { checksum }),
        },
        {
          claim: (transaction) => {
            const joined: Joined = { parts: parts.map(joinedPart) }
            transaction.put(s3Collections.joined, content.id, joined)
          },
          drop: async () => {},
        },
        'CompleteMultipartUpload',
        input,
        call,
        async (transaction) => {
          loose.length = 0
          // Nobody has fed, completed or given it up meanwhile.
          await findUpload(transaction, bucket, input.Key, input.UploadId)
          const used = new Set(parts.map(({ content }) => content.id))
          for (const { key, value } of await partsOfUpload(transaction, upload)) {
            transaction.delete(s3Collections.parts, key)
            if (used.delete(value.content.id)) continue
            loosen(transaction, value.content, call.now.getTime())
            loose.push(value.content)
          }
          if (used.size > 0) throw s3Error('InvalidPart', undefined, { UploadId: upload.id })
          transaction.delete(s3Collections.uploads, uploadKey(bucket, upload.key, upload.id))
        },
      )
      await discardSoon(loose, call)
      return {
        Location: `http://${input.Bucket}.s3.amazonaws.com/${encodeURIComponent(input.Key)}`,
        Bucket: input.Bucket,
        Key: input.Key,
        ETag: quoted(etag),
        ServerSideEncryption: 'AES256',
        ...(checksum && shownChecksum(checksum)),
        ...shownExpiration(written.version, written.bucket),
        ...shownVersionId(written.version, written.bucket),
      }
    },
  },
}

/** @throws AwsError InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest */
function chosen(
  listed: readonly Listed[],
  stored: readonly PartRecord[],
  upload: UploadRecord,
): readonly PartRecord[] {
  const byNumber = new Map(stored.map((part) => [part.number, part]))
  let before = 0
  const parts = listed.map((each) => {
    const { PartNumber: number = 0, ETag = '' } = each
    if (number <= before) throw s3Error('InvalidPartOrder', undefined, { UploadId: upload.id })
    before = number
    const part = byNumber.get(number)
    const etag = ETag.replaceAll('"', '')
    requireChecksum(each, number, upload)
    if (part === undefined || part.etag !== etag || !hasChecksum(each, part))
      throw s3Error('InvalidPart', undefined, {
        UploadId: upload.id,
        PartNumber: number,
        ETag: etag,
      })
    return part
  })
  const small = parts.slice(0, -1).find(({ size }) => size < leastBytes)
  if (small)
    throw s3Error('EntityTooSmall', undefined, {
      ProposedSize: small.size,
      MinSizeAllowed: leastBytes,
      PartNumber: small.number,
      ETag: small.etag,
    })
  return parts
}

/** Of checksums of its own, an upload wants each part's. @throws AwsError InvalidRequest */
function requireChecksum(listed: object, number: number, { checksum }: UploadRecord): void {
  if (checksum?.type !== 'COMPOSITE' || checksumRows[checksum.algorithm].member in listed) return
  throw s3Error(
    'InvalidRequest',
    `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
  )
}

/** What the list says of a part's checksum, if anything. */
function hasChecksum(listed: object, { checksum }: PartRecord): boolean {
  const said = (listed as Readonly<Record<string, unknown>>)[
    checksumRows[checksum.algorithm].member
  ]
  return said === undefined || said === checksum.value
}

function joinedPart({ content, number, size, checksum }: PartRecord): Joined['parts'][number] {
  return { content, number, size, checksum: checksum.value }
}

/** Nothing where parts came with checksums of another algorithm than the upload's own. */
function checksumOf(upload: UploadRecord, parts: readonly PartRecord[]): Checksum | undefined {
  const algorithm = algorithmOf(upload)
  if (parts.some(({ checksum }) => checksum.algorithm !== algorithm)) return undefined
  const values = parts.map(({ checksum, size }) => ({ value: checksum.value, size }))
  return joinedChecksum(upload.checksum ?? { algorithm, type: 'FULL_OBJECT' }, values)
}

/** @throws AwsError BadDigest */
function checkClaimed(input: object, checksum: Checksum | undefined): void {
  if (checksum === undefined) return
  const { member } = checksumRows[checksum.algorithm]
  const claimed = (input as Readonly<Record<string, unknown>>)[member]
  if (typeof claimed !== 'string') return
  if (claimed.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, ''))
    throw badChecksum(checksum.algorithm)
}

/** @see Amazon S3 User Guide, "Using Content-MD5 and the ETag to verify uploaded objects" */
function etagOf(parts: readonly PartRecord[]): string {
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  return `${createHash('md5').update(digests).digest('hex')}-${parts.length}`
}
