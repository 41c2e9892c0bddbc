/** Velocity templates as API Gateway speaks them: text to a tree, once, when an API is deployed. */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** Text in double quotes, in which references and directives act. */
  | { readonly kind: 'interpolated'; readonly body: readonly Part[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'range'; readonly from: Expression; readonly to: Expression }
  | Reference
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negative'; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }

export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'

export interface Reference {
  readonly kind: 'reference'
  readonly name: string
  readonly steps: readonly Step[]
  /** `$!name`: prints nothing when there is no value. */
  readonly isQuiet: boolean
  /** As written: what is printed when there is no value. */
  readonly source: string
}

export type Step =
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'method'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'index'; readonly index: Expression }

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | Reference
  | { readonly kind: 'set'; readonly target: Reference; readonly value: Expression }
  | {
      readonly kind: 'if'
      readonly branches: readonly Branch[]
      readonly otherwise: readonly Part[]
    }
  | {
      readonly kind: 'foreach'
      readonly variable: string
      readonly source: Expression
      readonly body: readonly Part[]
    }
  | { readonly kind: 'break' | 'stop' }

export interface Branch {
  readonly condition: Expression
  readonly body: readonly Part[]
}

/** The template cannot be read; calls that need it fail. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly code = 'INVALID_TEMPLATE'
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (size of a mapping template) */
const maxLength = 300 * 1024
const maxDepth = 64

/** @throws TemplateError */
export function parseTemplate(text: string): readonly Part[] {
  if (text.length > maxLength) throw new TemplateError('the template is larger than 300 KB')
  const parser = new Parser(text)
  const parts = parser.parts([])
  parser.expectEnd()
  return parts
}

const identifier = /[A-Za-z][A-Za-z0-9_-]*/y
const directives = ['set', 'if', 'elseif', 'else', 'end', 'foreach', 'break', 'stop'] as const
type Directive = (typeof directives)[number]

/** From loosest to tightest. */
const precedence: readonly (readonly (readonly [written: string, operator: BinaryOperator])[])[] = [
  [
    ['||', '||'],
    ['or', '||'],
  ],
  [
    ['&&', '&&'],
    ['and', '&&'],
  ],
  [
    ['==', '=='],
    ['!=', '!='],
    ['eq', '=='],
    ['ne', '!='],
  ],
  [
    ['<=', '<='],
    ['>=', '>='],
    ['<', '<'],
    ['>', '>'],
    ['le', '<='],
    ['ge', '>='],
    ['lt', '<'],
    ['gt', '>'],
  ],
  [
    ['+', '+'],
    ['-', '-'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
    ['%', '%'],
  ],
]

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Parts up to one of the closing directives, which is left to be read. */
  parts(closing: readonly Directive[]): readonly Part[] {
    if (++this.#depth > maxDepth) this.#fail('directives are nested too deeply')
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ kind: 'text', text })
      text = ''
    }
    while (this.#at < this.#text.length) {
      if (this.#skipComment()) continue
      const char = this.#text[this.#at]!
      const directive = char === '#' ? this.#peekDirective() : undefined
      if (directive !== undefined && closing.includes(directive)) break
      const part = directive
        ? this.#directive(directive)
        : char === '$'
          ? this.#reference()
          : undefined
      if (part === undefined) {
        text += char
        this.#at++
      } else {
        flush()
        parts.push(part)
      }
    }
    flush()
    this.#depth--
    return parts
  }

  expectEnd(): void {
    if (this.#at < this.#text.length) this.#fail('a directive closes what was not opened')
  }

  #skipComment(): boolean {
    if (this.#text.startsWith('##', this.#at)) {
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#text.length : end + 1
      return true
    }
    if (!this.#text.startsWith('#*', this.#at)) return false
    const end = this.#text.indexOf('*#', this.#at)
    this.#at = end < 0 ? this.#text.length : end + 2
    return true
  }

  #peekDirective(): Directive | undefined {
    const match = /#\{?(set|elseif|else|end|if|foreach|break|stop)\b\}?/y
    match.lastIndex = this.#at
    return match.exec(this.#text)?.[1] as Directive | undefined
  }

  #directive(name: Directive): Part {
    this.#at += this.#text[this.#at + 1] === '{' ? name.length + 3 : name.length + 1
    switch (name) {
      case 'set':
        return this.#set()
      case 'if':
        return this.#if()
      case 'foreach':
        return this.#foreach()
      case 'break':
      case 'stop':
        return { kind: name }
      default:
        return this.#fail(`#${name} closes what was not opened`)
    }
  }

  #set(): Part {
    this.#expect('(')
    this.#space()
    const target = this.#reference()
    if (target === undefined) return this.#fail('#set needs a reference')
    this.#expect('=')
    const value = this.expression()
    this.#expect(')')
    this.#swallowLineEnd()
    return { kind: 'set', target, value }
  }

  #if(): Part {
    const branches: Branch[] = []
    let otherwise: readonly Part[] = []
    let next: Directive | undefined = 'if'
    while (next === 'if' || next === 'elseif') {
      this.#expect('(')
      const condition = this.expression()
      this.#expect(')')
      this.#swallowLineEnd()
      branches.push({ condition, body: this.parts(['elseif', 'else', 'end']) })
      next = this.#take(['elseif', 'else', 'end'])
    }
    if (next === 'else') {
      this.#swallowLineEnd()
      otherwise = this.parts(['end'])
      this.#take(['end'])
    }
    this.#swallowLineEnd()
    return { kind: 'if', branches, otherwise }
  }

  #foreach(): Part {
    this.#expect('(')
    this.#space()
    const variable = this.#reference()
    this.#space()
    if (variable === undefined || !this.#word('in'))
      return this.#fail('#foreach needs `$item in list`')
    const source = this.expression()
    this.#expect(')')
    this.#swallowLineEnd()
    const body = this.parts(['end'])
    this.#take(['end'])
    this.#swallowLineEnd()
    return { kind: 'foreach', variable: variable.name, source, body }
  }

  #take(names: readonly Directive[]): Directive {
    const name = this.#peekDirective()
    if (name === undefined || !names.includes(name))
      return this.#fail(`#${names.at(-1)} is missing`)
    this.#at += this.#text[this.#at + 1] === '{' ? name.length + 3 : name.length + 1
    return name
  }

  /** A directive alone on its line takes the line's end with it. */
  #swallowLineEnd(): void {
    const end = /[ \t]*\r?\n/y
    end.lastIndex = this.#at
    const match = end.exec(this.#text)
    if (match) this.#at = end.lastIndex
  }

  /** `$name`, `$!name`, `${name}`, `$!{name}` with steps; undefined where `$` is only text. */
  #reference(): Reference | undefined {
    const start = this.#at
    let at = start
    if (this.#text[at] !== '$') return undefined
    at++
    const isQuiet = this.#text[at] === '!'
    if (isQuiet) at++
    const isBraced = this.#text[at] === '{'
    if (isBraced) at++
    identifier.lastIndex = at
    const name = identifier.exec(this.#text)?.[0]
    if (name === undefined) return undefined
    this.#at = at + name.length
    const steps = this.#steps()
    if (isBraced) {
      this.#space()
      if (this.#text[this.#at] !== '}') {
        this.#at = start
        return undefined
      }
      this.#at++
    }
    return { kind: 'reference', name, steps, isQuiet, source: this.#text.slice(start, this.#at) }
  }

  #steps(): readonly Step[] {
    const steps: Step[] = []
    for (;;) {
      const char = this.#text[this.#at]
      if (char === '.') {
        identifier.lastIndex = this.#at + 1
        const name = identifier.exec(this.#text)?.[0]
        if (name === undefined) return steps
        this.#at += 1 + name.length
        if (this.#text[this.#at] === '(')
          steps.push({ kind: 'method', name, arguments: this.#arguments() })
        else steps.push({ kind: 'property', name })
      } else if (char === '[') {
        this.#at++
        const index = this.expression()
        this.#expect(']')
        steps.push({ kind: 'index', index })
      } else return steps
    }
  }

  #arguments(): readonly Expression[] {
    this.#expect('(')
    return this.#listUntil(')')
  }

  #listUntil(closing: string): readonly Expression[] {
    const items: Expression[] = []
    this.#space()
    while (this.#text[this.#at] !== closing) {
      items.push(this.expression())
      this.#space()
      if (this.#text[this.#at] === ',') this.#at++
      else if (this.#text[this.#at] !== closing) this.#fail(`expected \`${closing}\``)
      this.#space()
    }
    this.#at++
    return items
  }

  expression(level = 0): Expression {
    if (++this.#depth > maxDepth * 8) this.#fail('an expression is nested too deeply')
    const operators = precedence[level]
    if (operators === undefined) {
      const operand = this.#operand()
      this.#depth--
      return operand
    }
    let left = this.expression(level + 1)
    for (;;) {
      this.#space()
      const found = operators.find(([written]) =>
        /^[a-z]/.test(written) ? this.#word(written) : this.#symbol(written),
      )
      if (found === undefined) break
      left = { kind: 'binary', operator: found[1], left, right: this.expression(level + 1) }
    }
    this.#depth--
    return left
  }

  #operand(): Expression {
    this.#space()
    const char = this.#text[this.#at]
    if (char === '!' || this.#isWord('not')) {
      this.#at += char === '!' ? 1 : 3
      return { kind: 'not', operand: this.#operand() }
    }
    if (char === '(') {
      this.#at++
      const inner = this.expression()
      this.#expect(')')
      return inner
    }
    if (char === '$') return this.#reference() ?? this.#fail('expected a reference')
    if (char === "'") return { kind: 'literal', value: this.#quoted("'") }
    if (char === '"') return { kind: 'interpolated', body: new Parser(this.#quoted('"')).parts([]) }
    if (char === '[') return this.#listOrRange()
    if (char === '{') return this.#map()
    if (char === '-' && !/\d/.test(this.#text[this.#at + 1] ?? '')) {
      this.#at++
      return { kind: 'negative', operand: this.#operand() }
    }
    return this.#number() ?? this.#boolean() ?? this.#fail('expected a value')
  }

  #listOrRange(): Expression {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return { kind: 'list', items: [] }
    }
    const first = this.expression()
    this.#space()
    if (this.#text.startsWith('..', this.#at)) {
      this.#at += 2
      const to = this.expression()
      this.#expect(']')
      return { kind: 'range', from: first, to }
    }
    if (this.#text[this.#at] === ',') this.#at++
    return { kind: 'list', items: [first, ...this.#listUntil(']')] }
  }

  #map(): Expression {
    this.#at++
    const entries: (readonly [Expression, Expression])[] = []
    this.#space()
    while (this.#text[this.#at] !== '}') {
      const key = this.expression()
      this.#expect(':')
      entries.push([key, this.expression()])
      this.#space()
      if (this.#text[this.#at] === ',') this.#at++
      else if (this.#text[this.#at] !== '}') this.#fail('expected `}`')
      this.#space()
    }
    this.#at++
    return { kind: 'map', entries }
  }

  /** A doubled quote stands for one. */
  #quoted(quote: string): string {
    let value = ''
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] !== quote) value += this.#text[this.#at]
      else if (this.#text[this.#at + 1] === quote) {
        value += quote
        this.#at++
      } else {
        this.#at++
        return value
      }
    }
    return this.#fail('a quoted text does not end')
  }

  #number(): Expression | undefined {
    const pattern = /-?\d+(?:\.\d+)?(?!\.\d)/y
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#text)?.[0]
    if (text === undefined) return undefined
    this.#at += text.length
    // `7-2` is two numbers side by side, as Velocity reads it.
    if (/^-\d/.test(this.#text.slice(this.#at, this.#at + 2)))
      this.#fail('expected an operator between numbers')
    return { kind: 'literal', value: Number(text) }
  }

  #boolean(): Expression | undefined {
    const value = this.#word('true') ? true : this.#word('false') ? false : undefined
    return value === undefined ? undefined : { kind: 'literal', value }
  }

  #isWord(word: string): boolean {
    return (
      this.#text.startsWith(word, this.#at) &&
      !/[A-Za-z0-9_-]/.test(this.#text[this.#at + word.length] ?? '')
    )
  }

  #word(word: string): boolean {
    if (!this.#isWord(word)) return false
    this.#at += word.length
    return true
  }

  #symbol(symbol: string): boolean {
    if (!this.#text.startsWith(symbol, this.#at)) return false
    this.#at += symbol.length
    return true
  }

  #expect(symbol: string): void {
    this.#space()
    if (!this.#symbol(symbol)) this.#fail(`expected \`${symbol}\``)
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #fail(message: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length
    throw new TemplateError(`line ${line}: ${message}`)
  }
}
