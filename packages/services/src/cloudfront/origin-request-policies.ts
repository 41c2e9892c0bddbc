/** Origin request policies: what an origin is sent beside what is in the cache key. */
import { type Kept, type Kind, typeOf } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
import { managedOriginRequestPolicies } from './managed-policies.ts'
import { checkName, checkSelections, type SelectionRules } from './policy-rules.ts'
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
  refers: (config, id) =>
    behavioursOf(config).some(({ OriginRequestPolicyId }) => OriginRequestPolicyId === id),
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
  checkSelections(config, rules)
}

/** Both belong into a cache policy. @see CloudFront Developer Guide, "Control origin requests with a policy" */
const neverListed: ReadonlySet<string> = new Set(['authorization', 'accept-encoding'])

const rules: SelectionRules = {
  policy: 'OriginRequestPolicy',
  headers: ['none', 'whitelist', 'allViewer', 'allViewerAndWhitelistCloudFront', 'allExcept'],
  cookies: ['none', 'whitelist', 'all', 'allExcept'],
  queries: ['none', 'whitelist', 'all', 'allExcept'],
  neverListed,
}
