/** A policy made ready to answer quickly, again and again. */
import type { PolicyType } from './decision.ts'

export interface CompiledPolicy {
  readonly type: PolicyType
  /** What explanations call it: an ARN, or words such as `resource policy of API abc123`. */
  readonly name: string
  /** The document as written (after normalisation). */
  readonly source: string
  /** Lower-cased condition keys (and policy variables) that any statement reads. */
  readonly conditionKeys: ReadonlySet<string>
}
