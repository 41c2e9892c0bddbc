/** Filters of JSONPath: `[?(@.price < 10 && @.tags)]`. */
import { spend, type Work } from '../work.ts'

/** Does this item stay? @param root  the whole value, for paths that begin with `$` */
export type Filter = (item: unknown, root: unknown, work: Work) => boolean

type Operand = (item: unknown, root: unknown) => unknown
type Find = (value: unknown, path: string) => unknown

const deepest = 20

const comparisons: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
}

/** Of numbers and of texts; of anything else none, which no comparison holds of. */
function order(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left !== 'string' || typeof right !== 'string') return Number.NaN
  return left < right ? -1 : Number(left > right)
}

/**
 * @param text  what stands between `?(` and `)`
 * @param find  what a path finds
 * @returns undefined when it cannot be read
 */
export function parseFilter(text: string, find: Find): Filter | undefined {
  const reading = new Reading(text, find)
  const filter = reading.either(0)
  return reading.isAtEnd() ? filter : undefined
}

class Reading {
  readonly #text: string
  readonly #find: Find
  #at = 0

  constructor(text: string, find: Find) {
    this.#text = text
    this.#find = find
  }

  isAtEnd(): boolean {
    this.#takes(/\s*/y)
    return this.#at === this.#text.length
  }

  either(depth: number): Filter | undefined {
    let filter = this.#both(depth)
    while (filter !== undefined && this.#takes(/\s*\|\|/y) !== undefined) {
      const [one, other] = [filter, this.#both(depth)]
      filter = other && ((item, root, work) => one(item, root, work) || other(item, root, work))
    }
    return filter
  }

  #both(depth: number): Filter | undefined {
    let filter = this.#one(depth)
    while (filter !== undefined && this.#takes(/\s*&&/y) !== undefined) {
      const [one, other] = [filter, this.#one(depth)]
      filter = other && ((item, root, work) => one(item, root, work) && other(item, root, work))
    }
    return filter
  }

  #one(depth: number): Filter | undefined {
    if (depth > deepest) return undefined
    if (this.#takes(/\s*!(?!=)/y) !== undefined) {
      const inner = this.#one(depth + 1)
      return inner && ((item, root, work) => !inner(item, root, work))
    }
    if (this.#takes(/\s*\(/y) !== undefined) {
      const inner = this.either(depth + 1)
      return this.#takes(/\s*\)/y) === undefined ? undefined : inner
    }
    const left = this.#operand()
    if (left === undefined) return undefined
    const operator = this.#takes(/\s*(?:[=!<>]=|[<>])/y)?.trim()
    if (operator === undefined)
      return (item, root, work) => {
        spend(work, 1)
        return left(item, root) !== undefined
      }
    const compare = comparisons[operator]
    const right = this.#operand()
    return (
      compare &&
      right &&
      ((item, root, work) => {
        spend(work, 1)
        return compare(left(item, root), right(item, root))
      })
    )
  }

  #operand(): Operand | undefined {
    const path = this.#takes(/\s*[@$](?:\.[\w-]+(?:\(\))?|\[(?:-?\d+|'[^']*'|"[^"]*")\])*/y)?.trim()
    if (path !== undefined) {
      const rest = `$${path.slice(1)}`
      return (item, root) => this.#find(path.startsWith('@') ? item : root, rest)
    }
    const literal = this.#takes(
      /\s*(?:'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true\b|false\b|null\b)/y,
    )?.trim()
    if (literal === undefined) return undefined
    const value: unknown = /^['"]/.test(literal) ? literal.slice(1, -1) : JSON.parse(literal)
    return () => value
  }

  #takes(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}
