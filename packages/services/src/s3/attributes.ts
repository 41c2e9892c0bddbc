/** GetObjectAttributes: what is known of an object and its parts, all at once. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Reader } from '@sekisho/store'
import type { Operations } from '../service.ts'
import { checksumRows } from './checksums.ts'
import { partsOf } from './content.ts'
import { shownVersionId } from './described.ts'
import { invalidArgument, refuseGiven } from './errors.ts'
import { foundVersion, readNeeds } from './get-object.ts'
import type { VersionRecord } from './records.ts'
import { pageSize } from './walk.ts'

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const

export const attributes = {
  GetObjectAttributes: {
    needs: async (input, call) => [
      ...(await readNeeds('GetObject', input, call)),
      ...(await readNeeds('GetObjectAttributes', input, call)),
    ],
    async handle(input, { documents }) {
      refuseGiven(input, ['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'])
      const wanted = new Set<string>(input.ObjectAttributes)
      if (wanted.size === 0 || [...wanted].some((each) => !attributeNames.includes(each as 'ETag')))
        throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes')
      const { bucket, version } = await foundVersion(input, documents)
      const { checksum, etag, size, storageClass = 'STANDARD' } = version
      return {
        LastModified: new Date(version.modifiedAt),
        ...shownVersionId(version, bucket),
        ...(wanted.has('ETag') && { ETag: etag }),
        ...(wanted.has('ObjectSize') && { ObjectSize: size }),
        ...(wanted.has('StorageClass') && { StorageClass: storageClass as 'STANDARD' }),
        ...(wanted.has('Checksum') &&
          checksum && {
            Checksum: {
              [checksumRows[checksum.algorithm].member]: checksum.value,
              ChecksumType: checksum.type,
            },
          }),
        ...(wanted.has('ObjectParts') && (await objectParts(version, input, documents))),
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** Parts are told of one by one only where each has a checksum of its own to be compared with. */
async function objectParts(
  { content, checksum }: VersionRecord,
  asked: {
    readonly MaxParts?: number | undefined
    readonly PartNumberMarker?: string | undefined
  },
  reader: Reader,
) {
  const joined = content && (await partsOf(reader, content))
  if (joined === undefined) return {}
  const all = joined.parts.map((part, index) => ({ ...part, number: index + 1 }))
  const most = pageSize(asked.MaxParts, 'max-parts')
  const marker = Number(asked.PartNumberMarker ?? 0)
  const rest = all.filter(({ number }) => number > marker)
  const page = rest.slice(0, most)
  return {
    ObjectParts: {
      TotalPartsCount: all.length,
      ...(checksum?.type === 'COMPOSITE' && {
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
        MaxParts: most,
        IsTruncated: page.length < rest.length,
        Parts: page.map(({ number, size, checksum: value }) => ({
          PartNumber: number,
          Size: size,
          ...(value && { [checksumRows[checksum.algorithm].member]: value }),
        })),
      }),
    },
  }
}
