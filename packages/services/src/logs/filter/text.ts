/** Does a message have the terms of a pattern: all of `a "b c"`, one of `?a ?b`, none of `-a`? */
import { invalidParameter } from '../errors.ts'
import type { FilterPattern } from './pattern.ts'
import { readRegex } from './regex.ts'

interface Term {
  readonly mark: '' | '?' | '-'
  readonly isIn: (message: string) => boolean
}

const term = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"%]+))(?=\s|$)/sy

/**
 * Terms are looked for anywhere in the message *(inferred)*, in the case in which they are written.
 *
 * @throws AwsError InvalidParameterException
 */
export function readTextPattern(text: string): FilterPattern {
  const terms = termsOf(text)
  const wanted = terms.filter(({ mark }) => mark === '')
  const unwanted = terms.filter(({ mark }) => mark === '-')
  // Beside terms of other kinds, those of which one is enough are not looked at.
  const others = wanted.length + unwanted.length
  const optional = others > 0 ? [] : terms.filter(({ mark }) => mark === '?')
  const fits = (message: string) =>
    wanted.every(({ isIn }) => isIn(message)) &&
    !unwanted.some(({ isIn }) => isIn(message)) &&
    (optional.length === 0 || optional.some(({ isIn }) => isIn(message)))
  return { match: (message) => (fits(message) ? {} : undefined) }
}

function termsOf(text: string): readonly Term[] {
  const terms: Term[] = []
  for (let at = 0; at < text.length; at = term.lastIndex) {
    term.lastIndex = at
    const match = term.exec(text)
    if (match === null) throw invalidParameter('Invalid filter pattern')
    const [, mark = '', quoted, regex, bare] = match
    terms.push({ mark: mark as Term['mark'], isIn: testOf(quoted, regex, bare) })
  }
  return terms
}

function testOf(
  quoted: string | undefined,
  regex: string | undefined,
  bare: string | undefined,
): Term['isIn'] {
  if (regex !== undefined) return readRegex(regex)
  if (bare !== undefined && !/^[\p{L}\p{N}_]+$/u.test(bare))
    throw invalidParameter(`Invalid character(s) in term '${bare}'`)
  const wanted = bare ?? unquoted(quoted ?? '')
  return (message) => message.includes(wanted)
}

export function unquoted(text: string): string {
  return text.replace(/\\(.)/gs, '$1')
}
