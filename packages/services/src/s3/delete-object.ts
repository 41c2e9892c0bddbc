/** DeleteObject and DeleteObjects: a key, or one version of it. */
import type * as Sdk from '@aws-sdk/client-s3'
import { AwsError } from '@sekisho/protocols'
import type { Call, Need, Operations } from '../service.ts'
import { discardSoon } from './content.ts'
import { quoted } from './described.ts'
import { noSuchKey, refuseGiven, s3Error } from './errors.ts'
import { noteEvent } from './events.ts'
import { bucketNeed, existingTags, objectNeed } from './gate.ts'
import { checkKey } from './names.ts'
import { type BucketRecord, findBucket } from './records.ts'
import { currentOf, hideKey, randomVersion, removeVersion, versionOf } from './versions.ts'

const mostKeys = 1_000

interface Target {
  readonly Key: string
  readonly VersionId?: string | undefined
  /** Without quotes or with them. */
  readonly ETag?: string | undefined
}

export const deleteObject = {
  DeleteObject: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [await deleteNeed(bucket, input, call)]
    },
    async handle(input, call) {
      refuseGiven(input, ['MFA', 'BypassGovernanceRetention', ...unsupportedConditions])
      checkKey(input.Key)
      return removed(
        input.Bucket,
        { Key: input.Key, VersionId: input.VersionId, ETag: input.IfMatch },
        call,
      )
    },
  },

  DeleteObjects: {
    /** Each key is asked for by itself, and refused by itself. */
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [{ ...bucketNeed('DeleteObject', bucket, input, call), isOpenToAll: true }]
    },
    async handle(input, call) {
      refuseGiven(input, ['MFA', 'BypassGovernanceRetention'])
      const { Objects = [], Quiet = false } = input.Delete ?? {}
      if (Objects.length === 0 || Objects.length > mostKeys) throw s3Error('MalformedXML')
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      const outcomes: Outcome[] = []
      // Those of one batch wait for the disk together.
      for (let at = 0; at < Objects.length; at += atOnce)
        outcomes.push(
          ...(await Promise.all(
            Objects.slice(at, at + atOnce).map((target) => outcomeOf(bucket, target, call)),
          )),
        )
      const Deleted = outcomes.flatMap((outcome) => ('deleted' in outcome ? outcome.deleted : []))
      const Errors = outcomes.flatMap((outcome) => ('error' in outcome ? outcome.error : []))
      return {
        ...(!Quiet && Deleted.length > 0 && { Deleted }),
        ...(Errors.length > 0 && { Errors }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

const atOnce = 50

type Outcome = { readonly deleted: Sdk.DeletedObject } | { readonly error: Sdk._Error }

/** Of one key of a batch, which is refused by itself. */
async function outcomeOf(bucket: BucketRecord, target: Target, call: Call): Promise<Outcome> {
  const { Key, VersionId } = target
  const named = { Key, ...(VersionId !== undefined && { VersionId }) }
  try {
    refuseGiven(target, ['LastModifiedTime', 'Size'])
    checkKey(Key)
    const refusal = await call.refusalOf([await deleteNeed(bucket, target, call)])
    if (refusal) throw refusal
    const { DeleteMarker, VersionId: made } = await removed(bucket.name, target, call)
    return {
      deleted: { ...named, ...(DeleteMarker && { DeleteMarker, DeleteMarkerVersionId: made }) },
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { error: { ...named, Code: error.code, Message: error.message } }
  }
}

/** Of directory buckets, which are not built. */
const unsupportedConditions = ['IfMatchLastModifiedTime', 'IfMatchSize'] as const

async function deleteNeed(bucket: BucketRecord, input: Target, call: Call): Promise<Need> {
  const { Key, VersionId } = input
  if (VersionId === undefined) return objectNeed('DeleteObject', bucket, Key, input, call)
  const tags = (await versionOf(call.documents, bucket, Key, VersionId))?.tags
  return objectNeed('DeleteObjectVersion', bucket, Key, input, call, existingTags(tags))
}

/** What is not there is gone already. @throws AwsError PreconditionFailed, NoSuchKey */
async function removed(
  bucketName: string,
  { Key, VersionId, ETag }: Target,
  call: Call,
): Promise<{ DeleteMarker?: boolean; VersionId?: string }> {
  const random = randomVersion(call.ids)
  const nowMs = call.now.getTime()
  const { loose, output } = await call.documents.transact(async (transaction) => {
    const bucket = await findBucket(transaction, bucketName)
    if (ETag !== undefined) {
      const seen = await currentOf(transaction, bucket, Key)
      if (seen === undefined) throw noSuchKey(Key)
      if (ETag !== '*' && ETag !== seen.etag && ETag !== quoted(seen.etag))
        throw s3Error('PreconditionFailed', undefined, { Condition: 'If-Match' })
    }
    if (VersionId === undefined) {
      const before = bucket.versioning ?? (await currentOf(transaction, bucket, Key))
      const { result: marker, loose } = await hideKey(transaction, bucket, Key, random, nowMs)
      if (before)
        noteEvent(
          transaction,
          bucket,
          marker ? 'ObjectRemoved:DeleteMarkerCreated' : 'ObjectRemoved:Delete',
          marker ?? { key: Key },
          call,
        )
      const output = marker ? { DeleteMarker: true, VersionId: marker.versionId } : {}
      return { loose, output }
    }
    const version = await versionOf(transaction, bucket, Key, VersionId)
    if (version === undefined) return { loose: [], output: { VersionId } }
    const loose = await removeVersion(transaction, bucket, version, nowMs)
    noteEvent(transaction, bucket, 'ObjectRemoved:Delete', version, call)
    return {
      loose,
      output: { VersionId, ...(version.isMarker && { DeleteMarker: true }) },
    }
  })
  await discardSoon(loose, call)
  return output
}
