/** Conditions joined by `&&`, `||` and parentheses, as patterns for JSON and for fields have them. */
import { invalidParameter } from '../errors.ts'
import { readRegex } from './regex.ts'
import { unquoted } from './text.ts'

/** What a condition compares: undefined where the message has no such thing. */
export type Lookup = (selector: string) => unknown

export type Test = (lookup: Lookup) => boolean

const token =
  /\s*(?:(&&|\|\||[()])|(!=|>=|<=|=|>|<)|"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|((?:[^\s()&|=<>!"%[\]]|\[[^\]]*\])+))/sy

interface Token {
  readonly kind: 'joint' | 'operator' | 'quoted' | 'regex' | 'word'
  readonly text: string
}

const kinds = ['joint', 'operator', 'quoted', 'regex', 'word'] as const
/** Conditions and parentheses within each other. */
const deepest = 50

/**
 * @param isSelector  words that stand on the left side
 * @param standsAlone  a selector without anything to compare is a condition that always holds
 * @throws AwsError InvalidParameterException
 */
export function readExpression(
  text: string,
  isSelector: (word: string) => boolean,
  standsAlone: boolean,
): { readonly test: Test; readonly selectors: readonly string[] } {
  const parser = new Parser(tokensOf(text), isSelector, standsAlone)
  const test = parser.any(0)
  parser.end()
  return { test, selectors: parser.selectors }
}

export const invalidPattern = () => invalidParameter('Invalid filter pattern')

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  for (let at = 0; at < end; at = token.lastIndex) {
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) throw invalidPattern()
    const index = match.findIndex((part, position) => position > 0 && part !== undefined)
    tokens.push({ kind: kinds[index - 1]!, text: match[index]! })
  }
  return tokens
}

class Parser {
  readonly selectors: string[] = []
  readonly #tokens: readonly Token[]
  readonly #isSelector: (word: string) => boolean
  readonly #standsAlone: boolean
  #at = 0

  constructor(
    tokens: readonly Token[],
    isSelector: (word: string) => boolean,
    standsAlone: boolean,
  ) {
    this.#tokens = tokens
    this.#isSelector = isSelector
    this.#standsAlone = standsAlone
  }

  any(depth: number): Test {
    const tests = [this.#all(depth)]
    while (this.#take('joint', '||')) tests.push(this.#all(depth))
    return tests.length === 1 ? tests[0]! : (lookup) => tests.some((test) => test(lookup))
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw invalidPattern()
  }

  #all(depth: number): Test {
    const tests = [this.#one(depth)]
    while (this.#take('joint', '&&')) tests.push(this.#one(depth))
    return tests.length === 1 ? tests[0]! : (lookup) => tests.every((test) => test(lookup))
  }

  #one(depth: number): Test {
    if (depth > deepest) throw invalidPattern()
    if (this.#take('joint', '(')) {
      const test = this.any(depth + 1)
      if (!this.#take('joint', ')')) throw invalidPattern()
      return test
    }
    return this.#condition()
  }

  #condition(): Test {
    const selector = this.#word()
    if (selector === undefined || !this.#isSelector(selector)) throw invalidPattern()
    this.selectors.push(selector)
    if (this.#take('word', 'IS')) {
      const word = this.#word()
      const wanted = word === undefined || !Object.hasOwn(states, word) ? undefined : states[word]
      if (wanted === undefined) throw invalidPattern()
      return (lookup) => lookup(selector) === wanted.value
    }
    if (this.#take('word', 'NOT')) {
      if (this.#word() !== 'EXISTS') throw invalidPattern()
      return (lookup) => lookup(selector) === undefined
    }
    const operator = this.#tokens[this.#at]
    if (operator?.kind !== 'operator') {
      if (!this.#standsAlone) throw invalidPattern()
      return () => true
    }
    this.#at++
    const value = this.#tokens[this.#at++]
    if (value === undefined) throw invalidPattern()
    const test = comparison(operator.text, value)
    return (lookup) => test(lookup(selector))
  }

  #word(): string | undefined {
    const next = this.#tokens[this.#at]
    if (next?.kind !== 'word') return undefined
    this.#at++
    return next.text
  }

  #take(kind: Token['kind'], text: string): boolean {
    const next = this.#tokens[this.#at]
    if (next?.kind !== kind || next.text !== text) return false
    this.#at++
    return true
  }
}

const states: Readonly<Record<string, { readonly value: unknown }>> = {
  NULL: { value: null },
  TRUE: { value: true },
  FALSE: { value: false },
}

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

const orders: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
}

/** What is not there, and what is an object or a list, compares to nothing. */
function comparison(operator: string, { kind, text }: Token): (actual: unknown) => boolean {
  const order = Object.hasOwn(orders, operator) ? orders[operator] : undefined
  if (order) {
    if (kind !== 'word' || !numberForm.test(text)) throw invalidPattern()
    const limit = Number(text)
    return (actual) => {
      const number = numberOf(actual)
      return number !== undefined && order(number, limit)
    }
  }
  const equals = equality(kind, text)
  const isNegated = operator === '!='
  return (actual) => isPlain(actual) && equals(actual) !== isNegated
}

function equality(
  kind: Token['kind'],
  text: string,
): (actual: string | number | boolean) => boolean {
  if (kind === 'regex') {
    const isFound = readRegex(text)
    return (actual) => isFound(String(actual))
  }
  if (kind === 'word' && numberForm.test(text)) {
    const wanted = Number(text)
    return (actual) => numberOf(actual) === wanted
  }
  if (kind !== 'word' && kind !== 'quoted') throw invalidPattern()
  const fits = wildcard(kind === 'quoted' ? unquoted(text) : text)
  return (actual) => fits(String(actual))
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && numberForm.test(value) ? Number(value) : undefined
}

/** `*` is any text. Parts are looked for one behind the other, so that nothing is tried twice. */
function wildcard(pattern: string): (text: string) => boolean {
  const [head = '', ...parts] = pattern.split('*')
  if (parts.length === 0) return (text) => text === head
  const tail = parts.pop()!
  return (text) => {
    if (!text.startsWith(head)) return false
    let at = head.length
    for (const part of parts) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return text.length - tail.length >= at && text.endsWith(tail)
  }
}
