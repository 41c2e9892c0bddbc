/** What the server knows of a request that was decided. */
import type { ContextValue, PolicyTrace, PolicyType, Trace } from '@sekisho/policy'

export interface ConsultedPolicy {
  readonly type: PolicyType
  readonly name: string
  readonly source: string
}

export interface Explained {
  /** The caller's. */
  readonly accountId: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
  readonly trace: Trace
  readonly context: Readonly<Record<string, ContextValue>>
  readonly policies: readonly ConsultedPolicy[]
}

export type { PolicyTrace, PolicyType, Trace }
