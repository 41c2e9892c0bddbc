/** ListMultipartUploads and ListParts: what is under way. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { shownChecksum } from './checksums.ts'
import { quoted } from './described.ts'
import { bucketNeed, objectNeed } from './gate.ts'
import { abortOf } from './lifecycle-rules.ts'
import { canonicalId } from './names.ts'
import {
  findBucket,
  orderedPrefix,
  type PartRecord,
  partKey,
  s3Collections,
  type UploadRecord,
  uploadKey,
  versionsOf,
} from './records.ts'
import { findUpload } from './uploads.ts'
import { keyWriter, pageSize, walk } from './walk.ts'

export const listUploads = {
  ListMultipartUploads: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('ListBucketMultipartUploads', bucket, input, call)]
    },
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const write = keyWriter(input.EncodingType)
      const { Prefix: prefix = '', Delimiter: delimiter = '', KeyMarker: marker = '' } = input
      const most = pageSize(input.MaxUploads, 'max-uploads')
      const isRolled = delimiter !== '' && marker.startsWith(prefix) && marker.endsWith(delimiter)
      const { UploadIdMarker: id = '' } = input
      const page = await walk<UploadRecord>(documents, {
        collection: s3Collections.uploads,
        prefixed: (text) => orderedPrefix(bucket, text),
        prefix,
        delimiter,
        most,
        // Without an upload's id all uploads of that key are behind the marker.
        after:
          marker === ''
            ? undefined
            : id === ''
              ? `${versionsOf(bucket, marker)}~`
              : uploadKey(bucket, marker, id),
        afterPrefix: isRolled ? marker : undefined,
      })
      const { last } = page
      const owner = { ID: canonicalId(bucket.accountId) }
      return {
        Bucket: bucket.name,
        KeyMarker: write(marker),
        UploadIdMarker: id,
        MaxUploads: most,
        Prefix: write(prefix),
        IsTruncated: page.isTruncated,
        ...(delimiter !== '' && { Delimiter: write(delimiter) }),
        ...(input.EncodingType && { EncodingType: input.EncodingType }),
        ...(page.isTruncated &&
          last && {
            NextKeyMarker: write('prefix' in last ? last.prefix : last.entry.key),
            ...('entry' in last && { NextUploadIdMarker: last.entry.id }),
          }),
        ...(page.entries.length > 0 && {
          Uploads: page.entries.map((upload) => ({
            UploadId: upload.id,
            Key: write(upload.key),
            Initiated: new Date(upload.startedAt),
            StorageClass: (upload.storageClass ?? 'STANDARD') as 'STANDARD',
            Owner: owner,
            Initiator: { ID: upload.initiator.id, DisplayName: upload.initiator.name },
            ...(upload.checksum && {
              ChecksumAlgorithm: upload.checksum.algorithm,
              ChecksumType: upload.checksum.type,
            }),
          })),
        }),
        ...(page.prefixes.length > 0 && {
          CommonPrefixes: page.prefixes.map((each) => ({ Prefix: write(each) })),
        }),
      }
    },
  },

  ListParts: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [objectNeed('ListMultipartUploadParts', bucket, input.Key, input, call)]
    },
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const upload = await findUpload(documents, bucket, input.Key, input.UploadId)
      const most = pageSize(input.MaxParts, 'max-parts')
      const marker = Number(input.PartNumberMarker ?? 0)
      const found = await documents.list<PartRecord>(s3Collections.parts, {
        prefix: `${upload.id}/`,
        ...(marker > 0 && { after: partKey(upload.id, marker) }),
        limit: most + 1,
      })
      const page = found.slice(0, most)
      const abort = abortOf(upload.key, upload.startedAt, bucket.lifecycle)
      return {
        Bucket: bucket.name,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(page.at(-1)?.value.number ?? 0),
        MaxParts: most,
        IsTruncated: found.length > most,
        StorageClass: (upload.storageClass ?? 'STANDARD') as 'STANDARD',
        Owner: { ID: canonicalId(bucket.accountId) },
        Initiator: { ID: upload.initiator.id, DisplayName: upload.initiator.name },
        ...(upload.checksum && {
          ChecksumAlgorithm: upload.checksum.algorithm,
          ChecksumType: upload.checksum.type,
        }),
        ...(abort && { AbortDate: new Date(abort.at), AbortRuleId: abort.ruleId }),
        ...(page.length > 0 && {
          Parts: page.map(({ value: { number, etag, size, modifiedAt, checksum } }) => ({
            PartNumber: number,
            ETag: quoted(etag),
            Size: size,
            LastModified: new Date(modifiedAt),
            ...(upload.checksum && shownChecksum(checksum)),
          })),
        }),
      }
    },
  },
} satisfies Operations<typeof Sdk>
