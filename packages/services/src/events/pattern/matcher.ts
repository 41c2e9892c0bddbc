/** One element of a pattern's list: what a single value of an event has to be. */
import { BlockList, isIPv6 } from 'node:net'
import { PatternError } from './pattern-error.ts'
import { matchesWildcard, parseWildcard } from './wildcard.ts'

export type Scalar = string | number | boolean | null

export type Matcher =
  | { readonly of: 'value'; readonly test: (value: Scalar) => boolean }
  /** Whether the field is there at all. */
  | { readonly of: 'exists'; readonly isWanted: boolean }

type Test = (value: Scalar) => boolean

/** @throws PatternError */
export function parseMatcher(element: unknown): Matcher {
  if (isScalar(element)) return { of: 'value', test: (value) => value === element }
  if (Array.isArray(element))
    throw new PatternError('Match value must be String, number, true, false, or null')
  const [name, given] = onlyMember(element as object)
  if (name === 'exists') {
    if (typeof given !== 'boolean')
      throw new PatternError('exists match pattern must be either true or false.')
    return { of: 'exists', isWanted: given }
  }
  const parse = Object.hasOwn(parsers, name) ? parsers[name as keyof typeof parsers] : undefined
  if (parse === undefined) throw new PatternError(`Unrecognized match type ${name}`)
  return { of: 'value', test: parse(given) }
}

/** @see EventBridge User Guide, "Comparison operators" */
const parsers = {
  prefix: (given) => affix('prefix', given, (text, part) => text.startsWith(part)),
  suffix: (given) => affix('suffix', given, (text, part) => text.endsWith(part)),
  'equals-ignore-case': (given) => ignoringCase(textOf('equals-ignore-case', given)),
  wildcard: (given) => likeWildcard(textOf('wildcard', given)),
  numeric: numericRange,
  cidr: (given) => insideBlock(textOf('cidr', given)),
  'anything-but': anythingBut,
} satisfies Record<string, (given: unknown) => Test>

function affix(name: string, given: unknown, has: (text: string, part: string) => boolean): Test {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    const [inner, part] = onlyMember(given)
    if (inner !== 'equals-ignore-case')
      throw new PatternError(`Unsupported ${name} pattern: ${inner}`)
    const lower = textOf(`${name} equals-ignore-case`, part).toLowerCase()
    return (value) => typeof value === 'string' && has(value.toLowerCase(), lower)
  }
  const part = textOf(name, given)
  return (value) => typeof value === 'string' && has(value, part)
}

function ignoringCase(text: string): Test {
  const lower = text.toLowerCase()
  return (value) => typeof value === 'string' && value.toLowerCase() === lower
}

function likeWildcard(text: string): Test {
  const parts = parseWildcard(text)
  return (value) => typeof value === 'string' && matchesWildcard(parts, value)
}

/** What no list has: of values, or of beginnings, ends, wildcards or texts in any case. */
function anythingBut(given: unknown): Test {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    const [name, inner] = onlyMember(given)
    if (!Object.hasOwn(negatable, name))
      throw new PatternError(`Unsupported anything-but pattern: ${name}`)
    const parse = negatable[name as keyof typeof negatable]
    const tests = listOf(name, inner).map((each) => parse(each))
    return (value) => !tests.some((test) => test(value))
  }
  const values = Array.isArray(given) ? given : [given]
  if (values.length === 0) throw new PatternError('Empty lists are not allowed')
  if (!values.every((value) => typeof value === 'string' || typeof value === 'number'))
    throw new PatternError('Inside anything but list, start|null|boolean is not supported.')
  if (new Set(values.map((value) => typeof value)).size > 1)
    throw new PatternError(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    )
  return (value) => !values.includes(value as string)
}

const negatable = {
  prefix: parsers.prefix,
  suffix: parsers.suffix,
  'equals-ignore-case': parsers['equals-ignore-case'],
  wildcard: parsers.wildcard,
}

function listOf(name: string, given: unknown): readonly unknown[] {
  const list = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw new PatternError('Empty lists are not allowed')
  for (const each of list) if (each === '') throw new PatternError(`Null ${name} not allowed`)
  return list
}

const largestNumber = 5_000_000_000

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

/** `["=", 5]`, `[">", 0]`, `[">", 0, "<=", 5]`: lower bound first. */
function numericRange(given: unknown): Test {
  if (!Array.isArray(given) || given.length === 0)
    throw new PatternError('Value of numeric must be an array.')
  const bounds = pairsOf(given)
  const [[first, low] = [], [second, high] = [], ...more] = bounds
  const isRange = first?.startsWith('>') === true && second?.startsWith('<') === true
  if (more.length > 0 || (second !== undefined && !isRange))
    throw new PatternError('Too many elements in numeric expression')
  if (second !== undefined && !(low! < high!))
    throw new PatternError('Bottom must be less than top')
  return (value) =>
    typeof value === 'number' && bounds.every(([name, bound]) => comparisons[name]!(value, bound))
}

function pairsOf(given: readonly unknown[]): readonly (readonly [string, number])[] {
  const pairs: (readonly [string, number])[] = []
  for (let at = 0; at < given.length; at += 2) {
    const [name, bound] = [given[at], given[at + 1]]
    if (typeof name !== 'string' || !Object.hasOwn(comparisons, name))
      throw new PatternError(`Unrecognized numeric range operator: ${String(name)}`)
    if (typeof bound !== 'number') throw new PatternError(`Value of ${name} must be numeric`)
    if (Math.abs(bound) > largestNumber)
      throw new PatternError(`Value must be between -5.0E9 and 5.0E9, inclusive`)
    pairs.push([name, bound])
  }
  return pairs
}

function insideBlock(block: string): Test {
  const [address = '', length = '', ...more] = block.split('/')
  if (more.length > 0 || length === '') throw new PatternError(`Malformed CIDR, one '/' required`)
  if (!/^\d{1,3}$/.test(length))
    throw new PatternError('Malformed CIDR, mask bits must be an integer')
  const list = new BlockList()
  try {
    list.addSubnet(address, Number(length), familyOf(address))
  } catch {
    throw new PatternError(`Nonstandard IP address: ${block}`)
  }
  return (value) => typeof value === 'string' && isInside(list, value)
}

function isInside(list: BlockList, address: string): boolean {
  try {
    return list.check(address, familyOf(address))
  } catch {
    return false
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

function textOf(name: string, given: unknown): string {
  if (typeof given !== 'string') throw new PatternError(`${name} match pattern must be a string`)
  return given
}

function onlyMember(object: object): readonly [name: string, value: unknown] {
  const members = Object.entries(object)
  if (members.length !== 1) throw new PatternError('Only one key allowed in match expression')
  return members[0]!
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
