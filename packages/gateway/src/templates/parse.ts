/** Velocity templates as API Gateway speaks them: text to a tree, once, when an API is deployed. */
import { ExpressionReader, maxDepth } from './expressions.ts'
import { type Branch, type Part, TemplateError } from './syntax.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (size of a mapping template) */
const maxLength = 300 * 1024

/** @throws TemplateError */
export function parseTemplate(text: string): readonly Part[] {
  if (text.length > maxLength) throw new TemplateError('the template is larger than 300 KB')
  const reader = new TemplateReader(text, readWhole)
  const parts = reader.parts([])
  reader.expectEnd()
  return parts
}

const directives = [
  'set',
  'if',
  'elseif',
  'else',
  'end',
  'foreach',
  'define',
  'break',
  'stop',
] as const
type Directive = (typeof directives)[number]

/** Text in quotes: a directive that closes nothing ends it. */
function readWhole(text: string): readonly Part[] {
  return new TemplateReader(text, readWhole).parts([])
}

class TemplateReader extends ExpressionReader {
  /** Parts up to one of the closing directives, which is left to be read. */
  parts(closing: readonly Directive[]): readonly Part[] {
    if (++this.depth > maxDepth) this.fail('directives are nested too deeply')
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ kind: 'text', text })
      text = ''
    }
    while (this.at < this.text.length) {
      if (this.skipComment()) continue
      const char = this.text[this.at]!
      const directive = char === '#' ? this.peekDirective() : undefined
      if (directive !== undefined && closing.includes(directive)) break
      const part = directive
        ? this.directive(directive)
        : char === '$'
          ? this.reference()
          : undefined
      if (part === undefined) {
        text += char
        this.at++
      } else {
        flush()
        parts.push(part)
      }
    }
    flush()
    this.depth--
    return parts
  }

  expectEnd(): void {
    if (this.at < this.text.length) this.fail('a directive closes what was not opened')
  }

  private skipComment(): boolean {
    if (this.text.startsWith('##', this.at)) {
      const end = this.text.indexOf('\n', this.at)
      this.at = end < 0 ? this.text.length : end + 1
      return true
    }
    if (!this.text.startsWith('#*', this.at)) return false
    const end = this.text.indexOf('*#', this.at)
    this.at = end < 0 ? this.text.length : end + 2
    return true
  }

  private peekDirective(): Directive | undefined {
    const match = /#\{?(set|elseif|else|end|if|foreach|define|break|stop)\b\}?/y
    match.lastIndex = this.at
    return match.exec(this.text)?.[1] as Directive | undefined
  }

  private directive(name: Directive): Part {
    this.at += this.text[this.at + 1] === '{' ? name.length + 3 : name.length + 1
    switch (name) {
      case 'set':
        return this.set()
      case 'if':
        return this.if()
      case 'foreach':
        return this.foreach()
      case 'define':
        return this.define()
      case 'break':
      case 'stop':
        return { kind: name }
      default:
        return this.fail(`#${name} closes what was not opened`)
    }
  }

  private set(): Part {
    this.expect('(')
    this.space()
    const target = this.reference()
    if (target === undefined) return this.fail('#set needs a reference')
    this.expect('=')
    const value = this.expression()
    this.expect(')')
    this.swallowLineEnd()
    return { kind: 'set', target, value }
  }

  private if(): Part {
    const branches: Branch[] = []
    let otherwise: readonly Part[] = []
    let next: Directive | undefined = 'if'
    while (next === 'if' || next === 'elseif') {
      this.expect('(')
      const condition = this.expression()
      this.expect(')')
      this.swallowLineEnd()
      branches.push({ condition, body: this.parts(['elseif', 'else', 'end']) })
      next = this.take(['elseif', 'else', 'end'])
    }
    if (next === 'else') {
      this.swallowLineEnd()
      otherwise = this.parts(['end'])
      this.take(['end'])
    }
    this.swallowLineEnd()
    return { kind: 'if', branches, otherwise }
  }

  private foreach(): Part {
    this.expect('(')
    this.space()
    const variable = this.reference()
    this.space()
    if (variable === undefined || !this.word('in'))
      return this.fail('#foreach needs `$item in list`')
    const source = this.expression()
    this.expect(')')
    this.swallowLineEnd()
    const body = this.parts(['end'])
    this.take(['end'])
    this.swallowLineEnd()
    return { kind: 'foreach', variable: variable.name, source, body }
  }

  private define(): Part {
    this.expect('(')
    this.space()
    const block = this.reference()
    if (block === undefined || block.steps.length > 0) return this.fail('#define needs `$name`')
    this.expect(')')
    this.swallowLineEnd()
    const body = this.parts(['end'])
    this.take(['end'])
    this.swallowLineEnd()
    return { kind: 'define', name: block.name, body }
  }

  private take(names: readonly Directive[]): Directive {
    const name = this.peekDirective()
    if (name === undefined || !names.includes(name)) return this.fail(`#${names.at(-1)} is missing`)
    this.at += this.text[this.at + 1] === '{' ? name.length + 3 : name.length + 1
    return name
  }

  /** A directive alone on its line takes the line's end with it. */
  private swallowLineEnd(): void {
    const end = /[ \t]*\r?\n/y
    end.lastIndex = this.at
    const match = end.exec(this.text)
    if (match) this.at = end.lastIndex
  }
}
