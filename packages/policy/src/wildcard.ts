/** Does a text match a pattern of `*` (any characters, also none) and `?` (exactly one)? */

/** One piece of a pattern: literal text, or a wildcard that acts. */
export type PatternPart = { readonly literal: string } | '*' | '?'

/** A pattern made ready. Matching allocates nothing, never backtracks beyond the last `*`, and is linear in practice. */
export interface Pattern {
  /** What every match begins with. */
  readonly head: string
  /** No wildcard acts: only `head` itself matches. */
  readonly isLiteral: boolean
  /** With `head` found before `at`: does the rest of the pattern match `text` from `at` up to `end` (exclusive)? */
  readonly rest: (text: string, at: number, end: number) => boolean
}

/** Every `*` and `?` acts; for text in which some are meant literally, give `compileParts` the pieces. */
export function compilePattern(text: string): Pattern {
  return compileParts(splitWildcards(text))
}

export function splitWildcards(text: string): readonly PatternPart[] {
  return text
    .split(/([*?])/)
    .filter((part) => part !== '')
    .map((part) => (part === '*' || part === '?' ? part : { literal: part }))
}

export function compileParts(parts: readonly PatternPart[]): Pattern {
  const pieces = mergeLiterals(parts)
  const first = pieces[0]
  const head = typeof first === 'object' ? first.literal : ''
  const rest = head === '' ? pieces : pieces.slice(1)
  if (rest.length === 0) return literalPattern(head)
  return rest.includes('?') ? generalPattern(head, rest) : starPattern(head, rest)
}

export function matchesWhole(pattern: Pattern, text: string): boolean {
  return matchesBetween(pattern, text, 0, text.length)
}

/** Matches `text` from `start` up to `end` (exclusive). */
export function matchesBetween(
  pattern: Pattern,
  text: string,
  start: number,
  end: number,
): boolean {
  const at = start + pattern.head.length
  return at <= end && text.startsWith(pattern.head, start) && pattern.rest(text, at, end)
}

function mergeLiterals(parts: readonly PatternPart[]): readonly PatternPart[] {
  const merged: PatternPart[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    // A variable may bring no text at all; an empty piece must not pass for a wildcard.
    if (typeof part === 'object' && part.literal === '') continue
    if (typeof part === 'object' && typeof last === 'object')
      merged[merged.length - 1] = { literal: last.literal + part.literal }
    else if (!(part === '*' && last === '*')) merged.push(part)
  }
  return merged
}

function literalPattern(head: string): Pattern {
  return { head, isLiteral: true, rest: (_text, at, end) => at === end }
}

/** Only `*`: the leftmost place of each literal in turn is as good as any other, the last must stand at the end. */
function starPattern(head: string, pieces: readonly PatternPart[]): Pattern {
  const literals = pieces.filter((part) => typeof part === 'object').map((part) => part.literal)
  const tail = typeof pieces.at(-1) === 'object' ? literals.pop()! : ''
  return {
    head,
    isLiteral: false,
    rest(text, start, end) {
      const tailStart = end - tail.length
      if (tailStart < start || (tail !== '' && !text.startsWith(tail, tailStart))) return false
      let at = start
      for (let index = 0; index < literals.length; index++) {
        const literal = literals[index]!
        const found = text.indexOf(literal, at)
        if (found < 0 || found + literal.length > tailStart) return false
        at = found + literal.length
      }
      return true
    },
  }
}

const star = -1
const one = -2

/** With `?`: two pointers, falling back to the last `*` alone. */
function generalPattern(head: string, pieces: readonly PatternPart[]): Pattern {
  const codes = pieces.flatMap((part) =>
    part === '*'
      ? star
      : part === '?'
        ? one
        : part.literal.split('').map((unit) => unit.charCodeAt(0)),
  )
  return {
    head,
    isLiteral: false,
    rest(text, start, end) {
      let at = start
      let code = 0
      let starCode = -1
      let starAt = 0
      while (at < end) {
        const wanted = codes[code]
        if (wanted === star) {
          starCode = code++
          starAt = at
        } else if (wanted !== undefined && (wanted === one || wanted === text.charCodeAt(at))) {
          code++
          at++
        } else if (starCode >= 0) {
          code = starCode + 1
          at = ++starAt
        } else return false
      }
      while (codes[code] === star) code++
      return code === codes.length
    },
  }
}
