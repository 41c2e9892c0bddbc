/** Lifecycle rules of buckets: when objects, old versions and unfinished uploads end. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { IdSource, Operations } from '../service.ts'
import { changeBucket, needing } from './bucket-settings.ts'
import { notSupported, s3Error } from './errors.ts'
import { findBucket, type LifecycleFilter, type LifecycleRule } from './records.ts'
import { fromTagSet, mostObjectTags, toTagSet } from './tags.ts'

const mostRules = 1_000
/** @see Amazon S3 API Reference, "NoncurrentVersionExpiration" */
const mostNewer = 100
const dayMs = 86_400_000

export const lifecycle = {
  GetBucketLifecycleConfiguration: {
    needs: needing('GetLifecycleConfiguration'),
    async handle({ Bucket }, { documents }) {
      const { lifecycle: rules } = await findBucket(documents, Bucket)
      if (rules === undefined)
        throw s3Error('NoSuchLifecycleConfiguration', undefined, { BucketName: Bucket })
      return { Rules: rules.map(shownRule) }
    },
  },
  PutBucketLifecycleConfiguration: {
    needs: needing('PutLifecycleConfiguration'),
    async handle({ Bucket, LifecycleConfiguration: given }, call) {
      const rules = readRules(given?.Rules ?? [], call.ids)
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, lifecycle: rules }))
    },
  },
  DeleteBucketLifecycle: {
    needs: needing('PutLifecycleConfiguration'),
    handle: ({ Bucket }, call) =>
      changeBucket(Bucket, call, ({ lifecycle: _, ...bucket }) => bucket),
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError MalformedXML, InvalidRequest, InvalidArgument, NotImplemented */
export function readRules(
  given: readonly Sdk.LifecycleRule[],
  ids: IdSource,
): readonly LifecycleRule[] {
  if (given.length === 0 || given.length > mostRules) throw s3Error('MalformedXML')
  const rules = given.map((rule) => readRule(rule, ids))
  const seen = new Set<string>()
  for (const { id } of rules) {
    if (seen.has(id))
      throw s3Error(
        'InvalidArgument',
        'Rule ID must be unique. Found same ID for more than one rule',
      )
    seen.add(id)
  }
  return rules
}

function readRule(given: Sdk.LifecycleRule, ids: IdSource): LifecycleRule {
  const { Status, Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = given
  if (Status !== 'Enabled' && Status !== 'Disabled') throw s3Error('MalformedXML')
  if (given.Transitions?.length || given.NoncurrentVersionTransitions?.length)
    throw notSupported('A transition to another storage class')
  if (given.Prefix !== undefined && given.Filter !== undefined) throw s3Error('MalformedXML')
  if (given.ID !== undefined && given.ID.length > 255)
    throw s3Error('InvalidArgument', 'ID length should not exceed allowed limit of 255')
  const days = positive(Expiration?.Days, 'Days', 'Expiration')
  const noncurrentDays = positive(
    NoncurrentVersionExpiration?.NoncurrentDays,
    'NoncurrentDays',
    'NoncurrentVersionExpiration',
  )
  const newerNoncurrent = positive(
    NoncurrentVersionExpiration?.NewerNoncurrentVersions,
    'NewerNoncurrentVersions',
    'NoncurrentVersionExpiration',
    mostNewer,
  )
  const abortDays = positive(
    AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    'DaysAfterInitiation',
    'AbortIncompleteMultipartUpload',
  )
  const date = dateOf(Expiration?.Date)
  const expiresLoneMarkers = Expiration?.ExpiredObjectDeleteMarker
  const forms = [days, date, expiresLoneMarkers].filter((each) => each !== undefined)
  if (Expiration && forms.length !== 1) throw s3Error('MalformedXML')
  if (NoncurrentVersionExpiration && noncurrentDays === undefined) throw s3Error('MalformedXML')
  if (!Expiration && noncurrentDays === undefined && abortDays === undefined)
    throw s3Error('InvalidRequest', 'At least one action needs to be specified in a rule')
  const { filter, form } = filterOf(given)
  if (abortDays !== undefined && (filter.tags || filter.largerThan || filter.smallerThan))
    throw s3Error(
      'InvalidRequest',
      'AbortIncompleteMultipartUpload cannot be specified with Tags or object sizes.',
    )
  return {
    id: given.ID ?? ids.uuid(),
    isEnabled: Status === 'Enabled',
    filter,
    form,
    ...(days !== undefined && { days }),
    ...(date !== undefined && { date }),
    ...(expiresLoneMarkers !== undefined && { expiresLoneMarkers }),
    ...(noncurrentDays !== undefined && { noncurrentDays }),
    ...(newerNoncurrent !== undefined && { newerNoncurrent }),
    ...(abortDays !== undefined && { abortDays }),
  }
}

function positive(
  value: number | undefined,
  name: string,
  action: string,
  most = 2_147_483_647,
): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value > 0 && value <= most)) return value
  throw s3Error(
    'InvalidArgument',
    value > most
      ? `'${name}' for ${action} action must not be greater than ${most}`
      : `'${name}' for ${action} action must be a positive integer`,
  )
}

function dateOf(date: Date | undefined): number | undefined {
  if (date !== undefined && date.getTime() % dayMs !== 0)
    throw s3Error('InvalidArgument', "'Date' must be at midnight GMT")
  return date?.getTime()
}

function filterOf({ Prefix, Filter }: Sdk.LifecycleRule): Pick<LifecycleRule, 'filter' | 'form'> {
  if (Filter === undefined) return { form: 'prefix', filter: { prefix: Prefix ?? '' } }
  const { And, Tag } = Filter
  const alone = [Filter.Prefix, Tag, Filter.ObjectSizeGreaterThan, Filter.ObjectSizeLessThan]
  const count = alone.filter((each) => each !== undefined).length
  if (count > 1 || (And !== undefined && count > 0)) throw s3Error('MalformedXML')
  const given = And ?? { ...Filter, Tags: Tag && [Tag] }
  const tags = given.Tags && fromTagSet(given.Tags, mostObjectTags)
  const filter: LifecycleFilter = {
    ...(given.Prefix !== undefined && { prefix: given.Prefix }),
    ...(tags && Object.keys(tags).length > 0 && { tags }),
    ...(given.ObjectSizeGreaterThan !== undefined && { largerThan: given.ObjectSizeGreaterThan }),
    ...(given.ObjectSizeLessThan !== undefined && { smallerThan: given.ObjectSizeLessThan }),
  }
  return { form: And ? 'and' : 'filter', filter }
}

function shownRule(rule: LifecycleRule): Sdk.LifecycleRule {
  const { days, date, expiresLoneMarkers, noncurrentDays, newerNoncurrent, abortDays } = rule
  const hasExpiration = (days ?? date ?? expiresLoneMarkers) !== undefined
  return {
    ID: rule.id,
    Status: rule.isEnabled ? 'Enabled' : 'Disabled',
    ...shownFilter(rule),
    ...(hasExpiration && {
      Expiration: {
        ...(days !== undefined && { Days: days }),
        ...(date !== undefined && { Date: new Date(date) }),
        ...(expiresLoneMarkers !== undefined && { ExpiredObjectDeleteMarker: expiresLoneMarkers }),
      },
    }),
    ...(noncurrentDays !== undefined && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: noncurrentDays,
        ...(newerNoncurrent !== undefined && { NewerNoncurrentVersions: newerNoncurrent }),
      },
    }),
    ...(abortDays !== undefined && {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortDays },
    }),
  }
}

function shownFilter({
  filter,
  form,
}: LifecycleRule): Pick<Sdk.LifecycleRule, 'Filter' | 'Prefix'> {
  const { prefix, tags, largerThan, smallerThan } = filter
  if (form === 'prefix') return { Prefix: prefix ?? '' }
  const sizes = {
    ...(prefix !== undefined && { Prefix: prefix }),
    ...(largerThan !== undefined && { ObjectSizeGreaterThan: largerThan }),
    ...(smallerThan !== undefined && { ObjectSizeLessThan: smallerThan }),
  }
  const set = toTagSet(tags)
  const Filter =
    form === 'and'
      ? { And: { ...sizes, ...(set.length > 0 && { Tags: set }) } }
      : { ...sizes, ...(set[0] && { Tag: set[0] }) }
  return { Filter }
}
