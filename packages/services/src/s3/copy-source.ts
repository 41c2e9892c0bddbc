/** Which version of which object is to be copied, and may the caller read it? */
import type { Reader } from '@sekisho/store'
import type { Call, Need } from '../service.ts'
import { invalidArgument } from './errors.ts'
import { bucketNeed, existingTags, objectNeed } from './gate.ts'
import { foundVersion } from './get-object.ts'
import { type BucketRecord, findBucket, type VersionRecord } from './records.ts'
import { newestOf, versionOf } from './versions.ts'

export interface CopySource {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
}

/**
 * `bucket/key?versionId=…`, percent-encoded, with or without a slash before it.
 *
 * @throws AwsError InvalidArgument
 */
export function readCopySource(header: string): CopySource {
  const [, path = '', versionId] = /^\/?(.*?)(?:\?versionId=(.*))?$/s.exec(header) ?? []
  const decoded = decode(path)
  const slash = decoded?.indexOf('/') ?? -1
  if (decoded === undefined || slash < 1 || slash === decoded.length - 1)
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', header)
  if (decoded.startsWith('arn:'))
    throw invalidArgument('Invalid copy source bucket name', 'x-amz-copy-source', header)
  return {
    bucket: decoded.slice(0, slash),
    key: decoded.slice(slash + 1),
    ...(versionId !== undefined && { versionId: decode(versionId) ?? versionId }),
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Who may not list the source is not told whether it is there. */
export async function sourceNeeds(
  { bucket: name, key, versionId }: CopySource,
  expectedOwner: string | undefined,
  call: Call,
): Promise<{
  readonly needs: readonly [Need, ...Need[]]
  readonly taggingNeed: Need
  readonly version: VersionRecord | undefined
}> {
  const { documents } = call
  const bucket = await findBucket(documents, name, expectedOwner)
  const version =
    versionId === undefined
      ? await newestOf(documents, bucket, key)
      : await versionOf(documents, bucket, key, versionId)
  const input = { VersionId: versionId }
  const keys = existingTags(version?.tags)
  const of = (action: string) => objectNeed(action, bucket, key, input, call, keys)
  const get = of(versionId === undefined ? 'GetObject' : 'GetObjectVersion')
  return {
    needs:
      version === undefined || version.isMarker
        ? [get, bucketNeed('ListBucket', bucket, {}, call)]
        : [get],
    taggingNeed: of(versionId === undefined ? 'GetObjectTagging' : 'GetObjectVersionTagging'),
    version,
  }
}

export function sourceVersion(
  { bucket, key, versionId }: CopySource,
  reader: Reader,
): Promise<{ readonly bucket: BucketRecord; readonly version: VersionRecord }> {
  return foundVersion({ Bucket: bucket, Key: key, VersionId: versionId }, reader)
}
