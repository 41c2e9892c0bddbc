/** One environment: a process that answers one event at a time, from its beginning to its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import type { Invocation, InvocationResult, RunnableFunction } from '@sekisho/services'
import { FrameReader, invokeFrame, kinds } from './frames.ts'
import { residentMb } from './memory.ts'
import type { Command } from './sandbox.ts'

export interface EnvironmentOptions {
  readonly fn: RunnableFunction
  readonly command: Command
  readonly logStream: string
  /** What runs it, for the first line of its log. */
  readonly interpreter: string
  /** One line of the log. */
  readonly log: (line: string) => void
  readonly now: () => number
  readonly onEnd: (environment: Environment) => void
}

/** How long loading may take before the first event. @see Lambda Developer Guide, "Lambda execution environment lifecycle" */
const initMs = 10_000
const tailBytes = 4_096
/** Longer lines are cut. */
const mostLineBytes = 262_144
const memoryCheckMs = 500

interface Asked {
  readonly invocation: Invocation
  readonly deadline: NodeJS.Timeout
  readonly settle: (outcome: Outcome) => void
  /** Once it answers piece by piece. */
  pieces?: Pieces
}

type Outcome =
  | { readonly kind: 'response'; readonly payload: Uint8Array }
  | { readonly kind: 'error'; readonly payload: Uint8Array; readonly isTimeout?: true }
  | { readonly kind: 'stream'; readonly pieces: Pieces }

export class Environment {
  readonly startedAt: number
  /** Takes no event after this time. */
  endsAt = Number.POSITIVE_INFINITY
  /** When it last had nothing to do. */
  idleSince: number
  readonly #options: EnvironmentOptions
  readonly #child: ChildProcess
  readonly #socket: Duplex
  readonly #ready: Promise<void>
  #becameReady: () => void = () => {}
  #isReady = false
  #hasEnded = false
  #isAbandoned = false
  #initError: Uint8Array | undefined
  #initMs: number | undefined
  #isTaken = false
  #asked: Asked | undefined
  #tail = ''
  #peakMb = 0
  readonly #watch: NodeJS.Timeout

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.startedAt = options.now()
    this.idleSince = this.startedAt
    this.#ready = new Promise((resolve) => {
      this.#becameReady = resolve
    })
    const { program, args, environment, workingFolder } = options.command
    this.#child = spawn(program, args, {
      cwd: workingFolder,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be ended at once.
      detached: true,
    })
    this.#socket = this.#child.stdio[3] as Duplex
    this.#log(`INIT_START Runtime Version: ${options.fn.runtime} (${options.interpreter})`)
    const reader = new FrameReader((kind, body) => this.#hear(kind, body))
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch {
        this.kill()
      }
    })
    this.#socket.on('error', () => this.kill())
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream) readLines(stream, (line) => this.#log(line))
    this.#child.on('error', (error) => this.#end(null, null, error))
    this.#child.on('exit', (code, signal) => this.#end(code, signal))
    const initTimer = setTimeout(() => this.#initTimedOut(), initMs)
    initTimer.unref()
    void this.#ready.then(() => clearTimeout(initTimer))
    this.#watch = setInterval(() => this.#checkMemory(), memoryCheckMs)
    this.#watch.unref()
  }

  get isBusy(): boolean {
    return this.#isTaken
  }

  /** Will never answer again. */
  get isSpent(): boolean {
    return this.#hasEnded || this.#isAbandoned
  }

  /** Only while it is not busy. Loading has time of its own, before the event's begins. */
  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { fn, now } = this.#options
    this.#isTaken = true
    if (!this.#isReady) await this.#ready
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const timeoutMs = fn.timeoutSeconds * 1_000
    const begunAt = performance.now()
    this.#tail = ''
    this.#log(`START RequestId: ${invocation.requestId} Version: ${fn.version}`)
    this.#asked = {
      invocation,
      settle: resolve,
      deadline: setTimeout(() => this.#timedOut(invocation), timeoutMs),
    }
    if (this.#initError !== undefined) resolve(failed(this.#initError))
    else if (this.#hasEnded) resolve(exited(invocation, 'exit status 1'))
    else
      this.#socket.write(
        invokeFrame(
          JSON.stringify({
            requestId: invocation.requestId,
            invokedArn: invocation.invokedArn,
            deadlineMs: now() + timeoutMs,
            clientContext: invocation.clientContext,
            traceId: invocation.traceId,
          }),
          invocation.event,
        ),
      )
    const outcome = await promise
    const done = () => this.#report(invocation, begunAt, outcome)
    if (outcome.kind === 'stream') {
      void outcome.pieces.ended.then(done)
      return {
        payload: outcome.pieces,
        logTail: async () => {
          await outcome.pieces.ended
          return this.#tail
        },
      }
    }
    done()
    return {
      payload: outcome.payload,
      ...(outcome.kind === 'error' && { functionError: 'Unhandled' as const }),
      logTail: async () => this.#tail,
    }
  }

  /** Ends all of its processes, now. */
  kill(): void {
    this.#isAbandoned = true
    const { pid } = this.#child
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }

  #hear(kind: number, body: Buffer): void {
    const asked = this.#asked
    switch (kind) {
      case kinds.ready:
        this.#initMs = this.#options.now() - this.startedAt
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.initError:
        this.#initError ??= Buffer.from(body)
        this.#isAbandoned = true
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.response:
        asked?.settle({ kind: 'response', payload: body })
        return
      case kinds.error:
        asked?.settle(failed(body))
        return
      case kinds.piece:
        this.#hearPiece(asked, body)
        return
      case kinds.log:
        this.#log(body.toString('utf8'))
        return
      default:
        // Nothing that a bootstrap says; somebody else writes to its socket.
        this.kill()
    }
  }

  #hearPiece(asked: Asked | undefined, body: Buffer): void {
    if (asked === undefined) return
    if (asked.pieces === undefined) {
      const pieces = new Pieces(this.#socket)
      asked.pieces = pieces
      asked.settle({ kind: 'stream', pieces })
    }
    if (body.length === 0) asked.pieces.end()
    else asked.pieces.push(body)
  }

  #timedOut({ requestId }: Invocation): void {
    const { fn } = this.#options
    const seconds = fn.timeoutSeconds.toFixed(2)
    this.#log(
      `${new Date(this.#options.now()).toISOString()} ${requestId} Task timed out after ${seconds} seconds`,
    )
    const payload = errorPayload(
      'Sandbox.Timedout',
      `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    )
    const asked = this.#asked
    this.kill()
    this.#becameReady()
    asked?.pieces?.fail(new Error('the function timed out'))
    asked?.settle({ ...failed(payload), isTimeout: true })
  }

  #initTimedOut(): void {
    if (this.#isReady) return
    this.#log('INIT_REPORT Init Duration: 10000.00 ms Phase: init Status: timeout')
    this.#initError = errorPayload(
      'Sandbox.Timedout',
      'Error: Task timed out after 10.00 seconds: the function did not finish loading',
    )
    this.#isReady = true
    this.kill()
    this.#becameReady()
  }

  #end(code: number | null, signal: NodeJS.Signals | null, error?: Error): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearInterval(this.#watch)
    this.kill()
    const said =
      error?.message ??
      (signal || (code ?? 0) > 128 ? signalOf(code, signal) : `exit status ${code}`)
    const asked = this.#asked
    if (!this.#isReady)
      this.#initError ??= errorPayload(
        'Runtime.ExitError',
        `Error: Runtime exited with error: ${said}`,
      )
    this.#isReady = true
    this.#becameReady()
    // What it wrote last may still be on its way.
    setImmediate(() => {
      asked?.pieces?.fail(new Error('the function ended'))
      asked?.settle(exited(asked.invocation, said))
      this.#options.command.release()
      this.#options.onEnd(this)
    })
  }

  #report({ requestId }: Invocation, begunAt: number, outcome: Outcome): void {
    const { fn, now } = this.#options
    const durationMs = performance.now() - begunAt
    const status = outcome.kind === 'error' && outcome.isTimeout ? '\tStatus: timeout' : ''
    const init = this.#initMs === undefined ? '' : `\tInit Duration: ${this.#initMs.toFixed(2)} ms`
    this.#initMs = undefined
    this.#log(`END RequestId: ${requestId}`)
    this.#log(
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${fn.memoryMb} MB\tMax Memory Used: ${Math.round(this.#peakMb)} MB${init}${status}\t`,
    )
    clearTimeout(this.#asked?.deadline)
    this.#asked = undefined
    this.#isTaken = false
    this.idleSince = now()
  }

  #log(line: string): void {
    const text = line.length > mostLineBytes ? line.slice(0, mostLineBytes) : line
    this.#options.log(text)
    this.#tail = `${this.#tail}${text}\n`
    if (this.#tail.length > tailBytes) this.#tail = this.#tail.slice(-tailBytes)
  }

  /** Where the kernel does not, the server looks after the function's memory. */
  #checkMemory(): void {
    const { pid } = this.#child
    if (pid === undefined || this.#hasEnded) return
    const megabytes = residentMb(pid)
    this.#peakMb = Math.max(this.#peakMb, megabytes)
    if (megabytes > this.#options.fn.memoryMb) this.kill()
  }
}

function failed(payload: Uint8Array): Outcome & { readonly kind: 'error' } {
  return { kind: 'error', payload }
}

function exited({ requestId }: Invocation, said: string): Outcome {
  return failed(
    errorPayload(
      'Runtime.ExitError',
      `RequestId: ${requestId} Error: Runtime exited with error: ${said}`,
    ),
  )
}

function signalOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL' || code === 137) return 'signal: killed'
  return signal ? `signal: ${signal.slice(3).toLowerCase()}` : `exit status ${code}`
}

function errorPayload(errorType: string, errorMessage: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }))
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (rest.length > mostLineBytes) {
      onLine(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
    rest = ''
  })
  stream.on('error', () => {})
}

/** An answer in pieces. What is not fetched in time stays with the function. */
class Pieces implements AsyncIterable<Uint8Array> {
  readonly ended: Promise<void>
  readonly #source: Duplex
  readonly #waiting: Uint8Array[] = []
  #wake: () => void = () => {}
  #isOver = false
  #failure: Error | undefined
  #end: () => void = () => {}

  constructor(source: Duplex) {
    this.#source = source
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  push(piece: Uint8Array): void {
    this.#waiting.push(piece)
    if (this.#waiting.length > 16) this.#source.pause()
    this.#wake()
  }

  end(): void {
    this.#isOver = true
    this.#wake()
    this.#end()
  }

  fail(error: Error): void {
    if (this.#isOver) return
    this.#failure = error
    this.end()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        const piece = this.#waiting.shift()
        if (piece !== undefined) {
          yield piece
          continue
        }
        if (this.#failure) throw this.#failure
        if (this.#isOver) return
        this.#source.resume()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      this.#waiting.length = 0
      this.#source.resume()
    }
  }
}
