/** NumericEquals, NumericLessThan, NumericLessThanEquals, NumericGreaterThan, NumericGreaterThanEquals. */
import { compareDecimals, type Decimal, readDecimal } from './decimal.ts'
import { type Comparer, type Operator, ValueError } from './operator.ts'

const compare = (holds: (order: number) => boolean): Operator => ({
  type: 'numeric',
  takesVariables: false,
  compile: (values) =>
    comparer(
      values.map(({ text }) => policyNumber(text)),
      readDecimal,
      (request, policy) => holds(compareDecimals(request, policy)),
    ),
})

/** @see IAM User Guide, "Numeric condition operators" */
export const numericOperators = {
  NumericEquals: compare((order) => order === 0),
  NumericLessThan: compare((order) => order < 0),
  NumericLessThanEquals: compare((order) => order <= 0),
  NumericGreaterThan: compare((order) => order > 0),
  NumericGreaterThanEquals: compare((order) => order >= 0),
} satisfies Record<string, Operator>

/** Numbers and dates alike: read the request's value, then any policy value may hold. */
export function comparer<T>(
  policy: readonly T[],
  read: (text: string) => T | undefined,
  holds: (request: T, policy: T) => boolean,
): Comparer {
  return (text) => {
    const request = read(text)
    if (request === undefined) return 'unreadable'
    return policy.some((value) => holds(request, value)) ? 'match' : 'no match'
  }
}

function policyNumber(text: string): Decimal {
  const value = readDecimal(text)
  if (value === undefined) throw new ValueError(`\`${text}\` is no number`)
  return value
}
