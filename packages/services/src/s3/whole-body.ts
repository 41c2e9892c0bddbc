/** Is a small body, of a setting or a list, what its request's headers claim? */
import { createHash } from 'node:crypto'
import { headerOf } from '@sekisho/protocols'
import { badChecksum, checkForm, checksumAlgorithms, checksumRows, digestOf } from './checksums.ts'
import { s3Error } from './errors.ts'

/** @throws AwsError InvalidDigest, BadDigest, InvalidRequest */
export function checkWholeBody(
  operation: string,
  headers: readonly string[],
  body: Uint8Array,
): void {
  const md5 = headerOf(headers, 'content-md5')
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16)
      throw s3Error('InvalidDigest', undefined, { 'Content-MD5': md5 })
    const computed = createHash('md5').update(body).digest('base64')
    if (computed !== md5)
      throw s3Error('BadDigest', undefined, { ExpectedDigest: md5, CalculatedDigest: computed })
  }
  // Its headers speak of the object.
  if (operation === 'CompleteMultipartUpload') return
  for (const algorithm of checksumAlgorithms) {
    const claimed = headerOf(headers, checksumRows[algorithm].header)
    if (claimed === undefined) continue
    if (digestOf(algorithm, body) !== checkForm(algorithm, claimed)) throw badChecksum(algorithm)
  }
}
