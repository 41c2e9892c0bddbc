/** The environments of one revision: who takes the next event, and when is there one more? */
import type { Invocation, InvocationResult } from '@sekisho/services'
import type { Environment } from './environment.ts'

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
 * Where an event will be taken within this time by those that are at work, nobody else is woken for it: few processes
 * that stay in the machine's caches do more than many that take turns.
 */
const soonMs = 2
/** Being begun at once, until they can be asked: beginning is work for the whole machine. */
const mostBeginning = 4
/** On a machine that is busy already, somebody has to have waited this long for one more environment … */
const busyPatienceMs = 250
/** … and this long for one that is there, once there are more at work than processors: they would only take turns. */
const busyWakeMs = 50
/** How much the latest event counts in the average. */
const weight = 0.1

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
    const staysAsleep = this.#areEnough() || this.#waitMs(1) < soonMs
    const environment = staysAsleep ? undefined : this.#takeIdle()
    if (environment !== undefined) return this.#run(environment, invocation)
    return new Promise((resolve, reject) => {
      this.#queue.push({ invocation, since: performance.now(), resolve, reject })
      if (this.#all.size + this.#beginning === 0) void this.#grow()
      else this.#growSoon()
    })
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
    clearTimeout(this.#patience)
    for (const environment of [...this.#all, ...this.#starting]) environment.kill()
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the server is stopping'))
  }

  /** How long `more` events wait behind those that wait already, if those at work go on as before. */
  #waitMs(more: number): number {
    const working = this.#working()
    if (working === 0 || this.#averageMs === undefined) return Number.POSITIVE_INFINITY
    return ((this.#queue.length + more) * this.#averageMs) / working
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
      if (environment === undefined) return undefined
      if (!environment.isSpent && this.#now() <= environment.endsAt) return environment
      environment.kill()
    }
  }

  async #run(environment: Environment, invocation: Invocation): Promise<InvocationResult> {
    const begunAt = performance.now()
    const result = await environment.invoke(invocation)
    const release = () => this.#release(environment, performance.now() - begunAt)
    if (result.payload instanceof Uint8Array) release()
    else void result.logTail().then(release, release)
    return result
  }

  #release(environment: Environment, tookMs?: number): void {
    if (tookMs !== undefined)
      this.#averageMs = (this.#averageMs ?? tookMs) * (1 - weight) + tookMs * weight
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
    if (this.#waitMs(0) < patienceMs && waitedMs < 4 * patienceMs) return 0
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
