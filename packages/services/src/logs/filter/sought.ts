/** Is a sequence of steps anywhere in a text? Where a text has led before, the way is known: most characters are one look. */

export interface Step {
  /** One character, or one of the ends of the text. */
  readonly atom: ((code: number) => boolean) | 'begin' | 'end'
  readonly isOptional: boolean
  readonly isRepeated: boolean
}

/** All steps that may be next, wherever in the text they were begun with. */
interface Place {
  readonly states: readonly number[]
  /** By character. */
  readonly next: Map<number, Place>
}

/** Some expressions have more than there is room for: from there on each character is looked at anew. */
const mostPlaces = 2_000

export class Sought {
  readonly #steps: readonly Step[]
  readonly #places = new Map<string, Place>()
  readonly #begin: Place
  /** In which round a state was reached last. */
  readonly #reachedIn: Int32Array
  #round = 0

  constructor(steps: readonly Step[]) {
    this.#steps = steps
    this.#reachedIn = new Int32Array(steps.length + 1)
    this.#begin = this.#place(this.#reached([0], ['begin']))
  }

  isIn(text: string): boolean {
    let { states, next }: Place = this.#begin
    for (let at = 0; at < text.length; at++) {
      if (this.#isFound(states)) return true
      const code = text.charCodeAt(at)
      const known: Place | undefined = next.get(code)
      if (known !== undefined) ({ states, next } = known)
      else if (this.#places.size < mostPlaces) {
        const place = this.#place(this.#after(states, code))
        next.set(code, place)
        ;({ states, next } = place)
      } else {
        states = this.#after(states, code)
        next = noPlaces
      }
    }
    if (this.#isFound(states)) return true
    return this.#isFound(this.#reached(states, text === '' ? ['begin', 'end'] : ['end']))
  }

  /** The last state comes last wherever it is reached. */
  #isFound(states: readonly number[]): boolean {
    return states.at(-1) === this.#steps.length
  }

  #after(states: readonly number[], code: number): readonly number[] {
    // It may begin with any character.
    const to = [0]
    for (const state of states) {
      const step = this.#steps[state]
      if (step === undefined || typeof step.atom === 'string' || !step.atom(code)) continue
      if (step.isRepeated) to.push(state)
      to.push(state + 1)
    }
    return this.#reached(to, [])
  }

  #place(states: readonly number[]): Place {
    const name = states.join()
    let found = this.#places.get(name)
    if (found === undefined) this.#places.set(name, (found = { states, next: new Map() }))
    return found
  }

  /**
   * These states and those that are reached from them without a character.
   *
   * @param from  in order; so is what is reached
   * @param ends  of the text, where it is at one
   */
  #reached(from: readonly number[], ends: readonly ('begin' | 'end')[]): readonly number[] {
    const round = ++this.#round
    const states: number[] = []
    for (const first of from)
      for (let state = first; this.#reachedIn[state] !== round; state++) {
        this.#reachedIn[state] = round
        states.push(state)
        const step = this.#steps[state]
        if (step === undefined) break
        const isEnd = typeof step.atom === 'string' && ends.includes(step.atom)
        if (!step.isOptional && !isEnd) break
      }
    return states
  }
}

/** Where nothing is known of what comes next. */
const noPlaces: Map<number, Place> = new Map()
