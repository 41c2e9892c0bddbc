/** An expression as steps to walk: what Thompson's construction makes of it. */
import { type Assertion, type Node, PatternError } from './parse.ts'

export type Step =
  | { readonly kind: 'char'; readonly test: (codePoint: number) => boolean }
  /** Goes on at the next step and at `to`; which first is what greed is. */
  | { readonly kind: 'split'; to: number; readonly isLazy: boolean }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'look'; readonly steps: readonly Step[]; readonly isNegated: boolean }
  /** Remembers where it is: of group n, 2n where it begins and 2n + 1 where it ends. */
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'end' }

const mostSteps = 5_000

/**
 * @param made  how many steps there are already, with those of what is looked ahead for
 * @throws PatternError  too many repetitions
 */
export function programOf(root: Node, made = { steps: 0 }): readonly Step[] {
  const steps: Step[] = []
  const add = <S extends Step>(step: S): S => {
    if (++made.steps > mostSteps) throw new PatternError('too many repetitions')
    steps.push(step)
    return step
  }
  const emit = (node: Node): void => {
    switch (node.kind) {
      case 'char':
      case 'assert':
        add(node)
        return
      case 'look':
        add({ kind: 'look', steps: programOf(node.of, made), isNegated: node.isNegated })
        return
      case 'group':
        add({ kind: 'save', slot: node.number * 2 })
        emit(node.of)
        add({ kind: 'save', slot: node.number * 2 + 1 })
        return
      case 'all':
        for (const part of node.parts) emit(part)
        return
      case 'either':
        emitEither(node.branches)
        return
      case 'repeat':
        emitRepeat(node)
    }
  }
  const fork = (isLazy: boolean) => add({ kind: 'split' as const, to: 0, isLazy })
  const emitEither = (branches: readonly Node[]) => {
    const ends: { to: number }[] = []
    for (const [index, branch] of branches.entries()) {
      const other = index === branches.length - 1 ? undefined : fork(false)
      emit(branch)
      if (other === undefined) continue
      ends.push(add({ kind: 'jump' as const, to: 0 }))
      other.to = steps.length
    }
    for (const end of ends) end.to = steps.length
  }
  const emitRepeat = ({ of, least, most, isLazy }: Node & { kind: 'repeat' }) => {
    for (let times = 0; times < least; times++) {
      const before = steps.length
      emit(of)
      // Nothing, however often, is nothing.
      if (steps.length === before) return
    }
    if (most === Number.POSITIVE_INFINITY) {
      const from = steps.length
      const out = fork(isLazy)
      emit(of)
      add({ kind: 'jump', to: from })
      out.to = steps.length
      return
    }
    const outs: { to: number }[] = []
    for (let times = least; times < most; times++) {
      outs.push(fork(isLazy))
      emit(of)
    }
    for (const out of outs) out.to = steps.length
  }
  emit(root)
  add({ kind: 'end' })
  return steps
}
