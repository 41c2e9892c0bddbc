/** Cache policies: what tells one cached object from another, and how long it may be kept. */
import { invalidArgument } from './errors.ts'
import { type Kept, type Kind, typeOf } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
import { managedCachePolicies } from './managed-policies.ts'
import { checkName, checkSelections, type SelectionRules } from './policy-rules.ts'
import { behavioursOf, type CachePolicyConfig, cloudfrontCollections } from './records.ts'

export const cachePolicyKind: Kind<CachePolicyConfig> = {
  collection: cloudfrontCollections.cachePolicies,
  word: 'cache policy',
  missing: 'NoSuchCachePolicy',
  taken: 'CachePolicyAlreadyExists',
  inUse: 'CachePolicyInUse',
  tooMany: 'TooManyCachePolicies',
  most: 20,
  newId: (ids) => ids.uuid(),
  managed: managedCachePolicies,
  refers: (config, id) => behavioursOf(config).some(({ CachePolicyId }) => CachePolicyId === id),
  check,
}

export const cachePolicies = keptOperations(cachePolicyKind, {
  word: 'CachePolicy',
  path: 'cache-policy',
  resource: 'cache-policy',
  shown,
  listed: (kept) => ({ Type: typeOf(kept), CachePolicy: shown(kept) }),
  filled,
})

function shown({ id, modifiedAt, config }: Kept<CachePolicyConfig>) {
  return { Id: id, LastModifiedTime: new Date(modifiedAt), CachePolicyConfig: config }
}

/** @see CloudFront API Reference, "CachePolicyConfig" (what stands where nothing is given) */
function filled(config: CachePolicyConfig): CachePolicyConfig {
  const { MinTTL, DefaultTTL = Math.max(86_400, MinTTL) } = config
  const { MaxTTL = Math.max(31_536_000, DefaultTTL) } = config
  const { EnableAcceptEncodingBrotli = false, ...parameters } =
    config.ParametersInCacheKeyAndForwardedToOrigin ?? {
      EnableAcceptEncodingGzip: false,
      HeadersConfig: { HeaderBehavior: 'none' as const },
      CookiesConfig: { CookieBehavior: 'none' as const },
      QueryStringsConfig: { QueryStringBehavior: 'none' as const },
    }
  return {
    ...config,
    Comment: config.Comment ?? '',
    DefaultTTL,
    MaxTTL,
    ParametersInCacheKeyAndForwardedToOrigin: { ...parameters, EnableAcceptEncodingBrotli },
  }
}

function check(config: CachePolicyConfig): void {
  checkName(config.Name)
  const { MinTTL, DefaultTTL = 0, MaxTTL = 0 } = config
  if (MinTTL < 0) throw invalidArgument('The parameter MinTTL must not be negative.')
  if (!(MinTTL <= DefaultTTL && DefaultTTL <= MaxTTL))
    throw invalidArgument(
      'The parameters MinTTL, DefaultTTL and MaxTTL must satisfy MinTTL <= DefaultTTL <= MaxTTL.',
    )
  const parameters = config.ParametersInCacheKeyAndForwardedToOrigin!
  checkSelections(parameters, rules)
  if (MaxTTL > 0) return
  const { HeadersConfig, CookiesConfig, QueryStringsConfig } = parameters
  const isDisabledWith = (name: string) =>
    invalidArgument(`The parameter ${name} is invalid for policy with caching disabled.`)
  if (HeadersConfig.HeaderBehavior !== 'none') throw isDisabledWith('HeaderBehavior')
  if (CookiesConfig.CookieBehavior !== 'none') throw isDisabledWith('CookieBehavior')
  if (QueryStringsConfig.QueryStringBehavior !== 'none') throw isDisabledWith('QueryStringBehavior')
  if (parameters.EnableAcceptEncodingGzip) throw isDisabledWith('EnableAcceptEncodingGzip')
  if (parameters.EnableAcceptEncodingBrotli) throw isDisabledWith('EnableAcceptEncodingBrotli')
}

/** @see CloudFront Developer Guide, "Control the cache key with a policy" */
const neverInKey: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'cookie',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

const rules: SelectionRules = {
  policy: 'CachePolicy',
  headers: ['none', 'whitelist'],
  cookies: ['none', 'whitelist', 'allExcept', 'all'],
  queries: ['none', 'whitelist', 'allExcept', 'all'],
  neverListed: neverInKey,
}
