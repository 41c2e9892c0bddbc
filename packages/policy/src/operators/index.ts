/** All condition operators by name. */
import { arnOperators } from './arn.ts'
import { binaryOperators } from './binary.ts'
import { booleanOperators } from './boolean.ts'
import { dateOperators } from './date.ts'
import { ipOperators } from './ip.ts'
import { numericOperators } from './numeric.ts'
import type { Operator } from './operator.ts'
import { stringOperators } from './string.ts'

export const operators = {
  ...stringOperators,
  ...numericOperators,
  ...dateOperators,
  ...booleanOperators,
  ...binaryOperators,
  ...ipOperators,
  ...arnOperators,
} as const satisfies Record<string, Operator>

/** The positive operators, each a row of its family's table. */
export type PositiveOperatorName = keyof typeof operators

/** Negated operators: the same row, negated once, in `condition.ts`. */
export const negatedOperators = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
} as const satisfies Record<string, PositiveOperatorName>

export type OperatorName = PositiveOperatorName | keyof typeof negatedOperators | 'Null'

export type { Comparer, Comparison, Operator, OperatorType, Value } from './operator.ts'
export { ValueError } from './operator.ts'
