/** ListObjectVersions: every version and delete marker, the newest of a key first. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { invalidArgument } from './errors.ts'
import { bucketNeed } from './gate.ts'
import { shownEntry } from './list-objects.ts'
import { canonicalId } from './names.ts'
import { findBucket, s3Collections, type VersionRecord } from './records.ts'
import { newestOf, placeBehind } from './versions.ts'
import { pageSize, walkMarked } from './walk.ts'

export const listVersions = {
  ListObjectVersions: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('ListBucketVersions', bucket, input, call)]
    },
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const { KeyMarker: marker = '', VersionIdMarker: id = '' } = input
      if (id !== '' && marker === '')
        throw invalidArgument(
          'A version-id marker cannot be specified without a key marker.',
          'version-id-marker',
          id,
        )
      const most = pageSize(input.MaxKeys, 'max-keys')
      const behind = id === '' ? undefined : await placeBehind(documents, bucket, marker, id)
      const { entries, last, write, shown } = await walkMarked<VersionRecord>(
        documents,
        bucket,
        s3Collections.versions,
        input,
        most,
        behind,
      )
      const newest = new Map<string, string | undefined>()
      for (const { key } of entries)
        if (!newest.has(key)) newest.set(key, (await newestOf(documents, bucket, key))?.versionId)
      const Owner = { ID: canonicalId(bucket.accountId) }
      const common = (version: VersionRecord) => ({
        Key: write(version.key),
        VersionId: version.versionId,
        IsLatest: newest.get(version.key) === version.versionId,
        LastModified: new Date(version.modifiedAt),
        Owner,
      })
      const versions = entries.filter(({ isMarker }) => !isMarker)
      const markers = entries.filter(({ isMarker }) => isMarker)
      return {
        Name: bucket.name,
        VersionIdMarker: id,
        MaxKeys: most,
        ...shown,
        ...(shown.IsTruncated &&
          last &&
          'entry' in last && { NextVersionIdMarker: last.entry.versionId }),
        ...(versions.length > 0 && {
          Versions: versions.map((version) => ({ ...shownEntry(version), ...common(version) })),
        }),
        ...(markers.length > 0 && { DeleteMarkers: markers.map(common) }),
      }
    },
  },
} satisfies Operations<typeof Sdk>
