/** AWS's own words for why a request was denied: what follows `… on resource: ARN`. */
import type { Decision, PolicyType } from './decision.ts'

/** @see IAM User Guide, "Troubleshoot access denied error messages" */
const policyNames = {
  identity: ['an identity-based policy', 'identity-based policy'],
  resource: ['a resource-based policy', 'resource-based policy'],
  boundary: ['a permissions boundary', 'permissions boundary'],
  session: ['a session policy', 'session policy'],
  scp: ['a service control policy', 'service control policy'],
  rcp: ['a resource control policy', 'resource control policy'],
  vpcEndpoint: ['a VPC endpoint policy', 'VPC endpoint policy'],
  trust: ['the role trust policy', 'role trust policy'],
} as const satisfies Record<PolicyType, readonly [withArticle: string, bare: string]>

/**
 * @param action  as AWS spells it, `service:Name`
 * @returns with a leading space; empty for a decision that allows
 */
export function denialReason(
  decision: Pick<Decision, 'effect' | 'decidedBy'>,
  action: string,
): string {
  if (decision.effect === 'Allow' || decision.decidedBy === undefined) return ''
  const [withArticle, bare] = policyNames[decision.decidedBy]
  return decision.effect === 'ExplicitDeny'
    ? ` with an explicit deny in ${withArticle}`
    : ` because no ${bare} allows the ${action} action`
}
