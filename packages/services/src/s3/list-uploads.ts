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
  type PartRecord,
  partKey,
  s3Collections,
  type UploadRecord,
  uploadKey,
} from './records.ts'
import { findUpload } from './uploads.ts'
import { pageSize, walkMarked } from './walk.ts'

export const listUploads = {
  ListMultipartUploads: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('ListBucketMultipartUploads', bucket, input, call)]
    },
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const { KeyMarker: marker = '', UploadIdMarker: id = '' } = input
      const most = pageSize(input.MaxUploads, 'max-uploads')
      const behind = id === '' ? undefined : uploadKey(bucket, marker, id)
      const { entries, last, write, shown } = await walkMarked<UploadRecord>(
        documents,
        bucket,
        s3Collections.uploads,
        input,
        most,
        behind,
      )
      const owner = { ID: canonicalId(bucket.accountId) }
      return {
        Bucket: bucket.name,
        UploadIdMarker: id,
        MaxUploads: most,
        ...shown,
        ...(shown.IsTruncated && last && 'entry' in last && { NextUploadIdMarker: last.entry.id }),
        ...(entries.length > 0 && {
          Uploads: entries.map((upload) => ({
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
