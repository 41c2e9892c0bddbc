/** ArnEquals and ArnLike, which mean the same. */
import { type ArnPattern, compileArnPattern, matchesArn } from '../arn-pattern.ts'
import type { Operator } from './operator.ts'

const arnLike: Operator = {
  type: 'arn',
  takesVariables: true,
  compile(values) {
    const patterns: readonly ArnPattern[] = values.map(({ parts }) => compileArnPattern(parts))
    return (text) => (patterns.some((pattern) => matchesArn(pattern, text)) ? 'match' : 'no match')
  },
}

/**
 * Both take wildcards; each of the six parts is matched by itself.
 * @see IAM User Guide, "Amazon Resource Name (ARN) condition operators"
 */
export const arnOperators = { ArnEquals: arnLike, ArnLike: arnLike } satisfies Record<
  string,
  Operator
>
