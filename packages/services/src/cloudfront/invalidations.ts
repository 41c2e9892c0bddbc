/** Invalidations: which cached objects may no longer be served. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Call, Operations } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { needDistribution } from './gate.ts'
import { pageOf } from './paging.ts'
import { checkQuantities, counted } from './quantities.ts'
import {
  cloudfrontCollections,
  type DistributionRecord,
  distributionOf,
  type InvalidationRecord,
  invalidationKey,
  newId,
} from './records.ts'

/** @see CloudFront Developer Guide, "Quotas on invalidations" */
const limits = { pathCharacters: 4_000, paths: 3_000, wildcards: 15 } as const

export const invalidations = {
  CreateInvalidation: {
    needs: ({ DistributionId }, call) =>
      needDistribution('CreateInvalidation', DistributionId, call),
    async handle({ DistributionId, InvalidationBatch: batch }, call) {
      const { accountId, ids, now, documents } = call
      checkQuantities(batch)
      const paths = (batch.Paths.Items ?? []).map(checkedPath)
      checkAmount(paths)
      const id = newId(ids, 'I')
      const record = await documents.transact(async (transaction) => {
        const distribution = await distributionOf(transaction, DistributionId, accountId)
        const all = await transaction.list<InvalidationRecord>(
          cloudfrontCollections.invalidations,
          { prefix: `${DistributionId}/` },
        )
        const same = all.find(({ value }) => value.callerReference === batch.CallerReference)
        if (same !== undefined) {
          if (same.value.paths.join('\n') === paths.join('\n')) return same.value
          throw invalidArgument(
            'Your request contains a caller reference that was used for a previous invalidation batch for the same distribution.',
          )
        }
        const number = distribution.invalidations + 1
        const made: InvalidationRecord = {
          id,
          number,
          createdAt: now.getTime(),
          callerReference: batch.CallerReference,
          paths,
        }
        const after: DistributionRecord = { ...distribution, invalidations: number }
        transaction.put(cloudfrontCollections.distributions, DistributionId, after)
        transaction.put(
          cloudfrontCollections.invalidations,
          invalidationKey(DistributionId, number),
          made,
        )
        // What is older than any list that anybody still reads.
        const oldest = all[0]
        if (oldest !== undefined && all.length >= mostKept)
          transaction.delete(cloudfrontCollections.invalidations, oldest.key)
        return made
      })
      return {
        Invalidation: shown(record, 'InProgress'),
        Location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${DistributionId}/invalidation/${record.id}`,
      }
    },
  },

  GetInvalidation: {
    needs: ({ DistributionId }, call) => needDistribution('GetInvalidation', DistributionId, call),
    async handle({ DistributionId, Id }, call) {
      const record = (await invalidationsOf(DistributionId, call)).find(({ id }) => id === Id)
      if (record === undefined)
        throw fail('NoSuchInvalidation', 'The specified invalidation does not exist.')
      return { Invalidation: shown(record) }
    },
  },

  ListInvalidations: {
    needs: ({ DistributionId }, call) =>
      needDistribution('ListInvalidations', DistributionId, call),
    async handle(input, call) {
      const all = (await invalidationsOf(input.DistributionId, call)).toReversed()
      const after = all.findIndex(({ id }) => id === input.Marker) + 1
      const page = pageOf(all.slice(after), ({ id }) => id, { MaxItems: input.MaxItems })
      return {
        InvalidationList: {
          Marker: input.Marker ?? '',
          MaxItems: page.maxItems,
          IsTruncated: page.isTruncated,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map((record) => ({
            Id: record.id,
            CreateTime: new Date(record.createdAt),
            Status: 'Completed',
          })),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** The newest of a distribution; what is cached from before the oldest of them counts as invalidated. */
export const mostKept = 1_000

async function invalidationsOf(
  distributionId: string,
  { accountId, documents }: Call,
): Promise<readonly InvalidationRecord[]> {
  await distributionOf(documents, distributionId, accountId)
  const found = await documents.list<InvalidationRecord>(cloudfrontCollections.invalidations, {
    prefix: `${distributionId}/`,
  })
  return found.map(({ value }) => value)
}

function shown(
  { id, createdAt, callerReference, paths }: InvalidationRecord,
  status: 'InProgress' | 'Completed' = 'Completed',
) {
  return {
    Id: id,
    Status: status,
    CreateTime: new Date(createdAt),
    InvalidationBatch: { Paths: counted(paths), CallerReference: callerReference },
  }
}

/** @throws AwsError InvalidArgument @see CloudFront Developer Guide, "Specify the objects to invalidate" */
function checkedPath(path: string): string {
  const whole = path.startsWith('/') ? path : `/${path}`
  const isWrong =
    whole.length > limits.pathCharacters ||
    /[^\x21-\x7e]|~/.test(whole) ||
    whole.slice(0, -1).includes('*')
  if (isWrong)
    throw invalidArgument('Your request contains one or more invalid invalidation paths.')
  return whole
}

function checkAmount(paths: readonly string[]): void {
  if (paths.length === 0) throw invalidArgument('The parameter Paths must not be empty.')
  const wildcards = paths.filter((path) => path.endsWith('*')).length
  if (wildcards > limits.wildcards || paths.length - wildcards > limits.paths)
    throw fail(
      'TooManyInvalidationsInProgress',
      'Processing your request would cause you to exceed the maximum number of in-progress wildcard invalidations or invalidation paths.',
    )
}
