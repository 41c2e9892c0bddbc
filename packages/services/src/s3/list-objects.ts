/** ListObjects and ListObjectsV2: the keys that hold something now. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Call, Needs, Operations } from '../service.ts'
import { quoted } from './described.ts'
import { invalidArgument } from './errors.ts'
import { bucketNeed } from './gate.ts'
import { canonicalId } from './names.ts'
import {
  type BucketRecord,
  findBucket,
  objectKey,
  s3Collections,
  type VersionRecord,
} from './records.ts'
import { keyWriter, type Page, pageSize, walk } from './walk.ts'

export const listObjects = {
  ListObjects: {
    needs: listNeeds,
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const write = keyWriter(input.EncodingType)
      const { Prefix: prefix = '', Delimiter: delimiter = '', Marker: marker = '' } = input
      const most = pageSize(input.MaxKeys, 'max-keys')
      // The marker that a page gave may be a prefix that was rolled up.
      const isRolled = delimiter !== '' && marker.startsWith(prefix) && marker.endsWith(delimiter)
      const page = await pageOf(documents, bucket, {
        prefix,
        delimiter,
        most,
        after: marker,
        ...(isRolled && { afterPrefix: marker }),
      })
      return {
        Name: bucket.name,
        Prefix: write(prefix),
        Marker: write(marker),
        MaxKeys: most,
        IsTruncated: page.isTruncated,
        ...(delimiter !== '' && { Delimiter: write(delimiter) }),
        ...(input.EncodingType && { EncodingType: input.EncodingType }),
        ...contentsOf(page, bucket, write, true),
        // Without a delimiter the last key is the marker.
        ...(page.isTruncated && delimiter !== '' && { NextMarker: write(nameOf(page)) }),
      }
    },
  },

  ListObjectsV2: {
    needs: listNeeds,
    async handle(input, { documents }) {
      const bucket = await findBucket(documents, input.Bucket)
      const write = keyWriter(input.EncodingType)
      const { Prefix: prefix = '', Delimiter: delimiter = '', ContinuationToken: token } = input
      const most = pageSize(input.MaxKeys, 'max-keys')
      const from = token === undefined ? { after: input.StartAfter ?? '' } : readToken(token)
      const page = await pageOf(documents, bucket, { prefix, delimiter, most, ...from })
      return {
        Name: bucket.name,
        Prefix: write(prefix),
        MaxKeys: most,
        KeyCount: page.entries.length + page.prefixes.length,
        IsTruncated: page.isTruncated,
        ...(delimiter !== '' && { Delimiter: write(delimiter) }),
        ...(input.EncodingType && { EncodingType: input.EncodingType }),
        ...(input.StartAfter !== undefined && { StartAfter: write(input.StartAfter) }),
        ...(token !== undefined && { ContinuationToken: token }),
        ...(page.isTruncated && { NextContinuationToken: makeToken(page) }),
        ...contentsOf(page, bucket, write, input.FetchOwner === true),
      }
    },
  },
} satisfies Operations<typeof Sdk>

async function listNeeds(
  input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string | undefined },
  call: Call,
): Promise<Needs> {
  const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
  return [bucketNeed('ListBucket', bucket, input, call)]
}

interface From {
  readonly after: string
  readonly afterPrefix?: string
}

function pageOf(
  documents: Call['documents'],
  bucket: BucketRecord,
  asked: From & { readonly prefix: string; readonly delimiter: string; readonly most: number },
): Promise<Page<VersionRecord>> {
  return walk<VersionRecord>(documents, {
    collection: s3Collections.objects,
    prefixed: (prefix) => objectKey(bucket, prefix),
    prefix: asked.prefix,
    delimiter: asked.delimiter,
    most: asked.most,
    after: asked.after === '' ? undefined : objectKey(bucket, asked.after),
    afterPrefix: asked.afterPrefix,
  })
}

function contentsOf(
  { entries, prefixes }: Page<VersionRecord>,
  { accountId }: BucketRecord,
  write: (key: string) => string,
  hasOwner: boolean,
): Pick<Sdk.ListObjectsCommandOutput, 'Contents' | 'CommonPrefixes'> {
  return {
    ...(entries.length > 0 && {
      Contents: entries.map((version) => ({
        Key: write(version.key),
        ...shownEntry(version),
        ...(hasOwner && { Owner: { ID: canonicalId(accountId) } }),
      })),
    }),
    ...(prefixes.length > 0 && {
      CommonPrefixes: prefixes.map((prefix) => ({ Prefix: write(prefix) })),
    }),
  }
}

/** What lists say of an object or a version. */
export function shownEntry({ modifiedAt, etag, size, storageClass, checksum }: VersionRecord) {
  return {
    LastModified: new Date(modifiedAt),
    ETag: quoted(etag),
    Size: size,
    StorageClass: (storageClass ?? 'STANDARD') as 'STANDARD',
    ...(checksum && {
      ChecksumAlgorithm: [checksum.algorithm],
      ChecksumType: checksum.type,
    }),
  }
}

function nameOf({ last }: Page<VersionRecord>): string {
  if (last === undefined) return ''
  return 'prefix' in last ? last.prefix : last.entry.key
}

function makeToken({ last }: Page<VersionRecord>): string {
  const text = last && 'prefix' in last ? `p${last.prefix}` : `k${last?.entry.key ?? ''}`
  return Buffer.from(text).toString('base64url')
}

/** @throws AwsError InvalidArgument */
function readToken(token: string): From {
  const text = Buffer.from(token, 'base64url').toString()
  const isOurs = /^[kp]./su.test(text) && Buffer.from(text).toString('base64url') === token
  if (!isOurs)
    throw invalidArgument(
      'The continuation token provided is incorrect',
      'continuation-token',
      token,
    )
  const name = text.slice(1)
  return text.startsWith('p') ? { after: '', afterPrefix: name } : { after: name }
}
