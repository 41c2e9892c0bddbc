/** One pass of a value through a schema: what is found wrong, and how much work is left. */
import { spend, type Work, WorkLimitError } from '../work.ts'

/** Looks at a value and says what is wrong with it. */
export type Check = (value: unknown, run: Run) => void

export interface SchemaNode {
  /** Of the value itself. */
  readonly own: Check[]
  /** Of what is in it: asked only when the value itself is right. */
  readonly inner: Check[]
}

const mostWork = 2_000_000
const deepest = 250

export class Run {
  faults: string[] = []
  readonly work: Work = { left: mostWork }
  #depth = 0

  /** @throws WorkLimitError */
  spend(amount: number): void {
    spend(this.work, amount)
  }

  say(fault: string): void {
    this.faults.push(fault)
  }

  visit(node: SchemaNode, value: unknown): void {
    this.spend(1 + node.own.length + node.inner.length)
    if (++this.#depth > deepest) throw new WorkLimitError()
    const before = this.faults.length
    for (const check of node.own) check(value, this)
    if (this.faults.length === before) for (const check of node.inner) check(value, this)
    this.#depth--
  }

  /** Does it fit, whatever is wrong where it does not? */
  fits(node: SchemaNode, value: unknown): boolean {
    const kept = this.faults
    this.faults = []
    this.visit(node, value)
    const isRight = this.faults.length === 0
    this.faults = kept
    return isRight
  }
}

/** Equal values have equal texts, whatever the order of their members. */
export function canonical(value: unknown, run: Run, depth = 0): string {
  run.spend(1)
  if (depth > deepest) throw new WorkLimitError()
  if (Array.isArray(value))
    return `[${value.map((each) => canonical(each, run, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonical(each, run, depth + 1)}`)
  return `{${members.join(',')}}`
}
