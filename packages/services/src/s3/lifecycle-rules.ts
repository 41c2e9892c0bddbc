/** When does an object end, by its bucket's lifecycle rules? */
import type { BucketRecord, LifecycleFilter, LifecycleRule, VersionRecord } from './records.ts'

const dayMs = 86_400_000

export interface Expiration {
  /** Epoch milliseconds, a midnight. */
  readonly at: number
  readonly ruleId: string
}

type Aged = Pick<VersionRecord, 'key' | 'modifiedAt' | 'size' | 'tags' | 'isMarker'>

/** Of a current version: the earliest of the rules that hold for it. */
export function expirationOf(
  version: Aged,
  rules: readonly LifecycleRule[] | undefined,
): Expiration | undefined {
  let first: Expiration | undefined
  if (version.isMarker) return undefined
  for (const { id, isEnabled, filter, days, date } of rules ?? []) {
    if (!isEnabled || !holdsFor(filter, version)) continue
    const at = days === undefined ? date : midnightAfter(version.modifiedAt, days)
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, ruleId: id }
  }
  return first
}

/**
 * Of a version that is no longer current.
 *
 * @param replacedAt  when the next one came
 * @param newerCount  how many newer ones that are not current either are kept
 */
export function noncurrentExpirationOf(
  version: Aged,
  replacedAt: number,
  newerCount: number,
  rules: readonly LifecycleRule[] | undefined,
): number | undefined {
  const ends = (rules ?? []).flatMap(
    ({ isEnabled, filter, noncurrentDays, newerNoncurrent = 0 }) =>
      isEnabled &&
      noncurrentDays !== undefined &&
      newerCount >= newerNoncurrent &&
      holdsFor(filter, version)
        ? [midnightAfter(replacedAt, noncurrentDays)]
        : [],
  )
  return ends.length > 0 ? Math.min(...ends) : undefined
}

/** Of a delete marker that hides nothing any more. */
export function loneMarkerExpires(
  marker: Aged,
  rules: readonly LifecycleRule[] | undefined,
  nowMs: number,
): boolean {
  return (rules ?? []).some(
    ({ isEnabled, filter, expiresLoneMarkers, days }) =>
      isEnabled &&
      holdsFor(filter, { ...marker, tags: {} }) &&
      (expiresLoneMarkers === true ||
        (days !== undefined && midnightAfter(marker.modifiedAt, days) <= nowMs)),
  )
}

/** Of an upload in parts that nobody completes. */
export function abortOf(
  key: string,
  startedAt: number,
  rules: readonly LifecycleRule[] | undefined,
): Expiration | undefined {
  let first: Expiration | undefined
  for (const { id, isEnabled, filter, abortDays } of rules ?? []) {
    if (!isEnabled || abortDays === undefined || !key.startsWith(filter.prefix ?? '')) continue
    const at = midnightAfter(startedAt, abortDays)
    if (first === undefined || at < first.at) first = { at, ruleId: id }
  }
  return first
}

/** @see Amazon S3 User Guide, "Lifecycle rules: based on an object's age" */
function midnightAfter(ms: number, days: number): number {
  return (Math.floor(ms / dayMs) + days + 1) * dayMs
}

function holdsFor(
  { prefix = '', tags = {}, largerThan, smallerThan }: LifecycleFilter,
  version: Aged,
): boolean {
  return (
    version.key.startsWith(prefix) &&
    Object.entries(tags).every(([tag, value]) => version.tags?.[tag] === value) &&
    (largerThan === undefined || version.size > largerThan) &&
    (smallerThan === undefined || version.size < smallerThan)
  )
}

/** `x-amz-expiration` of answers that speak of a current version. */
export function shownExpiration(
  version: VersionRecord,
  { lifecycle }: BucketRecord,
): { Expiration?: string } {
  const found = expirationOf(version, lifecycle)
  if (found === undefined) return {}
  const date = new Date(found.at).toUTCString()
  return { Expiration: `expiry-date="${date}", rule-id="${encodeURIComponent(found.ruleId)}"` }
}
