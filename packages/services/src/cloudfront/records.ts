/** What is kept of distributions and what belongs to them, and how it is found. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Input } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { noSuchDistribution } from './errors.ts'

export type DistributionConfig = Input<typeof Sdk, 'CreateDistribution'>['DistributionConfig']
export type Origin = DistributionConfig['Origins']['Items'][number]
export type DefaultBehavior = DistributionConfig['DefaultCacheBehavior']

export type CachePolicyConfig = Input<typeof Sdk, 'CreateCachePolicy'>['CachePolicyConfig']
export type OriginRequestPolicyConfig = Input<
  typeof Sdk,
  'CreateOriginRequestPolicy'
>['OriginRequestPolicyConfig']
export type ResponseHeadersPolicyConfig = Input<
  typeof Sdk,
  'CreateResponseHeadersPolicy'
>['ResponseHeadersPolicyConfig']
export type OriginAccessControlConfig = Input<
  typeof Sdk,
  'CreateOriginAccessControl'
>['OriginAccessControlConfig']

export type PublicKeyConfig = Input<typeof Sdk, 'CreatePublicKey'>['PublicKeyConfig']
export type KeyGroupConfig = Input<typeof Sdk, 'CreateKeyGroup'>['KeyGroupConfig']

export const cloudfrontCollections = {
  /** By id: ids are unique across accounts. */
  distributions: 'cloudfront/distributions',
  /** Ids of distributions by account. */
  owned: 'cloudfront/owned',
  /** Ids of distributions by the label of their domain name. */
  domains: 'cloudfront/domains',
  /** Ids of distributions by alternate domain name, lower case. */
  aliases: 'cloudfront/aliases',
  /** Ids of distributions by account and caller reference. */
  references: 'cloudfront/references',
  /** By distribution and number. */
  invalidations: 'cloudfront/invalidations',
  cachePolicies: 'cloudfront/cache-policies',
  originRequestPolicies: 'cloudfront/origin-request-policies',
  responseHeadersPolicies: 'cloudfront/response-headers-policies',
  originAccessControls: 'cloudfront/origin-access-controls',
  publicKeys: 'cloudfront/public-keys',
  keyGroups: 'cloudfront/key-groups',
  functions: 'cloudfront/functions',
} as const

export interface DistributionRecord {
  readonly id: string
  readonly accountId: string
  /** What stands before `.cloudfront.net`. */
  readonly label: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly modifiedAt: number
  readonly config: DistributionConfig
  readonly tags: Readonly<Record<string, string>>
  /** Invalidations so far. */
  readonly invalidations: number
}

export interface InvalidationRecord {
  readonly id: string
  readonly number: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly callerReference: string
  readonly paths: readonly string[]
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** `E1A2B3C4D5E6F7`, as ids and versions are. */
export function newId(ids: IdSource, first = 'E'): string {
  return first + ids.text(letters, 13)
}

export function newLabel(ids: IdSource): string {
  return `d${ids.text(letters.toLowerCase(), 13)}`
}

export function newEtag(ids: IdSource): string {
  return newId(ids)
}

/** @param type  `distribution`, `cache-policy` … */
export function arnOf(type: string, accountId: string, id: string): string {
  return `arn:aws:cloudfront::${accountId}:${type}/${id}`
}

export function domainNameOf({ label }: Pick<DistributionRecord, 'label'>): string {
  return `${label}.cloudfront.net`
}

/** @throws AwsError NoSuchDistribution  also where it is another account's */
export async function distributionOf(
  reader: Reader,
  id: string,
  accountId: string,
): Promise<DistributionRecord> {
  const found = await findDistribution(reader, id)
  if (found === undefined || found.accountId !== accountId) throw noSuchDistribution()
  return found
}

export async function findDistribution(
  reader: Reader,
  id: string,
): Promise<DistributionRecord | undefined> {
  return (await reader.get<DistributionRecord>(cloudfrontCollections.distributions, id))?.value
}

/** Of one account, by id. */
export async function distributionsOf(
  reader: Reader,
  accountId: string,
): Promise<readonly DistributionRecord[]> {
  const owned = await reader.list<null>(cloudfrontCollections.owned, { prefix: `${accountId}/` })
  const found = await Promise.all(
    owned.map(({ key }) => findDistribution(reader, key.slice(accountId.length + 1))),
  )
  return found.filter((each) => each !== undefined)
}

export function invalidationKey(distributionId: string, number: number): string {
  return `${distributionId}/${String(number).padStart(12, '0')}`
}

/** Every behaviour of a distribution, the default one last. */
export function behavioursOf(config: DistributionConfig): readonly DefaultBehavior[] {
  return [...(config.CacheBehaviors?.Items ?? []), config.DefaultCacheBehavior]
}
