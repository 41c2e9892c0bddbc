/** The environments of one revision: who takes the next event, and when is there one more? */
import type { Invocation, InvocationResult } from '@sekisho/services'
import type { Environment } from './environment.ts'
import { NotBegunError } from './turn.ts'

interface Waiting {
  readonly invocation: Invocation
  /** Of `performance.now`. */
  readonly since: number
  readonly resolve: (result: Promise<InvocationResult>) => void
  readonly reject: (error: unknown) => void
}

/**
 * An event that finds everybody busy waits this long before another environment is begun for it: short calls are served
 * sooner by those that are there, and no call waits for another's end for long.
 */
const patienceMs = 5
/**
 * Where an event's turn will come within this time in an environment at work, it is handed over behind those that are
 * there, and nobody else is woken for it: few processes that stay in the machine's caches do more than many that take
 * turns, and one that is never out of work need not be woken at all.
 */
const soonMs = 2
/** Being begun at once, until they can be asked: beginning is work for the whole machine. */
const mostBeginning = 4
/** On a machine that is busy already, somebody has to have waited this long for one more environment … */
const busyPatienceMs = 250
/** … and this long for one that is there, once there are more at work than processors: they would only take turns. */
const busyWakeMs = 50

export interface PoolOptions {
  readonly begin: (onEnd: () => void) => Promise<Environment>
  readonly now: () => number
  /** Whether the machine has nothing left to give. */
  readonly isBusy: () => boolean
  /** Whether this process is what events wait for. */
  readonly isServerBusy: () => boolean
  /** How many environments can be at work at once without taking turns. */
  readonly processors: number
}

export class Pool {
  readonly #begin: (onEnd: () => void) => Promise<Environment>
  readonly #now: () => number
  readonly #isBusy: () => boolean
  readonly #isServerBusy: () => boolean
  readonly #processors: number
  readonly #idle: Environment[] = []
  /** Those that can be asked. */
  readonly #all = new Set<Environment>()
  /** Those that cannot yet. */
  readonly #starting = new Set<Environment>()
  readonly #queue: Waiting[] = []
  #beginning = 0
  #isRetired = false
  #isKilled = false
  #patience: NodeJS.Timeout | undefined
  /** How long an event takes, lately; undefined: none has been answered yet. */
  #averageMs: number | undefined

  constructor(options: PoolOptions) {
    this.#begin = options.begin
    this.#now = options.now
    this.#isBusy = options.isBusy
    this.#isServerBusy = options.isServerBusy
    this.#processors = options.processors
  }

  get isEmpty(): boolean {
    return this.#all.size === 0 && this.#beginning === 0 && this.#queue.length === 0
  }

  /** @throws RunnerError */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    const environment = this.#queue.length > 0 ? undefined : this.#takerOf(invocation)
    return environment === undefined
      ? this.#queued(invocation, performance.now())
      : this.#run(environment, invocation)
  }

  /** Ends those that have had nothing to do for so long, and those whose time is over. */
  reap(idleMs: number): void {
    const now = this.#now()
    const isOver = ({ idleSince, endsAt }: Environment) => now - idleSince > idleMs || now > endsAt
    for (const environment of this.#idle.filter(isOver)) environment.kill()
  }

  /** Ends one that has nothing to do. @returns whether there was one */
  yield(): boolean {
    const environment = this.#idle.shift()
    environment?.kill()
    return environment !== undefined
  }

  /** What runs ends its event, and then itself. */
  retire(): void {
    this.#isRetired = true
    for (const environment of [...this.#idle]) environment.kill()
  }

  kill(): void {
    this.#isRetired = true
    this.#isKilled = true
    clearTimeout(this.#patience)
    for (const environment of [...this.#all, ...this.#starting]) environment.kill()
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the server is stopping'))
  }

  /** Whose turn for an event comes soon, or who has nothing to do. */
  #takerOf(invocation: Invocation): Environment | undefined {
    return this.#soonest(invocation) ?? (this.#areEnough() ? undefined : this.#takeIdle())
  }

  /** Of those at work, the one with the fewest events, where the wait is short. */
  #soonest(invocation: Invocation): Environment | undefined {
    if (this.#averageMs === undefined) return undefined
    let found: Environment | undefined
    let least = Math.ceil(soonMs / this.#averageMs)
    for (const environment of this.#all) {
      const { load } = environment
      if (load === 0 || load >= least || !this.#maySend(environment)) continue
      if (!environment.takesMore(invocation)) continue
      found = environment
      least = load
      if (load === 1) break
    }
    return found
  }

  #maySend({ isSpent, endsAt }: Environment): boolean {
    return !isSpent && this.#now() <= endsAt
  }

  /** How long those that wait have to, if those at work go on as before. */
  #waitMs(): number {
    const working = this.#working()
    if (working === 0 || this.#averageMs === undefined) return Number.POSITIVE_INFINITY
    return (this.#queue.length * this.#averageMs) / working
  }

  #working(): number {
    return this.#all.size - this.#idle.length
  }

  /** More would not make it faster. */
  #areEnough(): boolean {
    return this.#working() > this.#processors && this.#isBusy() && this.#isServerBusy()
  }

  #takeIdle(): Environment | undefined {
    for (;;) {
      const environment = this.#idle.pop()
      if (environment === undefined || this.#maySend(environment)) return environment
      environment.kill()
    }
  }

  /** @param since  of `performance.now`: those that have waited longer come first */
  #queued(invocation: Invocation, since: number): Promise<InvocationResult> {
    return new Promise((resolve, reject) => {
      const at = this.#queue.findLastIndex((waiting) => waiting.since <= since) + 1
      this.#queue.splice(at, 0, { invocation, since, resolve, reject })
      if (this.#all.size + this.#beginning === 0) void this.#grow()
      else this.#growSoon()
    })
  }

  async #run(environment: Environment, invocation: Invocation): Promise<InvocationResult> {
    const handedAt = performance.now()
    let result: InvocationResult
    try {
      result = await environment.invoke(invocation)
    } catch (error) {
      if (!(error instanceof NotBegunError) || this.#isKilled) throw error
      this.#release(environment)
      return this.#queued(invocation, handedAt)
    }
    const release = () => this.#release(environment)
    if (result.payload instanceof Uint8Array) release()
    else void result.logTail().then(release, release)
    return result
  }

  /** It has ended an event, or can take its first. */
  #release(environment: Environment): void {
    this.#averageMs = environment.averageMs ?? this.#averageMs
    if (!this.#maySend(environment)) {
      if (environment.load === 0 || environment.isSpent) environment.kill()
      if (this.#queue.length > 0) this.#growSoon()
      return
    }
    if (environment.load === 0) {
      const next = this.#queue.shift()
      if (next !== undefined) next.resolve(this.#run(environment, next.invocation))
      else if (this.#isRetired) environment.kill()
      else if (!this.#idle.includes(environment)) this.#idle.push(environment)
    }
    while (this.#queue.length > 0) {
      const { invocation } = this.#queue[0]!
      const soon = this.#soonest(invocation)
      if (soon === undefined) break
      this.#queue.shift()!.resolve(this.#run(soon, invocation))
    }
  }

  #growSoon(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined
      this.#look()
      if (this.#queue.length > 0) this.#growSoon()
    }, patienceMs)
  }

  /** Whoever has waited too long is served by somebody else. */
  #look(): void {
    const oldest = this.#queue[0]
    if (oldest === undefined) return
    const waitedMs = performance.now() - oldest.since
    if (waitedMs < patienceMs) return
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined) break
      if (this.#areEnough() && performance.now() - next.since < busyWakeMs) break
      const environment = this.#takeIdle()
      if (environment === undefined) break
      const { invocation, resolve } = this.#queue.shift()!
      resolve(this.#run(environment, invocation))
    }
    for (let more = this.#wanted(waitedMs) - this.#beginning; more > 0; more--) void this.#grow()
  }

  /** How many more environments would serve those who wait. */
  #wanted(waitedMs: number): number {
    const waiting = this.#queue.length
    if (this.#isBusy()) return this.#all.size > 0 && waitedMs < busyPatienceMs ? 0 : 1
    // A short pause of the machine is no reason.
    if (this.#waitMs() < patienceMs && waitedMs < 4 * patienceMs) return 0
    const needed =
      this.#averageMs === undefined ? waiting : Math.ceil((waiting * this.#averageMs) / patienceMs)
    return Math.min(waiting, needed, mostBeginning)
  }

  /** Nobody waits for one that is being begun: whoever is free first takes the next event. */
  async #grow(): Promise<void> {
    this.#beginning++
    const onEnd = () => this.#forget(environment)
    let environment: Environment | undefined
    try {
      environment = await this.#begin(onEnd)
    } catch (error) {
      this.#beginning--
      // Whoever is left waits for those that are there; where there are none, nobody will come.
      if (this.#all.size === 0 && this.#beginning === 0)
        for (const { reject } of this.#queue.splice(0)) reject(error)
      else this.#queue.shift()?.reject(error)
      return
    }
    this.#starting.add(environment)
    await environment.ready
    this.#beginning--
    this.#starting.delete(environment)
    this.#all.add(environment)
    // One that could not begin says so to whoever waits for it.
    const next = environment.isSpent ? this.#queue.shift() : undefined
    if (next !== undefined) next.resolve(this.#run(environment, next.invocation))
    else this.#release(environment)
  }

  #forget(environment: Environment | undefined): void {
    if (environment === undefined) return
    this.#all.delete(environment)
    const at = this.#idle.indexOf(environment)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#queue.length > 0) this.#growSoon()
  }
}
