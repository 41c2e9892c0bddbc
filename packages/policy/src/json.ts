/** JSON with a place for every value: line, column and pointer; duplicate member names are found. */
import { PolicyError } from './policy-error.ts'

/** Where a value begins. Line and column count from 1, in UTF-16 units, as editors show them. */
export interface Place {
  /** RFC 6901, `` for the document itself. */
  readonly pointer: string
  readonly line: number
  readonly column: number
}

export type JsonNode = Place &
  (
    | { readonly type: 'object'; readonly members: readonly JsonMember[] }
    | { readonly type: 'array'; readonly items: readonly JsonNode[] }
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'number' | 'boolean'; readonly text: string }
    | { readonly type: 'null' }
  )

export interface JsonMember {
  readonly name: string
  readonly value: JsonNode
}

/** A policy is a few levels deep; anything beyond this is an attack on the reader. */
const maxDepth = 32

/**
 * Reads JSON (RFC 8259), strictly.
 *
 * @throws PolicyError  code `INVALID_JSON` or `DUPLICATE_MEMBER`, with the place
 * @see IAM User Guide, "Grammar of the IAM JSON policy language" (member names may not repeat)
 */
export function parseJson(text: string): JsonNode {
  const reader = new Reader(text)
  const value = reader.value('', 0)
  reader.end()
  return value
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const words: Readonly<Record<string, 'boolean' | 'null'>> = {
  true: 'boolean',
  false: 'boolean',
  null: 'null',
}

class Reader {
  readonly #text: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
  }

  value(pointer: string, depth: number): JsonNode {
    this.#space()
    const place = { pointer, line: this.#line, column: this.#at - this.#lineStart + 1 }
    if (depth > maxDepth) this.#fail(`nested deeper than ${maxDepth}`)
    const char = this.#text[this.#at]
    if (char === '{') return { ...place, type: 'object', members: this.#members(pointer, depth) }
    if (char === '[') return { ...place, type: 'array', items: this.#items(pointer, depth) }
    if (char === '"') return { ...place, type: 'string', value: this.#string() }
    return { ...place, ...this.#scalar() }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.#fail('text after the end of the document')
  }

  #members(pointer: string, depth: number): readonly JsonMember[] {
    const members: JsonMember[] = []
    const names = new Set<string>()
    this.#at++
    while (!this.#closes('}', members.length > 0)) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('expected a member name in double quotes')
      const name = this.#string()
      if (names.has(name)) this.#fail(`member \`${name}\` stands here twice`, 'DUPLICATE_MEMBER')
      names.add(name)
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('expected `:`')
      this.#at++
      members.push({ name, value: this.value(`${pointer}/${escapePointer(name)}`, depth + 1) })
    }
    return members
  }

  #items(pointer: string, depth: number): readonly JsonNode[] {
    const items: JsonNode[] = []
    this.#at++
    while (!this.#closes(']', items.length > 0))
      items.push(this.value(`${pointer}/${items.length}`, depth + 1))
    return items
  }

  /** True at the closing bracket; otherwise a comma has been passed, where one was due. */
  #closes(bracket: string, needsComma: boolean): boolean {
    this.#space()
    if (this.#text[this.#at] === bracket) {
      this.#at++
      return true
    }
    if (!needsComma) return false
    if (this.#text[this.#at] !== ',') this.#fail(`expected \`,\` or \`${bracket}\``)
    this.#at++
    this.#space()
    if (this.#text[this.#at] === bracket) this.#fail('a comma before the closing bracket')
    return false
  }

  #string(): string {
    let value = ''
    let start = ++this.#at
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) this.#fail('the text ends inside a string')
      if (char! < ' ') this.#fail('a control character inside a string')
      if (char === '"') return value + this.#text.slice(start, this.#at++)
      if (char === '\\') {
        value += this.#text.slice(start, this.#at) + this.#escape()
        start = this.#at
      } else this.#at++
    }
  }

  #escape(): string {
    const char = this.#text[this.#at + 1] ?? ''
    if (char === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('`\\u` needs four hexadecimal digits')
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    if (!Object.hasOwn(escapes, char)) this.#fail(`unknown escape \`\\${char}\``)
    this.#at += 2
    return escapes[char]!
  }

  #scalar(): { type: 'number' | 'boolean'; text: string } | { type: 'null' } {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-zA-Z]+/y
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#text)?.[0]
    if (text === undefined)
      this.#fail(this.#at < this.#text.length ? 'expected a value' : 'the text ends too early')
    const word = Object.hasOwn(words, text!) ? words[text!] : undefined
    if (word === undefined && /^[a-zA-Z]/.test(text!))
      this.#fail(`unknown word \`${text!.slice(0, 20)}\``)
    this.#at += text!.length
    return word === 'null' ? { type: 'null' } : { type: word ?? 'number', text: text! }
  }

  #space(): void {
    for (;;) {
      const char = this.#text[this.#at]
      if (char === '\n') {
        this.#line++
        this.#lineStart = this.#at + 1
      } else if (char !== ' ' && char !== '\t' && char !== '\r') return
      this.#at++
    }
  }

  #fail(message: string, code: 'INVALID_JSON' | 'DUPLICATE_MEMBER' = 'INVALID_JSON'): never {
    const column = this.#at - this.#lineStart + 1
    throw new PolicyError([{ code, message, pointer: '', line: this.#line, column }])
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
