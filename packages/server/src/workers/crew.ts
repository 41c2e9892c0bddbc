/** The other processes of this server, as its first one sees them. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Counters } from '@sekisho/store'
import { answerLoad, type Load } from '../functions/load.ts'
import { failureFields, type Log } from '../log.ts'
import { answerCounters } from './crew-counters.ts'
import { type OwnConnection, Wire, type WorkerMetrics, type WorkerStart } from './wire.ts'

/** The program that a worker runs: the same that this process runs, called so. */
export interface WorkerProgram {
  readonly path: string
  readonly args: readonly string[]
}

export interface CrewOptions {
  readonly size: number
  readonly program: WorkerProgram
  readonly start: () => WorkerStart
  readonly log: Log
  readonly onLine: (line: string) => void
  /** What the workers count, they count here. */
  readonly counters: Counters
  /** Where events of functions are counted that have a reserve. */
  readonly load: Load
  /** A worker has opened a connection to this machine, or closed it. */
  readonly onOwn: (connection: OwnConnection) => void
  /** A worker has invalidated what a stage keeps. */
  readonly onDrop: (key: string) => void
  /** A worker has committed something. */
  readonly onHear: () => void | Promise<void>
}

interface Worker {
  readonly child: ChildProcess
  readonly wire: Wire
  /** Resolves when it has ended. */
  readonly gone: Promise<void>
}

/** A worker that ends by itself is replaced, but not at once: what ended it may still be there. */
const replaceAfterMs = 1_000
/** Longer than the grace that open requests have. */
const killAfterMs = 35_000
/** How long a worker may be deaf. */
const hearMs = 2_000

export class Crew {
  readonly #options: CrewOptions
  readonly #workers = new Set<Worker>()
  #isStopping = false
  #isFollowing = false

  constructor(options: CrewOptions) {
    this.#options = options
  }

  /** Resolves when every worker serves. */
  async begin(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.size }, () => this.#spawn()))
  }

  metrics(): Promise<readonly WorkerMetrics[]> {
    return this.#askAll('metrics', null)
  }

  async settle(how: 'flush' | 'end'): Promise<void> {
    await this.#askAll('settle', how)
  }

  async follow(isFollowing: boolean): Promise<void> {
    this.#isFollowing = isFollowing
    await this.#askAll('follow', isFollowing)
  }

  /** Resolves when all but the one that said so know. */
  async announce(connection: OwnConnection, except?: Worker): Promise<void> {
    await this.#askAll('own', connection, except)
  }

  /** Resolves when all but the one that said so have dropped it. */
  async drop(key: string, except?: Worker): Promise<void> {
    await this.#askAll('drop', key, except)
  }

  /** Resolves when all but the one that said so have heard of what is committed. */
  hear(except?: Worker): Promise<void> {
    return this.#insist('hear', null, except)
  }

  /** Resolves when all go by this time. */
  clock(offsetMs: number): Promise<void> {
    return this.#insist('clock', offsetMs)
  }

  /** One that does not answer in time may not go on with what it knows: it ends, and another takes its place. */
  async #insist<Name extends 'hear' | 'clock'>(
    name: Name,
    asked: Parameters<typeof Wire.prototype.ask<Name>>[1],
    except?: Worker,
  ): Promise<void> {
    const others = [...this.#workers].filter((worker) => worker !== except)
    await Promise.all(
      others.map(async ({ child, wire, gone }) => {
        const kill = setTimeout(() => child.kill('SIGKILL'), hearMs)
        await wire.ask(name, asked).catch(() => {
          child.kill('SIGKILL')
          return gone
        })
        clearTimeout(kill)
      }),
    )
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(
      [...this.#workers].map(async ({ child, wire, gone }) => {
        const kill = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
        await wire.ask('stop', null).catch(() => child.kill('SIGKILL'))
        await gone
        clearTimeout(kill)
      }),
    )
  }

  async #spawn(): Promise<void> {
    const { program, start, log, counters, load, onLine, onOwn, onDrop, onHear } = this.#options
    const { handlers, leaveAll } = answerLoad(load)
    const child = fork(program.path, program.args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const gone = Promise.withResolvers<void>()
    const worker: Worker = {
      child,
      gone: gone.promise,
      wire: new Wire(child, {
        ...answerCounters(counters),
        ...handlers,
        line(line) {
          onLine(line)
          return null
        },
        own: async (connection) => {
          onOwn(connection)
          await this.announce(connection, worker)
          return null
        },
        drop: async (key) => {
          onDrop(key)
          await this.drop(key, worker)
          return null
        },
        hear: async () => {
          await onHear()
          await this.hear(worker)
          return null
        },
      }),
    }
    this.#workers.add(worker)
    child.once('exit', (code, signal) => {
      this.#workers.delete(worker)
      leaveAll()
      gone.resolve()
      if (this.#isStopping) return
      log.error('a worker ended', { code, signal })
      setTimeout(() => {
        if (this.#isStopping) return
        // One that ends before it serves is replaced in its turn.
        this.#spawn().catch((error) => log.error('a worker did not begin', failureFields(error)))
      }, replaceAfterMs).unref()
    })
    await worker.wire.ask('start', start())
    if (this.#isFollowing) await worker.wire.ask('follow', true)
  }

  /** Of those that answer: one that has just ended has nothing to say any more. */
  async #askAll<Name extends 'metrics' | 'settle' | 'follow' | 'own' | 'drop'>(
    name: Name,
    asked: Parameters<typeof Wire.prototype.ask<Name>>[1],
    except?: Worker,
  ): Promise<Awaited<ReturnType<typeof Wire.prototype.ask<Name>>>[]> {
    const others = [...this.#workers].filter((worker) => worker !== except)
    const answers = await Promise.allSettled(others.map(({ wire }) => wire.ask(name, asked)))
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }
}
