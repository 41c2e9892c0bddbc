/** Bool. */
import { type Operator, ValueError } from './operator.ts'

/** @see IAM User Guide, "Boolean condition operators" */
export const booleanOperators = {
  Bool: {
    type: 'boolean',
    takesVariables: true,
    compile(values) {
      const wanted = new Set(values.map(({ text }) => policyBoolean(text)))
      return (text) => {
        const value = readBoolean(text)
        if (value === undefined) return 'unreadable'
        return wanted.has(value) ? 'match' : 'no match'
      }
    },
  },
} satisfies Record<string, Operator>

export function readBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function policyBoolean(text: string): boolean {
  const value = readBoolean(text)
  if (value === undefined) throw new ValueError(`\`${text}\` is neither \`true\` nor \`false\``)
  return value
}
