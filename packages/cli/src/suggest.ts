/** What was refused (or would have been), and which smallest statements would allow it? */
import type { DecisionRecord } from '@sekisho/server'

export interface Suggestion {
  readonly principal: string
  /** Allows what nobody allows yet; absent where no Allow of the principal's own would help. */
  readonly policy?: { readonly Version: string; readonly Statement: readonly Statement[] }
  /** What an Allow cannot mend: who denies it, and what. */
  readonly deniedElsewhere: readonly string[]
}

interface Statement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
}

/** Policies in which something has to change where an identity policy is not what is missing. */
const others = {
  resource: 'the resource policy does not allow it',
  trust: "the role's trust policy does not allow it",
  boundary: 'the permissions boundary does not allow it',
  session: 'the session policy does not allow it',
  scp: 'a service control policy does not allow it',
  rcp: 'a resource control policy does not allow it',
  vpcEndpoint: 'the VPC endpoint policy does not allow it',
} as const

/** One a principal, in the order of their first refusal. Roles are one principal, whatever the session. */
export function suggest(records: readonly DecisionRecord[]): readonly Suggestion[] {
  const refused = records.filter(({ outcome }) => /^(?:implicit|explicit)-deny$/.test(outcome))
  const byPrincipal = Map.groupBy(refused, nameOf)
  return [...byPrincipal].map(([principal, own]) => {
    const isMissing = ({ outcome, decidedBy }: DecisionRecord) =>
      outcome === 'implicit-deny' && decidedBy === 'identity'
    const actions = Map.groupBy(own.filter(isMissing), ({ action }) => action)
    // The same resources in one statement.
    const byResources = Map.groupBy(actions, ([, same]) => JSON.stringify(resourcesOf(same)))
    const statements = [...byResources].map(
      ([resources, group]): Statement => ({
        Effect: 'Allow',
        Action: group.map(([action]) => action).sort(),
        Resource: JSON.parse(resources),
      }),
    )
    return {
      principal,
      ...(statements.length > 0 && { policy: { Version: '2012-10-17', Statement: statements } }),
      deniedElsewhere: [...new Set(own.filter((each) => !isMissing(each)).map(reasonOf))],
    }
  })
}

function nameOf({ principal, caller }: DecisionRecord): string {
  return caller?.type === 'assumed-role' ? caller.roleArn : principal
}

function resourcesOf(records: readonly DecisionRecord[]): readonly string[] {
  return [...new Set(records.map(({ resource }) => resource))].sort()
}

function reasonOf({ action, resource, outcome, decidedBy, statement }: DecisionRecord): string {
  const why =
    outcome === 'explicit-deny'
      ? `denied by ${statement ?? decidedBy}: no Allow helps, that statement has to change`
      : (others[decidedBy as keyof typeof others] ?? 'nothing allows it')
  return `${action} on ${resource}: ${why}`
}
