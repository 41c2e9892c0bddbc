/** NumericEquals, NumericLessThan, NumericLessThanEquals, NumericGreaterThan, NumericGreaterThanEquals. */
import { type Comparer, type Operator, ValueError } from './operator.ts'

const compare = (holds: (request: number, policy: number) => boolean): Operator => ({
  type: 'numeric',
  takesVariables: false,
  compile: (values) =>
    comparer(
      values.map(({ text }) => policyNumber(text)),
      readNumber,
      holds,
    ),
})

/** @see IAM User Guide, "Numeric condition operators" */
export const numericOperators = {
  NumericEquals: compare((request, policy) => request === policy),
  NumericLessThan: compare((request, policy) => request < policy),
  NumericLessThanEquals: compare((request, policy) => request <= policy),
  NumericGreaterThan: compare((request, policy) => request > policy),
  NumericGreaterThanEquals: compare((request, policy) => request >= policy),
} satisfies Record<string, Operator>

/** Numbers and dates alike: read the request's value, then any policy value may hold. */
export function comparer(
  policy: readonly number[],
  read: (text: string) => number | undefined,
  holds: (request: number, policy: number) => boolean,
): Comparer {
  return (text) => {
    const request = read(text)
    if (request === undefined) return 'unreadable'
    return policy.some((value) => holds(request, value)) ? 'match' : 'no match'
  }
}

/** An integer or decimal, whole; no prefix of other text counts. */
function readNumber(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

function policyNumber(text: string): number {
  const value = readNumber(text)
  if (value === undefined) throw new ValueError(`\`${text}\` is no number`)
  return value
}
