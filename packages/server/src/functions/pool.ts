/** The environments of one revision: who takes the next event, and when is there one more? */
import type { Invocation, InvocationResult } from '@sekisho/services'
import type { Environment } from './environment.ts'

interface Waiting {
  readonly invocation: Invocation
  readonly resolve: (result: Promise<InvocationResult>) => void
  readonly reject: (error: unknown) => void
}

/**
 * An event that finds everybody busy waits this long before another environment is begun for it: short calls are served
 * sooner by those that are there, and no call waits for another's end for long.
 */
const patienceMs = 5

export class Pool {
  readonly #begin: (onEnd: () => void) => Promise<Environment>
  readonly #now: () => number
  readonly #idle: Environment[] = []
  readonly #all = new Set<Environment>()
  readonly #queue: Waiting[] = []
  #beginning = 0
  #isRetired = false
  #patience: NodeJS.Timeout | undefined

  constructor(begin: (onEnd: () => void) => Promise<Environment>, now: () => number) {
    this.#begin = begin
    this.#now = now
  }

  /** Events that are being answered or wait for it. */
  get busy(): number {
    return this.#all.size - this.#idle.length + this.#queue.length
  }

  get isEmpty(): boolean {
    return this.#all.size === 0 && this.#beginning === 0 && this.#queue.length === 0
  }

  /** @throws RunnerError */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    const environment = this.#takeIdle()
    if (environment !== undefined) return this.#run(environment, invocation)
    return new Promise((resolve, reject) => {
      this.#queue.push({ invocation, resolve, reject })
      if (this.#all.size + this.#beginning === 0) this.#grow()
      else this.#growSoon()
    })
  }

  /** Ends those that have had nothing to do for so long, and those whose time is over. */
  reap(idleMs: number): void {
    const now = this.#now()
    const isOver = ({ idleSince, endsAt }: Environment) => now - idleSince > idleMs || now > endsAt
    for (const environment of this.#idle.filter(isOver)) environment.kill()
  }

  /** What runs ends its event, and then itself. */
  retire(): void {
    this.#isRetired = true
    for (const environment of [...this.#idle]) environment.kill()
  }

  kill(): void {
    this.#isRetired = true
    clearTimeout(this.#patience)
    for (const environment of this.#all) environment.kill()
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the server is stopping'))
  }

  #takeIdle(): Environment | undefined {
    for (;;) {
      const environment = this.#idle.pop()
      if (environment === undefined) return undefined
      if (!environment.isSpent && this.#now() <= environment.endsAt) return environment
      environment.kill()
    }
  }

  async #run(environment: Environment, invocation: Invocation): Promise<InvocationResult> {
    const result = await environment.invoke(invocation)
    const release = () => this.#release(environment)
    if (result.payload instanceof Uint8Array) release()
    else void result.logTail().then(release, release)
    return result
  }

  #release(environment: Environment): void {
    if (environment.isSpent) {
      environment.kill()
      if (this.#queue.length > 0) this.#growSoon()
      return
    }
    const next = this.#queue.shift()
    if (next !== undefined) next.resolve(this.#run(environment, next.invocation))
    else if (this.#isRetired) environment.kill()
    else this.#idle.push(environment)
  }

  #growSoon(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined
      if (this.#queue.length === 0) return
      if (this.#queue.length > this.#beginning) this.#grow()
      this.#growSoon()
    }, patienceMs)
  }

  #grow(): void {
    this.#beginning++
    const onEnd = () => this.#forget(environment)
    let environment: Environment | undefined
    this.#begin(onEnd).then(
      (begun) => {
        environment = begun
        this.#beginning--
        this.#all.add(begun)
        this.#release(begun)
      },
      (error: unknown) => {
        this.#beginning--
        // Whoever is left waits for those that are there; where there are none, nobody will come.
        if (this.#all.size === 0 && this.#beginning === 0)
          for (const { reject } of this.#queue.splice(0)) reject(error)
        else this.#queue.shift()?.reject(error)
      },
    )
  }

  #forget(environment: Environment | undefined): void {
    if (environment === undefined) return
    this.#all.delete(environment)
    const at = this.#idle.indexOf(environment)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#queue.length > 0) this.#growSoon()
  }
}
