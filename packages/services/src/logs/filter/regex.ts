/** Does a text fit a regular expression of filter patterns? Without backtracking: time grows with the text alone. */
import { invalidParameter } from '../errors.ts'
import { Sought, type Step } from './sought.ts'

/** Repetitions are written out: `\d{3}` is three steps. */
const mostSteps = 128

/**
 * Alternatives of sequences; there are no groups in this language.
 *
 * @throws AwsError InvalidParameterException
 * @see CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax"
 */
export function readRegex(source: string): (text: string) => boolean {
  if (!/^[\x20-\x7e]*$/.test(source) || /(?<!\\)[()]/.test(source)) throw invalid(source)
  const alternatives = new Reader(source).alternatives()
  if (alternatives.reduce((sum, steps) => sum + steps.length, 0) > mostSteps) throw invalid(source)
  const sought = alternatives.map((steps) => new Sought(steps))
  return (text) => sought.some((each) => each.isIn(text))
}

function invalid(source: string) {
  return invalidParameter(`Invalid filter pattern: the regular expression '${source}' is invalid`)
}

const inRange = (from: number, to: number) => (code: number) => code >= from && code <= to
const isDigit = inRange(48, 57)
const isWord = (code: number) =>
  isDigit(code) || inRange(65, 90)(code) || inRange(97, 122)(code) || code === 95
const isSpace = (code: number) => code === 32 || inRange(9, 13)(code)
const not = (test: (code: number) => boolean) => (code: number) => !test(code)
const equal = (character: string) => {
  const wanted = character.charCodeAt(0)
  return (code: number) => code === wanted
}

const classes: Readonly<Record<string, (code: number) => boolean>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
}

class Reader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  alternatives(): readonly (readonly Step[])[] {
    const found: Step[][] = [[]]
    while (this.#at < this.#source.length) {
      if (this.#take('|')) found.push([])
      else found.at(-1)!.push(...this.#steps())
    }
    return found
  }

  #steps(): readonly Step[] {
    const atom = this.#atom()
    const [min, max] = this.#times()
    if (max > mostSteps && max !== Number.POSITIVE_INFINITY) throw invalid(this.#source)
    const step = (isOptional: boolean, isRepeated: boolean): Step => ({
      atom,
      isOptional,
      isRepeated,
    })
    const steps = Array.from({ length: Math.min(min, mostSteps + 1) }, () => step(false, false))
    if (max === Number.POSITIVE_INFINITY) return [...steps, step(true, true)]
    return [...steps, ...Array.from({ length: max - min }, () => step(true, false))]
  }

  #atom(): Step['atom'] {
    const character = this.#next()
    if (character === '^') return 'begin'
    if (character === '$') return 'end'
    if (character === '.') return not(equal('\n'))
    if (character === '[') return this.#set()
    if (character === '\\') return this.#escaped()
    if ('*+?{}]'.includes(character)) throw invalid(this.#source)
    return equal(character)
  }

  #escaped(): (code: number) => boolean {
    const character = this.#next()
    return Object.hasOwn(classes, character) ? classes[character]! : equal(character)
  }

  #set(): (code: number) => boolean {
    const isNegated = this.#take('^')
    const tests: ((code: number) => boolean)[] = []
    while (!this.#take(']')) {
      const character = this.#next()
      if (character === '\\') tests.push(this.#escaped())
      else if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']') {
        this.#at++
        const [from, to] = [character.charCodeAt(0), this.#next().charCodeAt(0)]
        if (from > to) throw invalid(this.#source)
        tests.push(inRange(from, to))
      } else tests.push(equal(character))
    }
    const isOne = (code: number) => tests.some((test) => test(code))
    return isNegated ? not(isOne) : isOne
  }

  #times(): readonly [min: number, max: number] {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (!this.#take('{')) return [1, 1]
    const end = this.#source.indexOf('}', this.#at)
    const [, min, comma, max] =
      /^(\d{1,4})(,?)(\d{0,4})$/.exec(this.#source.slice(this.#at, Math.max(end, this.#at))) ?? []
    if (min === undefined) throw invalid(this.#source)
    this.#at = end + 1
    const most = comma === '' ? Number(min) : max === '' ? Number.POSITIVE_INFINITY : Number(max)
    if (most < Number(min)) throw invalid(this.#source)
    return [Number(min), most]
  }

  #next(): string {
    const character = this.#source[this.#at++]
    if (character === undefined) throw invalid(this.#source)
    return character
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false
    this.#at++
    return true
  }
}
