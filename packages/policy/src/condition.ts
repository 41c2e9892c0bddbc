/** One condition against one request: sets, IfExists, negation and missing keys, each written once for all operators. */
import type { Condition } from './document.ts'
import { type Comparer, operators } from './operators/index.ts'
import type { ContextValue, ContextValues } from './request.ts'
import { resolveTemplate, type Template, textOf, variableKeys } from './variables.ts'

/** Why a condition holds or does not: the words that an explanation is made of. */
export type ConditionReason =
  | 'matched'
  | 'not matched'
  | 'key is absent'
  | 'key is present'
  /** A plain operator was asked about a key that holds several values. */
  | 'several values'
  /** A value of the request that the operator cannot read: an Allow does not match, a Deny does. */
  | 'unreadable value'

export interface CompiledCondition {
  readonly condition: Condition
  /** Condition keys that it reads, lower case: its own and those of its variables. */
  readonly keys: readonly string[]
  /** Does it hold? Allocates nothing where its values have no variables. */
  readonly holds: (context: ContextValues) => boolean
  readonly reason: (context: ContextValues) => ConditionReason
}

/**
 * @param effect  of the statement: what cannot be read makes an Allow not match and a Deny match
 * @throws ValueError  a value cannot be read by its operator
 */
export function compileCondition(
  condition: Condition,
  effect: 'Allow' | 'Deny',
): CompiledCondition {
  const key = condition.key.toLowerCase()
  const test = condition.positive === 'Null' ? nullTest(condition) : operatorTest(condition)
  const unreadableHolds = effect === 'Deny'
  return {
    condition,
    keys: [key, ...condition.values.flatMap(({ template }) => variableKeys(template))],
    holds(context) {
      const outcome = test(context.get(key), context)
      return outcome === unreadable ? unreadableHolds : outcome === holds
    },
    reason(context) {
      const value = context.get(key)
      if (condition.positive === 'Null') return isAbsent(value) ? 'key is absent' : 'key is present'
      if (isMissing(value)) return 'key is absent'
      if (condition.set === undefined && typeof value !== 'string' && value!.length > 1)
        return 'several values'
      const outcome = test(value, context)
      return outcome === unreadable
        ? 'unreadable value'
        : outcome === holds
          ? 'matched'
          : 'not matched'
    },
  }
}

const fails = 0
const holds = 1
const unreadable = 2
type Outcome = typeof fails | typeof holds | typeof unreadable
type Test = (value: ContextValue | undefined, context: ContextValues) => Outcome

/** @see IAM User Guide, "Condition operator to check existence of condition keys" */
function nullTest({ values, set }: Condition): Test {
  const wantsAbsent = values.some(({ text }) => text.toLowerCase() === 'true')
  const wantsPresent = values.some(({ text }) => text.toLowerCase() === 'false')
  // Over the values of a key that is there, "is null" says nothing: the set prefixes are vacuous.
  if (set === 'ForAllValues') return () => holds
  if (set === 'ForAnyValue') return () => fails
  return (value) => ((isAbsent(value) ? wantsAbsent : wantsPresent) ? holds : fails)
}

/** @see IAM User Guide, "Set operators for multivalued context keys" and "…IfExists condition operators" */
function operatorTest(condition: Condition): Test {
  const { set, isNegated, ifExists } = condition
  const compare = comparerOf(condition)
  const whenMissing: Outcome =
    ifExists || set === 'ForAllValues' || (set === undefined && isNegated) ? holds : fails
  const wanted = isNegated ? 'no match' : 'match'
  const single = (value: string, context: ContextValues): Outcome => {
    const comparison = compare(context)(value)
    return comparison === 'unreadable' ? unreadable : comparison === wanted ? holds : fails
  }
  if (set === undefined)
    return (value, context) => {
      if (typeof value === 'string') return single(value, context)
      if (value === undefined || value.length === 0) return whenMissing
      return value.length === 1 ? single(value[0]!, context) : fails
    }
  const decisive: Outcome = set === 'ForAllValues' ? fails : holds
  const otherwise: Outcome = set === 'ForAllValues' ? holds : fails
  return (value, context) => {
    if (isMissing(value)) return whenMissing
    if (typeof value === 'string') return single(value, context)
    let found: Outcome = otherwise
    for (let index = 0; index < value!.length; index++) {
      const outcome = single(value![index]!, context)
      if (outcome === unreadable) return unreadable
      if (outcome === decisive) found = decisive
    }
    return found
  }
}

/** Values without variables are prepared once; the others for each request, and those that cannot be resolved match nothing. */
function comparerOf({ positive, values }: Condition): (context: ContextValues) => Comparer {
  const operator = operators[positive as keyof typeof operators]
  const templates = values.map(({ template }) => template)
  if (!templates.some(({ hasVariables }) => hasVariables)) {
    const comparer = operator.compile(
      templates.map((template) => {
        const parts = plainParts(template)
        return { text: textOf(parts), parts }
      }),
    )
    return () => comparer
  }
  return (context) => {
    const resolved = templates.flatMap((template) => {
      const parts = resolveTemplate(template, context)
      return parts === undefined ? [] : [{ text: textOf(parts), parts }]
    })
    try {
      return operator.compile(resolved)
    } catch {
      // A variable brought a value that the operator cannot read, as `${aws:username}` under Bool.
      return () => 'unreadable'
    }
  }
}

function plainParts(template: Template) {
  return template.parts.filter((part) => typeof part === 'string' || 'literal' in part)
}

function isMissing(value: ContextValue | undefined): boolean {
  return value === undefined || (typeof value !== 'string' && value.length === 0)
}

/** For Null, a key without any text in it counts as absent. */
function isAbsent(value: ContextValue | undefined): boolean {
  return (
    value === undefined ||
    value.length === 0 ||
    (typeof value !== 'string' && value.every((each) => each === ''))
  )
}
