/** What was decided, and by which statements. */
import type { CompiledPolicy } from './compile.ts'

/** The kinds of policy that authorisation asks, in the words of AWS's refusals. */
export type PolicyType =
  | 'identity'
  | 'resource'
  | 'boundary'
  | 'session'
  | 'scp'
  | 'rcp'
  | 'trust'
  | 'vpcEndpoint'

export type Effect = 'Allow' | 'ExplicitDeny' | 'ImplicitDeny'

/** A statement that decided. */
export interface DeterminingStatement {
  readonly policyType: PolicyType
  readonly policy: CompiledPolicy
  /** 0-based place in `Statement`. */
  readonly index: number
}

export interface Decision {
  readonly allowed: boolean
  readonly effect: Effect
  /** The first policy type that refused (in AWS's order); undefined when allowed. */
  readonly decidedBy: PolicyType | undefined
  /** The Deny statement for an explicit deny, the Allow statements for an allow, none for silence. */
  readonly determining: readonly DeterminingStatement[]
}
