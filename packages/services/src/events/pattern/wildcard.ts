/** Does a text match a pattern with `*` in it? */
import { PatternError } from './pattern-error.ts'

/** What stands between the stars; `\*` and `\\` are themselves. */
export type Wildcard = readonly string[]

/** @throws PatternError  an escape of something else, or two stars in a row */
export function parseWildcard(text: string): Wildcard {
  const parts = ['']
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '*') {
      if (text[at + 1] === '*')
        throw new PatternError(`Consecutive wildcard characters at pos ${at}`)
      parts.push('')
      continue
    }
    const escaped = character === '\\' ? text[++at] : undefined
    if (character === '\\' && escaped !== '*' && escaped !== '\\')
      throw new PatternError(`Invalid escape character at pos ${at - 1}`)
    parts[parts.length - 1] += escaped ?? character
  }
  return parts
}

/** In one pass: between the first and the last part, the earliest place is as good as any. */
export function matchesWildcard(parts: Wildcard, text: string): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || text.length < first.length + last.length) return false
  let from = first.length
  for (const part of rest) {
    const found = text.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}
