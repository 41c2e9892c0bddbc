/** Does a request hold only if the object is as the client thinks it is? */
import { noSuchKey, s3Error } from './errors.ts'
import type { VersionRecord } from './records.ts'

export interface Conditions {
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
  readonly IfModifiedSince?: Date | undefined
  readonly IfUnmodifiedSince?: Date | undefined
}

type CopyConditions = {
  readonly [Name in keyof Conditions as `CopySource${Name}`]: Conditions[Name]
}

type Seen = Pick<VersionRecord, 'etag' | 'modifiedAt'>

/**
 * Of a read: nothing new is no error but no answer either.
 *
 * @param headers  that go with a 304
 * @throws AwsError PreconditionFailed, NotModified
 * @see RFC 9110, "Precedence of preconditions"
 */
export function checkReadConditions(
  { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince }: Conditions,
  seen: Seen,
  headers: readonly string[],
): void {
  if (IfMatch !== undefined) {
    if (!lists(IfMatch, seen.etag)) throw failed('If-Match')
  } else if (
    IfUnmodifiedSince !== undefined &&
    seconds(seen.modifiedAt) > seconds(+IfUnmodifiedSince)
  )
    throw failed('If-Unmodified-Since')
  if (IfNoneMatch !== undefined) {
    if (lists(IfNoneMatch, seen.etag)) throw s3Error('NotModified', undefined, {}, headers)
  } else if (IfModifiedSince !== undefined && seconds(seen.modifiedAt) <= seconds(+IfModifiedSince))
    throw s3Error('NotModified', undefined, {}, headers)
}

/**
 * Of a write, in the transaction that writes.
 *
 * @param seen  what the key holds; undefined: nothing
 * @throws AwsError PreconditionFailed, NoSuchKey, NotImplemented
 * @see Amazon S3 User Guide, "How to prevent object overwrites with conditional writes"
 */
export function checkWriteConditions(
  { IfMatch, IfNoneMatch }: Conditions,
  seen: Seen | undefined,
  key: string,
): void {
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*')
    throw s3Error('NotImplemented', undefined, {
      Header: 'If-None-Match',
      additionalMessage: "We don't accept the provided value of If-None-Match header for this API",
    })
  if (IfNoneMatch !== undefined && IfMatch !== undefined)
    throw s3Error('NotImplemented', undefined, {
      Header: 'If-Match,If-None-Match',
      additionalMessage: 'Multiple conditional request headers present in the request',
    })
  if (IfNoneMatch !== undefined && seen) throw failed('If-None-Match')
  if (IfMatch === undefined) return
  if (seen === undefined) throw noSuchKey(key)
  if (!lists(IfMatch, seen.etag)) throw failed('If-Match')
}

/** Of a copy's source. @throws AwsError PreconditionFailed */
export function checkCopyConditions(
  {
    CopySourceIfMatch: IfMatch,
    CopySourceIfNoneMatch: IfNoneMatch,
    CopySourceIfModifiedSince: IfModifiedSince,
    CopySourceIfUnmodifiedSince: IfUnmodifiedSince,
  }: CopyConditions,
  seen: Seen,
): void {
  const modified = seconds(seen.modifiedAt)
  const prefix = 'x-amz-copy-source-'
  if (IfMatch !== undefined) {
    if (!lists(IfMatch, seen.etag)) throw failed(`${prefix}If-Match`)
  } else if (IfUnmodifiedSince !== undefined && modified > seconds(+IfUnmodifiedSince))
    throw failed(`${prefix}If-Unmodified-Since`)
  if (IfNoneMatch !== undefined) {
    if (lists(IfNoneMatch, seen.etag)) throw failed(`${prefix}If-None-Match`)
  } else if (IfModifiedSince !== undefined && modified <= seconds(+IfModifiedSince))
    throw failed(`${prefix}If-Modified-Since`)
}

/** Quotes or not, weak or not: clients write all of them. */
function lists(header: string, etag: string): boolean {
  return header
    .split(',')
    .map((one) =>
      one
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .some((one) => one === '*' || one === etag)
}

/** HTTP's dates have no smaller part. */
function seconds(ms: number): number {
  return Math.floor(ms / 1_000)
}

function failed(condition: string) {
  return s3Error('PreconditionFailed', undefined, { Condition: condition })
}
