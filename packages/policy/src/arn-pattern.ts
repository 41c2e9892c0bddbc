/** Does an ARN match a pattern, each of its six parts by itself? */
import { arnParts, cutArn } from './arn.ts'
import { compileParts, matchesBetween, type Pattern, type PatternPart } from './wildcard.ts'

export interface ArnPattern {
  /** What every match begins with: the way into an index. */
  readonly head: string
  /** With `head` found before `at`: does the rest match? */
  readonly rest: (text: string, at: number) => boolean
}

export function matchesArn(pattern: ArnPattern, text: string): boolean {
  return text.startsWith(pattern.head) && pattern.rest(text, pattern.head.length)
}

const everything: ArnPattern = { head: '', rest: () => true }

/**
 * A wildcard never eats one of the first five colons; in the resource part it spans anything. `*` alone is everything.
 * A pattern of fewer than six parts matches only the same text.
 */
export function compileArnPattern(parts: readonly PatternPart[]): ArnPattern {
  if (parts.length > 0 && parts.every((part) => part === '*')) return everything
  const segments = cutParts(parts)
  if (segments.length < arnParts) return sameText(parts)
  const compiled = segments.map((segment) => compileParts(segment))
  const fixed = compiled.slice(0, arnParts - 1)
  const resource = compiled[arnParts - 1]!
  return fixed.every(({ isLiteral }) => isLiteral)
    ? withLiteralHead(`${fixed.map(({ head }) => head).join(':')}:`, resource)
    : partByPart(compiled)
}

/** The usual form: only the resource part has wildcards, so no colons need to be counted. */
function withLiteralHead(head: string, resource: Pattern): ArnPattern {
  return { head: head + resource.head, rest: (text, at) => resource.rest(text, at, text.length) }
}

const starts = new Int32Array(arnParts)

function partByPart(compiled: readonly Pattern[]): ArnPattern {
  const literal = compiled.findIndex(({ isLiteral }) => !isLiteral)
  const head =
    compiled
      .slice(0, literal)
      .map((part) => `${part.head}:`)
      .join('') + compiled[literal]!.head
  return {
    head,
    rest(text) {
      if (!cutArn(text, starts)) return false
      for (let part = 0; part < arnParts; part++) {
        const end = part === arnParts - 1 ? text.length : starts[part + 1]! - 1
        if (!matchesBetween(compiled[part]!, text, starts[part]!, end)) return false
      }
      return true
    },
  }
}

/** Too short for an ARN: no ARN matches it, only text that is the same. */
function sameText(parts: readonly PatternPart[]): ArnPattern {
  const text = parts.map((part) => (typeof part === 'string' ? part : part.literal)).join('')
  const isLiteral = parts.every((part) => typeof part === 'object')
  return { head: '', rest: (asked) => isLiteral && asked === text }
}

/** Cuts the pieces at the first five colons of their literal text. */
function cutParts(parts: readonly PatternPart[]): readonly (readonly PatternPart[])[] {
  const segments: PatternPart[][] = [[]]
  for (const part of parts) {
    if (typeof part === 'string') {
      segments.at(-1)!.push(part)
      continue
    }
    const pieces = part.literal.split(':')
    for (const [index, piece] of pieces.entries()) {
      if (index > 0 && segments.length < arnParts) segments.push([])
      else if (index > 0) segments.at(-1)!.push({ literal: ':' })
      if (piece !== '') segments.at(-1)!.push({ literal: piece })
    }
  }
  return segments
}
