/** What a condition operator is: the positive meaning of one comparison. Negation, IfExists and sets are not its affair. */
import type { PatternPart } from '../wildcard.ts'

export type OperatorType =
  | 'string'
  | 'numeric'
  | 'date'
  | 'boolean'
  | 'binary'
  | 'ipAddress'
  | 'arn'

/** A value of the request against all values of the policy. */
export type Comparison = 'match' | 'no match' | 'unreadable'

/** All values of one condition key, made ready. */
export type Comparer = (requestValue: string) => Comparison

export interface Operator {
  readonly type: OperatorType
  /** Variables may stand in its values. */
  readonly takesVariables: boolean
  /**
   * The values of a policy, without variables, made ready.
   * @throws ValueError  one of them cannot be read
   */
  readonly compile: (values: readonly Value[]) => Comparer
}

/** A value as text, and cut at the wildcards that act. */
export interface Value {
  readonly text: string
  readonly parts: readonly PatternPart[]
}

/** A value of a policy that its operator cannot read. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
  readonly code = 'INVALID_CONDITION_VALUE'
}
