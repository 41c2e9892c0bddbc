/** Uploads in parts that come to nothing. */
import type { Reader, Transaction } from '@sekisho/store'
import { loosen } from './content.ts'
import {
  type BucketRecord,
  type Content,
  type PartRecord,
  s3Collections,
  type UploadRecord,
  uploadKey,
} from './records.ts'

/** Nothing is left of it. */
export async function abort(
  transaction: Transaction,
  bucket: BucketRecord,
  upload: UploadRecord,
  nowMs: number,
): Promise<readonly Content[]> {
  const loose: Content[] = []
  for (const { key, value } of await partsOfUpload(transaction, upload)) {
    loosen(transaction, value.content, nowMs)
    loose.push(value.content)
    transaction.delete(s3Collections.parts, key)
  }
  transaction.delete(s3Collections.uploads, uploadKey(bucket, upload.key, upload.id))
  return loose
}

export function partsOfUpload(reader: Reader, { id }: UploadRecord) {
  return reader.list<PartRecord>(s3Collections.parts, { prefix: `${id}/` })
}

/** Of a bucket that goes. */
export async function abortAll(
  transaction: Transaction,
  bucket: BucketRecord,
  nowMs: number,
): Promise<readonly Content[]> {
  const prefix = `${bucket.id}/`
  const loose: Content[] = []
  for (const { value } of await transaction.list<UploadRecord>(s3Collections.uploads, { prefix }))
    loose.push(...(await abort(transaction, bucket, value, nowMs)))
  return loose
}
