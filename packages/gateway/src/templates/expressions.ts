/** The expressions of a mapping template: references, literals, operators. */
import {
  type BinaryOperator,
  type Expression,
  type Part,
  type Reference,
  type Step,
  TemplateError,
} from './syntax.ts'

const identifier = /[A-Za-z_][A-Za-z0-9_-]*/y
const memberName = /[A-Za-z][A-Za-z0-9_-]*/y
/** Of directives; expressions may be nested a few times deeper. */
export const maxDepth = 64

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

/** Text and a place in it, with everything that reads expressions from there. */
export class ExpressionReader {
  protected readonly text: string
  protected at = 0
  protected depth = 0
  /** Text in double quotes is a template of its own. */
  protected readonly readParts: (text: string) => readonly Part[]

  constructor(text: string, readParts: (text: string) => readonly Part[]) {
    this.text = text
    this.readParts = readParts
  }

  /** `$name`, `$!name`, `${name}`, `$!{name}` with steps; undefined where `$` is only text. */
  protected reference(): Reference | undefined {
    const start = this.at
    let at = start
    if (this.text[at] !== '$') return undefined
    at++
    const isQuiet = this.text[at] === '!'
    if (isQuiet) at++
    const isBraced = this.text[at] === '{'
    if (isBraced) at++
    identifier.lastIndex = at
    const name = identifier.exec(this.text)?.[0]
    if (name === undefined) return undefined
    this.at = at + name.length
    const steps = this.steps()
    if (isBraced) {
      this.space()
      if (this.text[this.at] !== '}') {
        this.at = start
        return undefined
      }
      this.at++
    }
    return { kind: 'reference', name, steps, isQuiet, source: this.text.slice(start, this.at) }
  }

  protected steps(): readonly Step[] {
    const steps: Step[] = []
    for (;;) {
      const char = this.text[this.at]
      if (char === '.') {
        memberName.lastIndex = this.at + 1
        const name = memberName.exec(this.text)?.[0]
        if (name === undefined) return steps
        this.at += 1 + name.length
        if (this.text[this.at] === '(')
          steps.push({ kind: 'method', name, arguments: this.arguments() })
        else steps.push({ kind: 'property', name })
      } else if (char === '[') {
        this.at++
        const index = this.expression()
        this.expect(']')
        steps.push({ kind: 'index', index })
      } else return steps
    }
  }

  protected arguments(): readonly Expression[] {
    this.expect('(')
    return this.listUntil(')')
  }

  protected listUntil(closing: string): readonly Expression[] {
    const items: Expression[] = []
    this.space()
    while (this.text[this.at] !== closing) {
      items.push(this.expression())
      this.space()
      if (this.text[this.at] === ',') this.at++
      else if (this.text[this.at] !== closing) this.fail(`expected \`${closing}\``)
      this.space()
    }
    this.at++
    return items
  }

  protected expression(level = 0): Expression {
    if (++this.depth > maxDepth * 8) this.fail('an expression is nested too deeply')
    const operators = precedence[level]
    if (operators === undefined) {
      const operand = this.operand()
      this.depth--
      return operand
    }
    let left = this.expression(level + 1)
    for (;;) {
      this.space()
      const found = operators.find(([written]) =>
        /^[a-z]/.test(written) ? this.word(written) : this.symbol(written),
      )
      if (found === undefined) break
      left = { kind: 'binary', operator: found[1], left, right: this.expression(level + 1) }
    }
    this.depth--
    return left
  }

  protected operand(): Expression {
    this.space()
    const char = this.text[this.at]
    if (char === '!' || this.isWord('not')) {
      this.at += char === '!' ? 1 : 3
      return { kind: 'not', operand: this.operand() }
    }
    if (char === '(') {
      this.at++
      const inner = this.expression()
      this.expect(')')
      return inner
    }
    if (char === '$') return this.reference() ?? this.fail('expected a reference')
    if (char === "'") return { kind: 'literal', value: this.quoted("'") }
    if (char === '"') return { kind: 'interpolated', body: this.readParts(this.quoted('"')) }
    if (char === '[') return this.listOrRange()
    if (char === '{') return this.map()
    if (char === '-' && !/\d/.test(this.text[this.at + 1] ?? '')) {
      this.at++
      return { kind: 'negative', operand: this.operand() }
    }
    return this.number() ?? this.boolean() ?? this.fail('expected a value')
  }

  protected listOrRange(): Expression {
    this.at++
    this.space()
    if (this.text[this.at] === ']') {
      this.at++
      return { kind: 'list', items: [] }
    }
    const first = this.expression()
    this.space()
    if (this.text.startsWith('..', this.at)) {
      this.at += 2
      const to = this.expression()
      this.expect(']')
      return { kind: 'range', from: first, to }
    }
    if (this.text[this.at] === ',') this.at++
    return { kind: 'list', items: [first, ...this.listUntil(']')] }
  }

  protected map(): Expression {
    this.at++
    const entries: (readonly [Expression, Expression])[] = []
    this.space()
    while (this.text[this.at] !== '}') {
      const key = this.expression()
      this.expect(':')
      entries.push([key, this.expression()])
      this.space()
      if (this.text[this.at] === ',') this.at++
      else if (this.text[this.at] !== '}') this.fail('expected `}`')
      this.space()
    }
    this.at++
    return { kind: 'map', entries }
  }

  /** A doubled quote stands for one. */
  protected quoted(quote: string): string {
    let value = ''
    for (this.at++; this.at < this.text.length; this.at++) {
      if (this.text[this.at] !== quote) value += this.text[this.at]
      else if (this.text[this.at + 1] === quote) {
        value += quote
        this.at++
      } else {
        this.at++
        return value
      }
    }
    return this.fail('a quoted text does not end')
  }

  protected number(): Expression | undefined {
    const pattern = /-?\d+(?:\.\d+)?(?!\.\d)/y
    pattern.lastIndex = this.at
    const text = pattern.exec(this.text)?.[0]
    if (text === undefined) return undefined
    this.at += text.length
    // `7-2` is two numbers side by side, as Velocity reads it.
    if (/^-\d/.test(this.text.slice(this.at, this.at + 2)))
      this.fail('expected an operator between numbers')
    return { kind: 'literal', value: Number(text) }
  }

  protected boolean(): Expression | undefined {
    const value = this.word('true') ? true : this.word('false') ? false : undefined
    return value === undefined ? undefined : { kind: 'literal', value }
  }

  protected isWord(word: string): boolean {
    return (
      this.text.startsWith(word, this.at) &&
      !/[A-Za-z0-9_-]/.test(this.text[this.at + word.length] ?? '')
    )
  }

  protected word(word: string): boolean {
    if (!this.isWord(word)) return false
    this.at += word.length
    return true
  }

  protected symbol(symbol: string): boolean {
    if (!this.text.startsWith(symbol, this.at)) return false
    this.at += symbol.length
    return true
  }

  protected expect(symbol: string): void {
    this.space()
    if (!this.symbol(symbol)) this.fail(`expected \`${symbol}\``)
  }

  protected space(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++
  }

  protected fail(message: string): never {
    const line = this.text.slice(0, this.at).split('\n').length
    throw new TemplateError(`line ${line}: ${message}`)
  }
}
