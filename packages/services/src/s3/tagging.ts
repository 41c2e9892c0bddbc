/** Tags of objects. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Call, Needs, Operations } from '../service.ts'
import { shownVersionId } from './described.ts'
import { noteEvent } from './events.ts'
import { existingTags, objectNeed, requestedTags } from './gate.ts'
import { foundVersion, readNeeds } from './get-object.ts'
import { findBucket, type Tags } from './records.ts'
import { fromTagSet, mostObjectTags, toTagSet } from './tags.ts'
import { currentOf, newestOf, replaceVersion, versionOf } from './versions.ts'

interface Tagged {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId?: string | undefined
  readonly ExpectedBucketOwner?: string | undefined
}

export const tagging = {
  GetObjectTagging: {
    needs: (input, call) => readNeeds('GetObjectTagging', input, call),
    async handle(input, call) {
      const { bucket, version } = await foundVersion(input, call.documents)
      return { TagSet: toTagSet(version.tags), ...shownVersionId(version, bucket) }
    },
  },
  PutObjectTagging: {
    needs: (input, call) =>
      changeNeeds('Put', input, fromTagSet(input.Tagging?.TagSet, mostObjectTags), call),
    handle: (input, call) =>
      retag(input, fromTagSet(input.Tagging.TagSet, mostObjectTags), 'ObjectTagging:Put', call),
  },
  DeleteObjectTagging: {
    needs: (input, call) => changeNeeds('Delete', input, {}, call),
    handle: (input, call) => retag(input, {}, 'ObjectTagging:Delete', call),
  },
} satisfies Operations<typeof Sdk>

async function changeNeeds(
  verb: 'Put' | 'Delete',
  input: Tagged,
  tags: Tags,
  call: Call,
): Promise<Needs> {
  const { VersionId } = input
  const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
  const found =
    VersionId === undefined
      ? await currentOf(call.documents, bucket, input.Key)
      : await versionOf(call.documents, bucket, input.Key, VersionId)
  const action = VersionId === undefined ? `${verb}ObjectTagging` : `${verb}ObjectVersionTagging`
  const keys = { ...existingTags(found?.tags), ...requestedTags(tags) }
  return [objectNeed(action, bucket, input.Key, input, call, keys)]
}

async function retag(
  input: Tagged,
  tags: Tags,
  event: string,
  call: Call,
): Promise<{ VersionId?: string }> {
  return call.documents.transact(async (transaction) => {
    const { version } = await foundVersion(input, transaction)
    const bucket = await findBucket(transaction, input.Bucket)
    const newest = await newestOf(transaction, bucket, input.Key)
    const { tags: _, ...rest } = version
    const tagged = Object.keys(tags).length > 0 ? { ...rest, tags } : rest
    replaceVersion(transaction, bucket, tagged, newest?.place === version.place)
    noteEvent(transaction, bucket, event, tagged, call)
    return shownVersionId(version, bucket)
  })
}
