/** Does a text match an expression? All ways through it are walked at once: no expression takes longer than its size times the text's. */
import { spend, type Work, WorkLimitError } from '../work.ts'
import { type Assertion, type Node, PatternError, parsePattern } from './parse.ts'

export { PatternError } from './parse.ts'

export interface Pattern {
  /**
   * @param work  of which this is a part; its own when absent
   * @throws WorkLimitError  expression and text are too large for each other
   */
  readonly test: (text: string, work?: Work) => boolean
}

type Step =
  | { readonly kind: 'char'; readonly test: (codePoint: number) => boolean }
  /** Goes on at `to` as well as at the next step. */
  | { readonly kind: 'split'; to: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'look'; readonly steps: readonly Step[]; readonly isNegated: boolean }
  | { readonly kind: 'end' }

const mostSteps = 5_000
const mostWork = 2_000_000

/**
 * @param isWhole  the whole text has to match, not a part of it
 * @throws PatternError  no expression, or one with references back, lookbehind or too many repetitions
 */
export function compilePattern(text: string, { isWhole = false } = {}): Pattern {
  const node = parsePattern(text)
  const place = (what: Assertion): Node => ({ kind: 'assert', what })
  const steps = compiled(
    isWhole ? { kind: 'all', parts: [place('start'), node, place('end')] } : node,
  )
  return {
    test: (given, work = { left: mostWork }) => matches(steps, given, 0, isWhole, work),
  }
}

function compiled(node: Node): readonly Step[] {
  const steps: Step[] = []
  const add = (step: Step) => {
    if (steps.push(step) > mostSteps) throw new PatternError('too many repetitions')
    return step
  }
  const emit = (each: Node): void => {
    switch (each.kind) {
      case 'char':
      case 'assert':
        add(each)
        return
      case 'look':
        add({ kind: 'look', steps: compiled(each.of), isNegated: each.isNegated })
        return
      case 'all':
        for (const part of each.parts) emit(part)
        return
      case 'either':
        emitEither(each.branches)
        return
      case 'repeat':
        emitRepeat(each)
    }
  }
  const emitEither = (branches: readonly Node[]) => {
    const ends: { to: number }[] = []
    for (const [index, branch] of branches.entries()) {
      const isLast = index === branches.length - 1
      const fork = isLast ? undefined : (add({ kind: 'split', to: 0 }) as { to: number })
      emit(branch)
      if (fork === undefined) continue
      ends.push(add({ kind: 'jump', to: 0 }) as { to: number })
      fork.to = steps.length
    }
    for (const end of ends) end.to = steps.length
  }
  const emitRepeat = ({ of, least, most }: Node & { kind: 'repeat' }) => {
    for (let times = 0; times < least; times++) {
      const before = steps.length
      emit(of)
      // Nothing, however often, is nothing.
      if (steps.length === before) return
    }
    if (most === Number.POSITIVE_INFINITY) {
      const fork = add({ kind: 'split', to: 0 }) as { to: number }
      const from = steps.length - 1
      emit(of)
      add({ kind: 'jump', to: from })
      fork.to = steps.length
      return
    }
    const forks: { to: number }[] = []
    for (let times = least; times < most; times++) {
      forks.push(add({ kind: 'split', to: 0 }) as { to: number })
      emit(of)
    }
    for (const fork of forks) fork.to = steps.length
  }
  emit(node)
  add({ kind: 'end' })
  return steps
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
      switch (step.kind) {
        case 'end':
          return true
        case 'char':
          into.push(index)
          break
        case 'jump':
          open.push(step.to)
          break
        case 'split':
          open.push(step.to, index + 1)
          break
        case 'assert':
          if (holds(step.what, text, at)) open.push(index + 1)
          break
        case 'look':
          if (matches(step.steps, text, at, true, work) !== step.isNegated) open.push(index + 1)
      }
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
export function isMatch(pattern: Pattern, text: string): boolean {
  try {
    return pattern.test(text)
  } catch (error) {
    if (error instanceof WorkLimitError) return false
    throw error
  }
}
