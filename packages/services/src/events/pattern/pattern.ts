/** Event patterns: which events does a rule want? */
import { parseJson } from '@sekisho/policy'
import { isScalar, type Matcher, parseMatcher, type Scalar } from './matcher.ts'
import { PatternError } from './pattern-error.ts'

export interface Pattern {
  readonly fields: readonly Field[]
  /** Each a choice, of which one has to match. */
  readonly choices: readonly (readonly Pattern[])[]
}

interface Field {
  readonly name: string
  /** What its value has to be (one of these), or what the object that it is has to be. */
  readonly wants: readonly Matcher[] | Pattern
}

/** @see EventBridge User Guide, "Amazon EventBridge quotas" (patterns with $or) */
const mostCombinations = 1_000
const deepest = 100

/**
 * @throws PatternError
 * @see EventBridge User Guide, "Creating Amazon EventBridge event patterns"
 */
export function parsePattern(text: string): Pattern {
  let json: unknown
  try {
    json = parseJson(text)
  } catch {
    throw new PatternError('Invalid JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new PatternError('Filter is not an object')
  const pattern = patternOf(json, 0)
  if (combinationsOf(pattern) > mostCombinations)
    throw new PatternError(`Rule has more than ${mostCombinations} combinations of $or`)
  return pattern
}

function patternOf(json: object, depth: number): Pattern {
  if (depth > deepest) throw new PatternError('Event pattern is nested too deeply')
  const members = Object.entries(json)
  if (members.length === 0) throw new PatternError('Empty objects are not allowed')
  const isChoice = ([name, value]: readonly [string, unknown]) => name === '$or' && isChoices(value)
  return {
    fields: members.filter((member) => !isChoice(member)).map((each) => fieldOf(each, depth)),
    choices: members
      .filter(isChoice)
      .map(([, list]) => (list as object[]).map((each) => patternOf(each, depth + 1))),
  }
}

/** Otherwise `$or` is a field of that name. */
function isChoices(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each)) &&
    !value.some((each) => Object.keys(each).some((name) => operators.has(name)))
  )
}

const operators: ReadonlySet<string> = new Set([
  'exists',
  'prefix',
  'suffix',
  'equals-ignore-case',
  'wildcard',
  'numeric',
  'cidr',
  'anything-but',
])

function fieldOf([name, value]: readonly [string, unknown], depth: number): Field {
  if (Array.isArray(value)) {
    if (value.length === 0) throw new PatternError('Empty arrays are not allowed')
    return { name, wants: value.map(parseMatcher) }
  }
  if (isScalar(value)) throw new PatternError(`"${name}" must be an object or an array`)
  return { name, wants: patternOf(value as object, depth + 1) }
}

function combinationsOf({ fields, choices }: Pattern): number {
  let product = 1
  for (const { wants } of fields) if ('fields' in wants) product *= combinationsOf(wants)
  for (const choice of choices)
    product *= choice.reduce((sum, each) => sum + combinationsOf(each), 0)
  return product
}

/**
 * Fields within an object that stands in a list have to match in the same member of the list.
 *
 * @see EventBridge User Guide, "Matching on arrays"
 */
export function matchesPattern({ fields, choices }: Pattern, event: unknown): boolean {
  if (Array.isArray(event) && event.length > 0)
    return event.some((each) => matchesPattern({ fields, choices }, each))
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    return isAbsenceAlone({ fields, choices })
  return (
    fields.every(({ name, wants }) => matchesField(wants, valueAt(event, name))) &&
    choices.every((choice) => choice.some((each) => matchesPattern(each, event)))
  )
}

function valueAt(event: object, name: string): unknown {
  return Object.hasOwn(event, name) ? (event as Record<string, unknown>)[name] : undefined
}

function matchesField(wants: Field['wants'], value: unknown): boolean {
  if ('fields' in wants) return matchesPattern(wants, value)
  const values = [...leavesOf(value)]
  return wants.some((matcher) =>
    matcher.of === 'exists'
      ? matcher.isWanted === values.length > 0
      : values.some((each) => matcher.test(each)),
  )
}

/** Only leaves count; objects within lists are none. */
function* leavesOf(value: unknown): Generator<Scalar> {
  if (Array.isArray(value)) for (const each of value) yield* leavesOf(each)
  else if (value !== undefined && isScalar(value)) yield value
}

/** Where there is no object, only what asks for nothing to be there can match. */
function isAbsenceAlone({ fields, choices }: Pattern): boolean {
  return (
    fields.every(({ wants }) =>
      'fields' in wants
        ? isAbsenceAlone(wants)
        : wants.some((each) => each.of === 'exists' && !each.isWanted),
    ) && choices.every((choice) => choice.some(isAbsenceAlone))
  )
}
