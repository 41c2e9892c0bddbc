/** BinaryEquals. */
import { type Operator, ValueError } from './operator.ts'

/** @see IAM User Guide, "Binary condition operators" */
export const binaryOperators = {
  BinaryEquals: {
    type: 'binary',
    takesVariables: false,
    compile(values) {
      const wanted = new Set(values.map(({ text }) => policyBytes(text)))
      return (text) => {
        const bytes = readBytes(text)
        if (bytes === undefined) return 'unreadable'
        return wanted.has(bytes) ? 'match' : 'no match'
      }
    },
  },
} satisfies Record<string, Operator>

/** @returns one character a byte; undefined when the text is not base64 */
function readBytes(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text))
    return undefined
  return atob(text)
}

function policyBytes(text: string): string {
  const bytes = readBytes(text)
  if (bytes === undefined) throw new ValueError(`\`${text}\` is not base64`)
  return bytes
}
