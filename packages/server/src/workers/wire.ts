/** How the processes of one server talk: questions by name, each answered once. */
import type { Counted, Draw } from '@sekisho/store'
import type { Config } from '../config.ts'
import type { MetricsSnapshot } from '../metrics.ts'

/** What a worker needs to begin. */
export interface WorkerStart {
  readonly config: Config
  readonly port: number
  /** Of the test clock, where there is one. */
  readonly clockOffsetMs: number
}

/** Every question, what is asked with it and what is answered. */
export interface Questions {
  /** To a worker: begin to serve. */
  start: [WorkerStart, null]
  /** To a worker: let open requests end, then end. */
  stop: [null, null]
  /** To a worker: what have you counted? */
  metrics: [null, WorkerMetrics]
  /** To a worker: write down what you have decided so far; `end`: and begin another segment. */
  settle: ['flush' | 'end', null]
  /** To a worker: tell of each decision from now on, or no longer. */
  follow: [boolean, null]
  /** From a worker: a decision, as a line. */
  line: [string, null]
  /** Either way: hear of what is committed, before you decide anything else. */
  hear: [null, null]
  /** From a worker: as `Counters` have it, several draws at once. */
  draw: [{ readonly all: readonly (readonly Draw[])[]; readonly nowMs: number }, readonly number[]]
  read: [string, readonly Counted[]]
  shift: [{ readonly count: string; readonly period: string; readonly by: number }, number]
  forget: [string, null]
  /** From a worker: may one more event of this function be answered? */
  enter: [{ readonly functionArn: string; readonly reserved: number }, boolean]
  /** From a worker: one that was let in is answered. */
  leave: [string, null]
  /** To a worker: the test clock is so far ahead from now on. */
  clock: [number, null]
  /** Either way: what a stage keeps under this name is to be made anew. */
  drop: [string, null]
  /** Either way: a connection of ours to this machine is open, or closed. */
  own: [OwnConnection, null]
}

export interface OwnConnection {
  readonly name: string
  readonly isOpen: boolean
}

export interface WorkerMetrics {
  readonly counted: MetricsSnapshot
  readonly connections: number
  readonly compiledStages: number
  readonly droppedRecords: number
  readonly droppedLines: number
}

type Handlers = {
  readonly [Name in keyof Questions]?: (
    asked: Questions[Name][0],
  ) => Questions[Name][1] | Promise<Questions[Name][1]>
}

/** One end: a child process, or the process itself where it is the child. */
export interface WireEnd {
  send?(message: unknown, callback?: (error: Error | null) => void): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

/** The other process is gone. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code = 'WIRE'
}

interface Message {
  readonly id: number
  readonly name?: keyof Questions
  readonly asked?: unknown
  readonly answer?: unknown
  readonly error?: string
}

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export class Wire {
  readonly #end: WireEnd
  readonly #handlers: Handlers
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(end: WireEnd, handlers: Handlers) {
    this.#end = end
    this.#handlers = handlers
    end.on('message', (message) => void this.#hear(message as Message))
    end.on('disconnect', () => {
      for (const { reject } of this.#waiting.values()) reject(new WireError('disconnected'))
      this.#waiting.clear()
    })
  }

  /** @throws WireError  the other process is gone, or failed to answer */
  ask<Name extends keyof Questions>(
    name: Name,
    asked: Questions[Name][0],
  ): Promise<Questions[Name][1]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      this.#send({ id, name, asked }, (error) => {
        this.#waiting.delete(id)
        reject(error)
      })
    })
  }

  async #hear({ id, name, asked, answer, error }: Message): Promise<void> {
    if (name === undefined) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(answer as never)
      else waiting?.reject(new WireError(error))
      return
    }
    try {
      const handler = this.#handlers[name] as ((asked: unknown) => unknown) | undefined
      if (handler === undefined) throw new WireError(`nobody answers \`${name}\``)
      this.#send({ id, answer: await handler(asked) })
    } catch (failure) {
      this.#send({ id, error: failure instanceof Error ? failure.message : String(failure) })
    }
  }

  #send(message: Message, onError: (error: WireError) => void = () => {}): void {
    if (this.#end.send === undefined) onError(new WireError('not connected'))
    else
      this.#end.send(message, (error) => {
        if (error) onError(new WireError(error.message, { cause: error }))
      })
  }
}
