/** How do processes that share a folder learn at once that one of them has written, without asking all the time? */
import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'

/** How often the others' writes are looked for all the same: who was killed before it could ring has written too. */
const roundMs = 250
/** The same where the system cannot tell of a file that changes. */
const unwatchedRoundMs = 5

/** Is rung by whoever has written; everybody hears it, the ringer too. */
export class Bell implements Disposable {
  readonly #file: number
  readonly #onRing: () => void
  #watcher: FSWatcher | undefined
  #rounds: NodeJS.Timeout

  /** @param path  of a file that is there for this alone */
  constructor(path: string, onRing: () => void) {
    this.#onRing = onRing
    this.#file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
    this.#rounds = this.#everyRound(roundMs)
    try {
      this.#watcher = watch(path, { persistent: false }, onRing)
      this.#watcher.on('error', () => this.#goWithoutWatcher())
    } catch {
      this.#goWithoutWatcher()
    }
  }

  ring(): void {
    try {
      writeSync(this.#file, '.', 0)
    } catch {
      // What is written is written: a full disk makes the others later, not wrong.
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
    clearInterval(this.#rounds)
    closeSync(this.#file)
  }

  #goWithoutWatcher(): void {
    this.#watcher?.close()
    clearInterval(this.#rounds)
    this.#rounds = this.#everyRound(unwatchedRoundMs)
  }

  #everyRound(ms: number): NodeJS.Timeout {
    return setInterval(this.#onRing, ms).unref()
  }
}
