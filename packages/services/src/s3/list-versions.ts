/** ListObjectVersions: every version and delete marker, the newest of a key first. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { invalidArgument } from './errors.ts'
import { bucketNeed } from './gate.ts'
import { shownEntry } from './list-objects.ts'
import { canonicalId } from './names.ts'
import {
  findBucket,
  orderedPrefix,
  s3Collections,
  type VersionRecord,
  versionKey,
  versionsOf,
} from './records.ts'
import { newestOf, versionOf } from './versions.ts'
import { keyWriter, pageSize, walk } from './walk.ts'

export const listVersions = {
  ListObjectVersions: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('ListBucketVersions', bucket, input, call)]
    },
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const write = keyWriter(input.EncodingType)
      const { Prefix: prefix = '', Delimiter: delimiter = '', KeyMarker: marker = '' } = input
      const { VersionIdMarker: id = '' } = input
      if (id !== '' && marker === '')
        throw invalidArgument(
          'A version-id marker cannot be specified without a key marker.',
          'version-id-marker',
          id,
        )
      const most = pageSize(input.MaxKeys, 'max-keys')
      const isRolled = delimiter !== '' && marker.startsWith(prefix) && marker.endsWith(delimiter)
      const from = id === '' ? undefined : await versionOf(documents, bucket, marker, id)
      const page = await walk<VersionRecord>(documents, {
        collection: s3Collections.versions,
        prefixed: (text) => orderedPrefix(bucket, text),
        prefix,
        delimiter,
        most,
        after:
          marker === ''
            ? undefined
            : from
              ? versionKey(bucket, from)
              : `${versionsOf(bucket, marker)}~`,
        afterPrefix: isRolled && id === '' ? marker : undefined,
      })
      const newest = new Map<string, string | undefined>()
      for (const { key } of page.entries)
        if (!newest.has(key)) newest.set(key, (await newestOf(documents, bucket, key))?.versionId)
      const Owner = { ID: canonicalId(bucket.accountId) }
      const common = (version: VersionRecord) => ({
        Key: write(version.key),
        VersionId: version.versionId,
        IsLatest: newest.get(version.key) === version.versionId,
        LastModified: new Date(version.modifiedAt),
        Owner,
      })
      const versions = page.entries.filter(({ isMarker }) => !isMarker)
      const markers = page.entries.filter(({ isMarker }) => isMarker)
      const { last } = page
      return {
        Name: bucket.name,
        Prefix: write(prefix),
        KeyMarker: write(marker),
        VersionIdMarker: id,
        MaxKeys: most,
        IsTruncated: page.isTruncated,
        ...(delimiter !== '' && { Delimiter: write(delimiter) }),
        ...(input.EncodingType && { EncodingType: input.EncodingType }),
        ...(page.isTruncated &&
          last && {
            NextKeyMarker: write('prefix' in last ? last.prefix : last.entry.key),
            ...('entry' in last && { NextVersionIdMarker: last.entry.versionId }),
          }),
        ...(versions.length > 0 && {
          Versions: versions.map((version) => ({ ...shownEntry(version), ...common(version) })),
        }),
        ...(markers.length > 0 && { DeleteMarkers: markers.map(common) }),
        ...(page.prefixes.length > 0 && {
          CommonPrefixes: page.prefixes.map((each) => ({ Prefix: write(each) })),
        }),
      }
    },
  },
} satisfies Operations<typeof Sdk>
