/** What an authorizer said of an identity, as long as it may be believed. */
import type { AuthorizerAnswer } from './authorizer-answer.ts'

const mostAnswers = 10_000

interface Kept {
  readonly answer: AuthorizerAnswer
  readonly madeAt: number
}

export class AnswerCache {
  readonly #kept = new Map<string, Kept>()

  /** @param flushedAt  what was said before it does not count any more */
  get(
    identity: string,
    nowMs: number,
    ttlMs: number,
    flushedAt: number,
  ): AuthorizerAnswer | undefined {
    const kept = this.#kept.get(identity)
    if (kept === undefined) return undefined
    // A clock that was set back would make old answers young; of the moment of a flush nobody knows which came first.
    const isFresh = kept.madeAt <= nowMs && nowMs < kept.madeAt + ttlMs && kept.madeAt > flushedAt
    if (isFresh) return kept.answer
    this.#kept.delete(identity)
    return undefined
  }

  set(identity: string, answer: AuthorizerAnswer, madeAt: number): void {
    this.#kept.delete(identity)
    if (this.#kept.size >= mostAnswers) {
      const [oldest] = this.#kept.keys()
      this.#kept.delete(oldest!)
    }
    this.#kept.set(identity, { answer, madeAt })
  }
}
