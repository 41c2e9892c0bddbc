/** ArnEquals and ArnLike, which mean the same. */
import { isArn } from '../arn.ts'
import { type ArnPattern, compileArnPattern, matchesArn } from '../arn-pattern.ts'
import { type Operator, type Value, ValueError } from './operator.ts'

const arnLike: Operator = {
  type: 'arn',
  takesVariables: true,
  compile(values) {
    const patterns: readonly ArnPattern[] = values.map(policyPattern)
    return (text) => {
      if (!isArn(text)) return 'unreadable'
      return patterns.some((pattern) => matchesArn(pattern, text)) ? 'match' : 'no match'
    }
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

/** Fewer than six parts are taken (and match nothing); what cannot even begin as an ARN does is a mistake. */
function policyPattern({ text, parts }: Value): ArnPattern {
  if (!/^(?:arn:|a?r?n?[*?])/.test(text)) throw new ValueError(`\`${text}\` is no ARN`)
  return compileArnPattern(parts)
}
