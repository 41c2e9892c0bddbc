/** Distributions: created, changed, disabled and deleted, under the versions that their ETags name. */
import { isDeepStrictEqual } from 'node:util'
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Reader, Transaction } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { checkConfig, checkReferences, filledConfig } from './distribution-config.ts'
import { checkVersion, fail } from './errors.ts'
import { needAll, needDistribution, needNew } from './gate.ts'
import { letLogsIn } from './logging.ts'
import { pageOf } from './paging.ts'
import { counted } from './quantities.ts'
import {
  arnOf,
  behavioursOf,
  cloudfrontCollections,
  type DistributionConfig,
  type DistributionRecord,
  distributionOf,
  distributionsOf,
  domainNameOf,
  newEtag,
  newId,
  newLabel,
} from './records.ts'
import { checkTags, type Tags, tagsOf } from './tag-rules.ts'

/** @see CloudFront Developer Guide, "Quotas" */
const mostDistributions = 500

export const distributions = {
  CreateDistribution: {
    needs: (_, call) => needNew('CreateDistribution', 'distribution', undefined, call),
    handle: ({ DistributionConfig }, call) => create(DistributionConfig, {}, call),
  },

  CreateDistributionWithTags: {
    needs: ({ DistributionConfigWithTags }, call) =>
      needNew('CreateDistribution', 'distribution', tagsOf(DistributionConfigWithTags.Tags), call),
    handle: ({ DistributionConfigWithTags: { DistributionConfig, Tags } }, call) =>
      create(DistributionConfig, checkTags(tagsOf(Tags)), call),
  },

  GetDistribution: {
    needs: ({ Id }, call) => needDistribution('GetDistribution', Id, call),
    async handle({ Id }, call) {
      const record = await distributionOf(call.documents, Id, call.accountId)
      return { Distribution: shown(record), ETag: record.etag }
    },
  },

  GetDistributionConfig: {
    needs: ({ Id }, call) => needDistribution('GetDistributionConfig', Id, call),
    async handle({ Id }, call) {
      const { config, etag } = await distributionOf(call.documents, Id, call.accountId)
      return { DistributionConfig: config, ETag: etag }
    },
  },

  UpdateDistribution: {
    needs: ({ Id }, call) => needDistribution('UpdateDistribution', Id, call),
    async handle({ Id, IfMatch, DistributionConfig: given }, call) {
      const { accountId, ids, now, documents } = call
      checkConfig(given)
      const config = filledConfig(given)
      await letLogsIn(config.Logging, call)
      const etag = newEtag(ids)
      const record = await documents.transact(async (transaction) => {
        const before = await distributionOf(transaction, Id, accountId)
        checkVersion(IfMatch, before.etag)
        if (config.CallerReference !== before.config.CallerReference)
          throw fail('IllegalUpdate', 'The update contains modifications that are not allowed.')
        await checkReferences(config, accountId, transaction)
        await claimAliases(before.id, before.config, config, transaction)
        const after: DistributionRecord = { ...before, etag, modifiedAt: now.getTime(), config }
        transaction.put(cloudfrontCollections.distributions, Id, after)
        return after
      })
      return { Distribution: shown(record, 'InProgress'), ETag: etag }
    },
  },

  DeleteDistribution: {
    needs: ({ Id }, call) => needDistribution('DeleteDistribution', Id, call),
    async handle({ Id, IfMatch }, { accountId, documents }) {
      await documents.transact(async (transaction) => {
        const record = await distributionOf(transaction, Id, accountId)
        checkVersion(IfMatch, record.etag)
        if (record.config.Enabled)
          throw fail(
            'DistributionNotDisabled',
            'The distribution you are trying to delete has not been disabled.',
          )
        await claimAliases(
          Id,
          record.config,
          { ...record.config, Aliases: { Quantity: 0 } },
          transaction,
        )
        const invalidations = await transaction.list(cloudfrontCollections.invalidations, {
          prefix: `${Id}/`,
        })
        for (const { key } of invalidations)
          transaction.delete(cloudfrontCollections.invalidations, key)
        const { CallerReference } = record.config
        transaction.delete(cloudfrontCollections.references, `${accountId}/${CallerReference}`)
        transaction.delete(cloudfrontCollections.domains, record.label)
        transaction.delete(cloudfrontCollections.owned, `${accountId}/${Id}`)
        transaction.delete(cloudfrontCollections.distributions, Id)
      })
      return {}
    },
  },

  ListDistributions: {
    needs: needAll('ListDistributions'),
    async handle(input, { accountId, documents }) {
      return { DistributionList: listOf(await distributionsOf(documents, accountId), input) }
    },
  },
} satisfies Operations<typeof Sdk>

async function create(given: DistributionConfig, tags: Tags, call: Call) {
  const { accountId, ids, now, documents } = call
  checkConfig(given)
  const config = filledConfig(given)
  await letLogsIn(config.Logging, call)
  const record: DistributionRecord = {
    id: newId(ids),
    accountId,
    label: newLabel(ids),
    etag: newEtag(ids),
    modifiedAt: now.getTime(),
    config,
    tags,
    invalidations: 0,
  }
  const made = await documents.transact(async (transaction) => {
    const known = await ofReference(config.CallerReference, accountId, transaction)
    if (known !== undefined) {
      if (!isDeepStrictEqual(plain(known.config), plain(config)))
        throw fail(
          'DistributionAlreadyExists',
          `The caller reference that you are using to create a distribution is associated with another distribution. Already exists: ${known.id}`,
        )
      return known
    }
    const owned = await transaction.list(cloudfrontCollections.owned, { prefix: `${accountId}/` })
    if (owned.length >= mostDistributions)
      throw fail(
        'TooManyDistributions',
        'Processing your request would cause you to exceed the maximum number of distributions allowed.',
      )
    await checkReferences(config, accountId, transaction)
    await claimAliases(record.id, undefined, config, transaction)
    transaction.put(cloudfrontCollections.distributions, record.id, record)
    transaction.put(cloudfrontCollections.owned, `${accountId}/${record.id}`, null)
    transaction.put(cloudfrontCollections.domains, record.label, record.id)
    transaction.put(
      cloudfrontCollections.references,
      `${accountId}/${config.CallerReference}`,
      record.id,
    )
    return record
  })
  return {
    Distribution: shown(made, 'InProgress'),
    ETag: made.etag,
    Location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${made.id}`,
  }
}

/** What is kept has no undefined members, what came may have. */
function plain(config: DistributionConfig): unknown {
  return JSON.parse(JSON.stringify(config))
}

async function ofReference(
  reference: string,
  accountId: string,
  reader: Reader,
): Promise<DistributionRecord | undefined> {
  const found = await reader.get<string>(
    cloudfrontCollections.references,
    `${accountId}/${reference}`,
  )
  return found && (await distributionOf(reader, found.value, accountId))
}

/**
 * An alternate domain name leads to one distribution, whosever it is.
 *
 * @throws AwsError CNAMEAlreadyExists
 */
async function claimAliases(
  id: string,
  before: DistributionConfig | undefined,
  after: DistributionConfig,
  transaction: Transaction,
): Promise<void> {
  const had = lowerCase(before?.Aliases?.Items)
  const wanted = lowerCase(after.Aliases?.Items)
  for (const alias of had)
    if (!wanted.has(alias)) transaction.delete(cloudfrontCollections.aliases, alias)
  for (const alias of wanted) {
    const taken = await transaction.get<string>(cloudfrontCollections.aliases, alias)
    if (taken !== undefined && taken.value !== id)
      throw fail(
        'CNAMEAlreadyExists',
        'One or more of the CNAMEs you provided are already associated with a different resource.',
      )
    transaction.put(cloudfrontCollections.aliases, alias, id)
  }
}

function lowerCase(names: readonly string[] | undefined): ReadonlySet<string> {
  return new Set(names?.map((name) => name.toLowerCase()))
}

function shown(record: DistributionRecord, status: 'InProgress' | 'Deployed' = 'Deployed') {
  const { id, accountId, modifiedAt, config } = record
  const groups = new Set(
    behavioursOf(config).flatMap(({ TrustedKeyGroups }) => TrustedKeyGroups?.Items ?? []),
  )
  return {
    Id: id,
    ARN: arnOf('distribution', accountId, id),
    Status: status,
    LastModifiedTime: new Date(modifiedAt),
    InProgressInvalidationBatches: 0,
    DomainName: domainNameOf(record),
    ActiveTrustedSigners: { Enabled: false, Quantity: 0 },
    ActiveTrustedKeyGroups: {
      Enabled: groups.size > 0,
      ...counted([...groups].map((KeyGroupId) => ({ KeyGroupId }))),
    },
    DistributionConfig: config,
  }
}

/** @param found  in the order of their ids */
export function listOf(
  found: readonly DistributionRecord[],
  paging: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
) {
  const page = pageOf(found, ({ id }) => id, paging)
  return {
    Marker: page.marker,
    MaxItems: page.maxItems,
    IsTruncated: page.isTruncated,
    Quantity: page.items.length,
    NextMarker: page.nextMarker,
    Items: page.items.map(summary),
  }
}

function summary(record: DistributionRecord): Sdk.DistributionSummary {
  const { id, accountId, modifiedAt, config, etag } = record
  return {
    Id: id,
    ARN: arnOf('distribution', accountId, id),
    ETag: etag,
    Status: 'Deployed',
    LastModifiedTime: new Date(modifiedAt),
    DomainName: domainNameOf(record),
    Aliases: config.Aliases,
    Origins: config.Origins,
    OriginGroups: config.OriginGroups,
    DefaultCacheBehavior: config.DefaultCacheBehavior,
    CacheBehaviors: config.CacheBehaviors,
    CustomErrorResponses: config.CustomErrorResponses,
    Comment: config.Comment,
    PriceClass: config.PriceClass,
    Enabled: config.Enabled,
    ViewerCertificate: config.ViewerCertificate,
    Restrictions: config.Restrictions,
    WebACLId: config.WebACLId,
    HttpVersion: config.HttpVersion,
    IsIPV6Enabled: config.IsIPV6Enabled,
    Staging: false,
  }
}
