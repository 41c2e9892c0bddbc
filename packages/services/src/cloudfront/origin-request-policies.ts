/** Origin request policies: what an origin is sent beside what is in the cache key. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Operations } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { need, needAll } from './gate.ts'
import {
  createKept,
  deleteKept,
  type Kept,
  type Kind,
  keptOf,
  listKept,
  typeOf,
  updateKept,
  usedBy,
} from './kept.ts'
import { managedOriginRequestPolicies } from './managed-policies.ts'
import { pageOf } from './paging.ts'
import { checkName, checkSelection } from './policy-rules.ts'
import { behavioursOf, cloudfrontCollections, type OriginRequestPolicyConfig } from './records.ts'

export const originRequestPolicyKind: Kind<OriginRequestPolicyConfig> = {
  collection: cloudfrontCollections.originRequestPolicies,
  word: 'origin request policy',
  missing: 'NoSuchOriginRequestPolicy',
  taken: 'OriginRequestPolicyAlreadyExists',
  inUse: 'OriginRequestPolicyInUse',
  tooMany: 'TooManyOriginRequestPolicies',
  most: 20,
  newId: (ids) => ids.uuid(),
  managed: managedOriginRequestPolicies,
  isUsed: usedBy((config, id) =>
    behavioursOf(config).some(({ OriginRequestPolicyId }) => OriginRequestPolicyId === id),
  ),
  check,
}

const type = 'origin-request-policy'

export const originRequestPolicies = {
  CreateOriginRequestPolicy: {
    needs: (_, call) => need('CreateOriginRequestPolicy', type, '*', call),
    async handle({ OriginRequestPolicyConfig: config }, call) {
      const kept = await createKept(originRequestPolicyKind, config, call)
      return {
        OriginRequestPolicy: shown(kept),
        ETag: kept.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/origin-request-policy/${kept.id}`,
      }
    },
  },
  GetOriginRequestPolicy: {
    needs: ({ Id }, call) => need('GetOriginRequestPolicy', type, Id, call),
    async handle({ Id }, call) {
      const kept = await keptOf(originRequestPolicyKind, Id, call)
      return { OriginRequestPolicy: shown(kept), ETag: kept.etag }
    },
  },
  GetOriginRequestPolicyConfig: {
    needs: ({ Id }, call) => need('GetOriginRequestPolicyConfig', type, Id, call),
    async handle({ Id }, call) {
      const { config, etag } = await keptOf(originRequestPolicyKind, Id, call)
      return { OriginRequestPolicyConfig: config, ETag: etag }
    },
  },
  UpdateOriginRequestPolicy: {
    needs: ({ Id }, call) => need('UpdateOriginRequestPolicy', type, Id, call),
    async handle({ Id, IfMatch, OriginRequestPolicyConfig: config }, call) {
      const kept = await updateKept(originRequestPolicyKind, Id, IfMatch, config, call)
      return { OriginRequestPolicy: shown(kept), ETag: kept.etag }
    },
  },
  DeleteOriginRequestPolicy: {
    needs: ({ Id }, call) => need('DeleteOriginRequestPolicy', type, Id, call),
    async handle({ Id, IfMatch }, call) {
      await deleteKept(originRequestPolicyKind, Id, IfMatch, call)
      return {}
    },
  },
  ListOriginRequestPolicies: {
    constraints: { Type: { enum: ['managed', 'custom'] } },
    needs: needAll('ListOriginRequestPolicies'),
    async handle(input, call) {
      const found = (await listKept(originRequestPolicyKind, call)).filter(
        (kept) => input.Type === undefined || typeOf(kept) === input.Type,
      )
      const page = pageOf(found, ({ id }) => id, input)
      return {
        OriginRequestPolicyList: {
          MaxItems: page.maxItems,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map((kept) => ({
            Type: typeOf(kept),
            OriginRequestPolicy: shown(kept),
          })),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

function shown({ id, modifiedAt, config }: Kept<OriginRequestPolicyConfig>) {
  return { Id: id, LastModifiedTime: new Date(modifiedAt), OriginRequestPolicyConfig: config }
}

function check(config: OriginRequestPolicyConfig): void {
  checkName(config.Name)
  const { HeadersConfig, CookiesConfig, QueryStringsConfig } = config
  checkSelection('HeaderBehavior', HeadersConfig.HeaderBehavior, HeadersConfig.Headers, headers)
  checkSelection('CookieBehavior', CookiesConfig.CookieBehavior, CookiesConfig.Cookies, cookies)
  checkSelection(
    'QueryStringBehavior',
    QueryStringsConfig.QueryStringBehavior,
    QueryStringsConfig.QueryStrings,
    queries,
  )
  const isAllowed = HeadersConfig.HeaderBehavior === 'allExcept'
  for (const name of HeadersConfig.Headers?.Items ?? [])
    if (!isAllowed && neverListed.has(name.toLowerCase()))
      throw invalidArgument(`The parameter Headers contains ${name} that is not allowed.`)
}

/** Both belong into a cache policy. @see CloudFront Developer Guide, "Control origin requests with a policy" */
const neverListed: ReadonlySet<string> = new Set(['authorization', 'accept-encoding'])

const headers = {
  behaviors: ['none', 'whitelist', 'allViewer', 'allViewerAndWhitelistCloudFront', 'allExcept'],
  tooMany: () =>
    fail(
      'TooManyHeadersInOriginRequestPolicy',
      'The number of headers in the origin request policy is too large.',
    ),
}
const cookies = {
  behaviors: ['none', 'whitelist', 'all', 'allExcept'],
  tooMany: () =>
    fail(
      'TooManyCookiesInOriginRequestPolicy',
      'The number of cookies in the origin request policy is too large.',
    ),
}
const queries = {
  behaviors: ['none', 'whitelist', 'all', 'allExcept'],
  tooMany: () =>
    fail(
      'TooManyQueryStringsInOriginRequestPolicy',
      'The number of query strings in the origin request policy is too large.',
    ),
}
