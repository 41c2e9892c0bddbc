/** Which names may buckets have, which keys objects, and what are owners called? */
import { s3Error } from './errors.ts'

/**
 * @throws AwsError InvalidBucketName
 * @see Amazon S3 User Guide, "General purpose bucket naming rules"
 */
export function checkBucketName(name: string): void {
  const isGood =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|^\d{1,3}(?:\.\d{1,3}){3}$|^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  if (!isGood) throw s3Error('InvalidBucketName', undefined, { BucketName: name })
}

const mostKeyBytes = 1_024

/** @throws AwsError KeyTooLongError */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key)
  if (size > mostKeyBytes)
    throw s3Error('KeyTooLongError', undefined, { Size: size, MaxSizeAllowed: mostKeyBytes })
}

/** One for each account, of the form that S3's have. @see Amazon S3 User Guide, "Canonical user ID" */
export function canonicalId(accountId: string): string {
  return accountId.padStart(64, '0')
}
