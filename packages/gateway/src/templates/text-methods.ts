/** Java's methods of texts that take an expression, in bounded time. */
import { compilePattern, type Found, type Pattern, PatternError } from '../patterns/match.ts'
import { spend, type Work } from '../work.ts'
import { TemplateError } from './syntax.ts'
import { spendText } from './values.ts'

export function matchesWhole(text: string, expression: string, work: Work): boolean {
  return patternOf(expression, true, work).test(text, work)
}

/** Parts between the matches; empty ones at the end are left out. */
export function split(text: string, expression: string, work: Work): string[] {
  const parts: string[] = []
  let begin = 0
  for (const found of matchesOf(text, expression, work)) {
    const [from = 0, to = 0] = found
    if (to === 0) continue
    parts.push(text.slice(begin, from))
    begin = to
  }
  parts.push(text.slice(begin))
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}

/** @param isFirstOnly  the others stay */
export function replaceMatches(
  text: string,
  expression: string,
  replacement: string,
  isFirstOnly: boolean,
  work: Work,
): string {
  let made = ''
  let begin = 0
  for (const found of matchesOf(text, expression, work)) {
    made += text.slice(begin, found[0]) + filled(replacement, text, found)
    spendText(made.length - begin, work)
    begin = found[1] ?? 0
    if (isFirstOnly) break
  }
  made += text.slice(begin)
  spendText(made.length, work)
  return made
}

/** Characters that mean themselves, as most expressions of templates are. */
const plain = /^(?:[^\\^$.*+?()[\]{}|]|\\[^A-Za-z0-9])+$/

/** Of looking for an expression once, however short the text. */
const workOfSearch = 20

/** One behind the other; an empty one moves on by a character. */
function* matchesOf(text: string, expression: string, work: Work): Generator<Found> {
  const literal = plain.test(expression) ? expression.replace(/\\(.)/gs, '$1') : undefined
  const find =
    literal === undefined
      ? patternOf(expression, false, work).find
      : (_: string, from: number): Found | undefined => {
          const at = text.indexOf(literal, from)
          return at < 0 ? undefined : [at, at + literal.length]
        }
  if (literal !== undefined) spendText(text.length, work)
  for (let from = 0; from <= text.length; ) {
    spend(work, literal === undefined ? workOfSearch : 1)
    const found = find(text, from, work)
    if (found === undefined) return
    yield found
    const [begin = 0, end = 0] = found
    from = end > begin ? end : end + 1
  }
}

/** In Java `\` quotes and `$1` is a group. */
function filled(replacement: string, text: string, found: Found): string {
  return replacement.replace(
    /\\([\s\S])|\$(\d)/g,
    (_, quoted: string | undefined, group: string | undefined) => {
      if (quoted !== undefined) return quoted
      const [begin, end] = [found[Number(group) * 2], found[Number(group) * 2 + 1]]
      if (begin === undefined) throw new TemplateError(`there is no group ${group}`)
      return begin < 0 ? '' : text.slice(begin, end)
    },
  )
}

const ready = new Map<string, Pattern>()
const mostReady = 500

function patternOf(expression: string, isWhole: boolean, work: Work): Pattern {
  const key = `${isWhole} ${expression}`
  const known = ready.get(key)
  if (known !== undefined) return known
  spend(work, 100 * expression.length)
  try {
    const pattern = compilePattern(expression, { isWhole })
    if (ready.size >= mostReady) ready.clear()
    ready.set(key, pattern)
    return pattern
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    throw new TemplateError(`\`${expression}\` cannot be used: ${cause.message}`, { cause })
  }
}
