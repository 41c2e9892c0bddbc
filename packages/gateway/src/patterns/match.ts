/** Does a text match an expression, and where? All ways through it are walked at once: no expression takes longer than its size times the text's. */
import { spend, type Work, WorkLimitError } from '../work.ts'
import { type Assertion, type Node, parsePattern } from './parse.ts'
import { programOf, type Step } from './program.ts'

export { PatternError } from './parse.ts'

export interface Pattern {
  /**
   * @param work  of which this is a part; its own when absent
   * @throws WorkLimitError  expression and text are too large for each other
   */
  readonly test: (text: string, work?: Work) => boolean
  /**
   * The first place from `from` on, as a backtracking engine would choose it.
   *
   * @throws WorkLimitError
   */
  readonly find: (text: string, from: number, work: Work) => Found | undefined
}

/** Begin and end of the whole, then of each group; −1 where a group took no part. */
export type Found = readonly number[]

const mostWork = 2_000_000

/**
 * @param isWhole  the whole text has to match, not a part of it
 * @throws PatternError  no expression, or one with references back, lookbehind or too many repetitions
 */
export function compilePattern(text: string, { isWhole = false } = {}): Pattern {
  const node = parsePattern(text)
  const place = (what: Assertion): Node => ({ kind: 'assert', what })
  const steps = programOf(
    isWhole ? { kind: 'all', parts: [place('start'), node, place('end')] } : node,
  )
  return {
    test: (given, work = { left: mostWork }) => matches(steps, given, 0, isWhole, work),
    find: (given, from, work) => found(steps, given, from, work),
  }
}

/** @param isAnchored  begins at `from` and nowhere behind it */
function matches(
  steps: readonly Step[],
  text: string,
  from: number,
  isAnchored: boolean,
  work: Work,
): boolean {
  let current: number[] = []
  let next: number[] = []
  /** At which position a step was last entered: never twice at one. */
  const entered = new Int32Array(steps.length).fill(-1)
  const open: number[] = []
  /** All that can be reached without a character. @returns true at the end of the expression */
  const enter = (first: number, at: number, into: number[]): boolean => {
    open.push(first)
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (entered[index] === at) continue
      entered[index] = at
      spend(work, 1)
      const step = steps[index]!
      if (step.kind === 'end') return true
      if (step.kind === 'char') into.push(index)
      else if (step.kind === 'jump') open.push(step.to)
      else if (step.kind === 'split') open.push(step.to, index + 1)
      else if (passes(step, text, at, work)) open.push(index + 1)
    }
    return false
  }
  for (let at = from; ; ) {
    if ((at === from || !isAnchored) && enter(0, at, current)) return true
    if (at >= text.length || (current.length === 0 && isAnchored)) return false
    const codePoint = text.codePointAt(at)!
    at += codePoint > 0xffff ? 2 : 1
    for (const index of current) {
      const step = steps[index]!
      if (step.kind === 'char' && step.test(codePoint) && enter(index + 1, at, next)) return true
    }
    spend(work, current.length + 1)
    ;[current, next] = [next, current]
    next.length = 0
  }
}

/** A way through the expression, and what it has remembered. */
interface Way {
  readonly index: number
  readonly saved: Found
}

/** As `matches`, with ways in the order in which they would be tried: the first that ends wins. */
function found(steps: readonly Step[], text: string, from: number, work: Work): Found | undefined {
  let current: Way[] = []
  let next: Way[] = []
  const entered = new Int32Array(steps.length).fill(-1)
  const slots = 2 + 2 * steps.filter((step) => step.kind === 'save' && step.slot % 2 === 0).length
  const enter = (first: Way, at: number, into: Way[]): void => {
    const open = [first]
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      const { index, saved } = way
      if (entered[index] === at) continue
      entered[index] = at
      spend(work, 1)
      const step = steps[index]!
      if (step.kind === 'end' || step.kind === 'char') into.push(way)
      else if (step.kind === 'jump') open.push({ index: step.to, saved })
      else if (step.kind === 'split') {
        const [one, other] = [
          { index: index + 1, saved },
          { index: step.to, saved },
        ]
        if (step.isLazy) open.push(one, other)
        else open.push(other, one)
      } else if (step.kind === 'save') {
        spend(work, slots)
        open.push({ index: index + 1, saved: saved.with(step.slot, at) })
      } else if (passes(step, text, at, work)) open.push({ index: index + 1, saved })
    }
  }
  let best: Found | undefined
  for (let at = from; ; ) {
    if (best === undefined)
      enter({ index: 0, saved: new Array<number>(slots).fill(-1).with(0, at) }, at, current)
    const codePoint = at < text.length ? text.codePointAt(at)! : undefined
    const after = at + (codePoint !== undefined && codePoint > 0xffff ? 2 : 1)
    for (const { index, saved } of current) {
      const step = steps[index]!
      if (step.kind === 'end') {
        best = saved.with(1, at)
        break
      }
      if (codePoint !== undefined && step.kind === 'char' && step.test(codePoint))
        enter({ index: index + 1, saved }, after, next)
    }
    spend(work, current.length + 1)
    if (codePoint === undefined || (best !== undefined && next.length === 0)) return best
    at = after
    ;[current, next] = [next, current]
    next.length = 0
  }
}

/** Through what stands between two characters. */
function passes(
  step: Step & { kind: 'assert' | 'look' | 'save' },
  text: string,
  at: number,
  work: Work,
): boolean {
  if (step.kind === 'save') return true
  if (step.kind === 'assert') return holds(step.what, text, at)
  return matches(step.steps, text, at, true, work) !== step.isNegated
}

function holds(what: Assertion, text: string, at: number): boolean {
  if (what === 'start') return at === 0
  if (what === 'end') return at === text.length
  const isBoundary = isWord(text[at - 1]) !== isWord(text[at])
  return isBoundary === (what === 'boundary')
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /\w/.test(char)
}

/** As `test`; what takes too long does not match. */
export function isMatch(pattern: Pick<Pattern, 'test'>, text: string): boolean {
  try {
    return pattern.test(text)
  } catch (error) {
    if (error instanceof WorkLimitError) return false
    throw error
  }
}
