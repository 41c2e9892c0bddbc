/** The sentences that an explanation is made of. Each language is one file with all of them. */
import type { ConditionReason } from '../condition.ts'
import type { Effect, PolicyType } from '../decision.ts'
import type { Naming } from '../principal.ts'
import type { ConditionTrace, ElementTrace } from '../trace.ts'

export interface Messages {
  readonly policyTypes: Record<PolicyType, string>
  readonly headline: (effect: Effect, decidedBy: string | undefined) => string
  readonly request: (principal: string, action: string, resource: string) => string
  readonly determining: (policy: string, index: number) => string
  readonly policy: (type: string, name: string, effect: Effect) => string
  readonly noPolicy: string
  readonly statement: (
    index: number,
    sid: string | undefined,
    line: number,
    effect: 'Allow' | 'Deny',
    applies: boolean,
  ) => string
  readonly element: (element: ElementTrace) => string
  readonly naming: Record<Naming, string>
  readonly condition: (condition: ConditionTrace) => string
  readonly reasons: Record<ConditionReason, string>
  readonly absent: string
}
