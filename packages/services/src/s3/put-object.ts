/** PutObject: bytes under a key. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Transaction } from '@sekisho/store'
import type { Call, Need, Needs, Operations } from '../service.ts'
import { takeBody } from './body.ts'
import { shownChecksum } from './checksums.ts'
import { type Conditions, checkWriteConditions } from './conditions.ts'
import { discardSoon, type Kept } from './content.ts'
import {
  type Describing,
  describedBy,
  quoted,
  refuseUnsupported,
  shownVersionId,
} from './described.ts'
import { s3Error } from './errors.ts'
import { noteEvent } from './events.ts'
import { objectNeed, requestedTags } from './gate.ts'
import { shownExpiration } from './lifecycle-rules.ts'
import { checkKey } from './names.ts'
import { type BucketRecord, findBucket, type VersionRecord } from './records.ts'
import { fromTagging } from './tags.ts'
import { addVersion, currentOf, type NewVersion, randomVersion } from './versions.ts'

export const putObject: Operations<typeof Sdk> = {
  PutObject: {
    needs: writeNeeds,
    async handle(input, call) {
      checkKey(input.Key)
      refuseUnsupported(input)
      const described = describedBy(input)
      // What can be refused is refused before the bytes are read.
      const bucket = await findBucket(call.documents, input.Bucket)
      checkWriteConditions(input, await currentOf(call.documents, bucket, input.Key), input.Key)
      const { kept, size, etag, checksum } = await takeBody(input, call)
      const made: NewVersion = {
        ...described,
        key: input.Key,
        modifiedAt: call.now.getTime(),
        size,
        etag,
        content: kept.content,
        checksum: { ...checksum, type: 'FULL_OBJECT' },
      }
      const { version, bucket: written } = await write(input.Bucket, made, kept, 'Put', input, call)
      return {
        ETag: quoted(etag),
        ServerSideEncryption: 'AES256',
        ...shownExpiration(version, written),
        ...shownVersionId(version, written),
        ...shownChecksum(version.checksum!),
      }
    },
  },
}

interface Writing extends Describing {
  readonly Bucket: string
  readonly Key: string
  readonly ExpectedBucketOwner?: string | undefined
}

/** Of whatever makes an object: its tags and its access control list are asked for beside it. */
export async function writeNeeds(input: Writing, call: Call): Promise<Needs> {
  const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
  const keys = requestedTags(fromTagging(input.Tagging))
  const need = (action: string): Need => objectNeed(action, bucket, input.Key, input, call, keys)
  return [
    need('PutObject'),
    ...(input.Tagging === undefined ? [] : [need('PutObjectTagging')]),
    ...(input.ACL === undefined ? [] : [need('PutObjectAcl')]),
  ]
}

/**
 * The version is there, or nothing is.
 *
 * @param also  what else is true from then on
 * @throws AwsError NoSuchBucket, PreconditionFailed
 */
export async function write(
  bucketName: string,
  made: NewVersion,
  kept: Pick<Kept, 'claim' | 'drop'>,
  event: 'Put' | 'Copy' | 'CompleteMultipartUpload',
  conditions: Conditions,
  call: Call,
  also: (transaction: Transaction) => Promise<void> | void = () => {},
): Promise<{ readonly version: VersionRecord; readonly bucket: BucketRecord }> {
  const random = randomVersion(call.ids)
  const writing = call.documents.transact(async (transaction) => {
    const bucket = await findBucket(transaction, bucketName)
    checkWriteConditions(conditions, await currentOf(transaction, bucket, made.key), made.key)
    const { result: version, loose } = await addVersion(transaction, bucket, made, random)
    await kept.claim(transaction)
    await also(transaction)
    noteEvent(transaction, bucket, `ObjectCreated:${event}`, version, call)
    return { version, bucket, loose }
  })
  const { loose, ...written } = await writing.catch(async (error) => {
    await kept.drop()
    // Too many write the same key at once: clients wait for a moment and try again.
    throw error instanceof Error && 'code' in error && error.code === 'CONFLICT'
      ? s3Error('SlowDown')
      : error
  })
  await discardSoon(loose, call)
  return written
}
