/** Who wants to know what has changed, and the telling. */
import type { Change, Changes } from './store.ts'

export class Listeners implements Changes {
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  subscribe(listener: (changes: readonly Change[]) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Where several processes share the state, the engine says how. */
  catchUp: () => void = () => {}

  tell(changes: readonly Change[]): void {
    for (const listener of this.#listeners) listener(changes)
  }
}
