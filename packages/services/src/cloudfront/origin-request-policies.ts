/** Origin request policies: what an origin is sent beside what is in the cache key. */
import { fail, invalidArgument } from './errors.ts'
import { type Kept, type Kind, typeOf, usedBy } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
import { managedOriginRequestPolicies } from './managed-policies.ts'
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

export const originRequestPolicies = keptOperations(originRequestPolicyKind, {
  word: 'OriginRequestPolicy',
  path: 'origin-request-policy',
  resource: 'origin-request-policy',
  shown,
  listed: (kept) => ({ Type: typeOf(kept), OriginRequestPolicy: shown(kept) }),
})

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
