/** What does a regular expression say? ECMA 262's and Java's common forms; what cannot be run in bounded time is refused. */

export type Node =
  | { readonly kind: 'char'; readonly test: (codePoint: number) => boolean }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'either'; readonly branches: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly of: Node
      readonly least: number
      readonly most: number
      /** As few as will do. */
      readonly isLazy: boolean
    }
  /** What it matches can be asked for by number. */
  | { readonly kind: 'group'; readonly of: Node; readonly number: number }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'look'; readonly of: Node; readonly isNegated: boolean }

export type Assertion = 'start' | 'end' | 'boundary' | 'no boundary'

/** The expression cannot be read, or cannot be promised to end; `message` says why. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
  readonly code = 'INVALID_PATTERN'
}

const longest = 10_000
const deepest = 50

/** @throws PatternError */
export function parsePattern(text: string): Node {
  if (text.length > longest) throw new PatternError(`longer than ${longest} characters`)
  // Whatever is no expression to the engine is none here either.
  try {
    RegExp(text.replace(leadingFlags, ''))
  } catch (error) {
    throw new PatternError((error as Error).message)
  }
  return new Reading(text).whole()
}

/** Java's, for the whole expression: `(?i)`, `(?s)`. */
const leadingFlags = /^\(\?([is]+)\)/

/** An escape, a class, or any character. */
const one =
  /^(?:\\(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[pP]\{[^}]*\}|[1-9]\d*|[\s\S])|\[\^?(?:\\[\s\S]|[^\]\\])*\]|[\s\S])/u

const assertions: Readonly<Record<string, Assertion>> = {
  '^': 'start',
  $: 'end',
  '\\b': 'boundary',
  '\\B': 'no boundary',
}

/** One pass over an expression whose form is known to be right. */
class Reading {
  readonly #text: string
  readonly #flags: string
  #at = 0
  #depth = 0
  #groups = 0

  constructor(text: string) {
    const [head = '', flags = ''] = leadingFlags.exec(text) ?? []
    this.#text = text.slice(head.length)
    this.#flags = flags
  }

  whole(): Node {
    const node = this.#either()
    if (this.#at < this.#text.length) throw new PatternError('unmatched `)`')
    return node
  }

  #either(): Node {
    if (++this.#depth > deepest) throw new PatternError(`nested deeper than ${deepest}`)
    const branches = [this.#all()]
    while (this.#takes('|')) branches.push(this.#all())
    this.#depth--
    return branches.length === 1 ? branches[0]! : { kind: 'either', branches }
  }

  #all(): Node {
    const parts: Node[] = []
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at]!))
      parts.push(this.#repeated(this.#atom()))
    return { kind: 'all', parts }
  }

  #repeated(of: Node): Node {
    const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(this.#text.slice(this.#at, this.#at + 24))
    if (found === null) return of
    const [text, least, comma, most] = found
    this.#at += text.length
    const isLazy = this.#takes('?')
    if (this.#text[this.#at] === '+')
      throw new PatternError('possessive quantifiers are not supported')
    const bounds: Readonly<Record<string, readonly [number, number]>> = {
      '*': [0, Number.POSITIVE_INFINITY],
      '+': [1, Number.POSITIVE_INFINITY],
      '?': [0, 1],
    }
    const counted = [
      Number(least),
      comma === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most),
    ] as const
    const [from, to] = bounds[text] ?? counted
    return { kind: 'repeat', of, least: from, most: to, isLazy }
  }

  #atom(): Node {
    if (this.#takes('(')) return this.#group()
    const source = this.#source()
    const what = Object.hasOwn(assertions, source) ? assertions[source] : undefined
    if (what !== undefined) return { kind: 'assert', what }
    if (/^\\(?:[1-9]|k)/.test(source)) throw new PatternError('references back are not supported')
    return { kind: 'char', test: charTest(source, this.#flags) }
  }

  #group(): Node {
    const found = /^\?(?:[:=!]|<[=!]|<[^>]*>)/.exec(this.#text.slice(this.#at))
    const head = found?.[0] ?? ''
    if (head === '?<=' || head === '?<!') throw new PatternError('looking behind is not supported')
    if (head === '' && this.#text[this.#at] === '?')
      throw new PatternError('flags within an expression are not supported')
    this.#at += head.length
    const number = head === '' || /^\?<[^=!]/.test(head) ? ++this.#groups : 0
    const of = this.#either()
    if (!this.#takes(')')) throw new PatternError('unmatched `(`')
    if (number > 0) return { kind: 'group', of, number }
    return head === '?=' || head === '?!' ? { kind: 'look', of, isNegated: head === '?!' } : of
  }

  /** The text of what stands for one character, or for a place between two. */
  #source(): string {
    const found = one.exec(this.#text.slice(this.#at))
    const source = found?.[0] ?? ''
    this.#at += source.length
    return source
  }

  #takes(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }
}

/** A class or an escape is asked of the engine, one character at a time: that takes no time to speak of. */
function charTest(source: string, flags: string): (codePoint: number) => boolean {
  const engine = engineOf(source, flags)
  const ascii = Uint8Array.from({ length: 128 }, (_, code) =>
    Number(engine.test(String.fromCharCode(code))),
  )
  return (codePoint) =>
    codePoint < 128 ? ascii[codePoint] === 1 : engine.test(String.fromCodePoint(codePoint))
}

/** Some escapes are errors where characters beyond 16 bits are whole. */
function engineOf(source: string, flags: string): RegExp {
  try {
    return new RegExp(`^${source}$`, `${flags}u`)
  } catch {
    return new RegExp(`^${source}$`, flags)
  }
}
