/** What of a request is used to decide but never kept. */
import type { Trace } from '@sekisho/policy'

/** A Referer may hold a secret that a distribution shares with its origin, and so may a policy that compares it. */
const redactedKeys: ReadonlySet<string> = new Set(['aws:referer'])

export function isRedacted(key: string): boolean {
  return redactedKeys.has(key.toLowerCase())
}

const redacted = '[redacted]'

/** The same trace without the values of such keys, asked or compared. */
export function redactTrace(trace: Trace): Trace {
  return {
    ...trace,
    policies: trace.policies.map((policy) => ({
      ...policy,
      statements: policy.statements.map((statement) => ({
        ...statement,
        conditions: statement.conditions.map((condition) =>
          isRedacted(condition.key)
            ? {
                ...condition,
                ...(condition.asked && { asked: condition.asked.map(() => redacted) }),
                values: condition.values.map(() => redacted),
              }
            : condition,
        ),
      })),
    })),
  }
}
