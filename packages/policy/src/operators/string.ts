/** StringEquals, StringEqualsIgnoreCase, StringLike. */
import { compileParts, matchesWhole } from '../wildcard.ts'
import type { Comparer, Operator, Value } from './operator.ts'

/** @see IAM User Guide, "String condition operators" */
export const stringOperators = {
  StringEquals: {
    type: 'string',
    takesVariables: true,
    compile: (values) => oneOf(values, (text) => text),
  },
  StringEqualsIgnoreCase: {
    type: 'string',
    takesVariables: true,
    compile: (values) => oneOf(values, (text) => text.toLowerCase()),
  },
  StringLike: {
    type: 'string',
    takesVariables: true,
    compile(values) {
      const patterns = values.map(({ parts }) => compileParts(parts))
      return (text) =>
        patterns.some((pattern) => matchesWhole(pattern, text)) ? 'match' : 'no match'
    },
  },
} satisfies Record<string, Operator>

function oneOf(values: readonly Value[], fold: (text: string) => string): Comparer {
  const texts = new Set(values.map(({ text }) => fold(text)))
  return (text) => (texts.has(fold(text)) ? 'match' : 'no match')
}
