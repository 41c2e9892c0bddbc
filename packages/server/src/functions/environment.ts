/** One environment: a process that answers one event at a time, from its beginning to its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { Invocation, InvocationResult, RunnableFunction } from '@sekisho/services'
import { BrokenAnswerError } from '../arrival.ts'
import { FrameReader, invokeFrame, kinds } from './frames.ts'
import { mostLineBytes, readLines } from './lines.ts'
import { residentMb } from './memory.ts'
import { Pieces } from './pieces.ts'
import { type PlatformLog, platformLog } from './platform-log.ts'
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
  | {
      readonly kind: 'error'
      readonly payload: Uint8Array
      /** Not what the handler raised: the environment itself is lost. */
      readonly fatal?: 'timeout' | 'failure'
    }
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
  #contentType: string | undefined
  #asked: Asked | undefined
  #tail = ''
  #peakMb = 0
  readonly #watch: NodeJS.Timeout
  readonly #begunAt = performance.now()
  readonly #platform: PlatformLog

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#platform = platformLog(options.fn, options.now)
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
    this.#say(this.#platform.initStart(options.interpreter))
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

  /** Resolves when it can be asked, were it only to hear why it could not begin. */
  get ready(): Promise<void> {
    return this.#ready
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
    // Why it could not begin belongs to the event that wanted it.
    if (this.#initError === undefined) this.#tail = ''
    this.#contentType = undefined
    this.#say(this.#platform.start(invocation.requestId))
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
    if (outcome.kind === 'stream') {
      const { pieces } = outcome
      const ended = pieces.ended.then((failure) => {
        this.#report(invocation, begunAt, failure === undefined ? outcome : failed(failure))
        return failure
      })
      return {
        payload: pieces,
        contentType: this.#contentType,
        failure: ended,
        logTail: async () => {
          await ended
          return this.#tail
        },
      }
    }
    this.#report(invocation, begunAt, outcome)
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
        this.#initMs = performance.now() - this.#begunAt
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.initError:
        this.#initError ??= Buffer.from(body)
        this.#say(
          this.#platform.initFailed(performance.now() - this.#begunAt, 'error', typeOf(body)),
        )
        this.#isAbandoned = true
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.response:
        asked?.settle({ kind: 'response', payload: body })
        return
      case kinds.error:
        asked?.pieces?.fail(new BrokenAnswerError('the function failed'), Buffer.from(body))
        asked?.settle(failed(body))
        return
      case kinds.piece:
        this.#hearPiece(asked, body)
        return
      case kinds.contentType:
        this.#contentType = body.toString('latin1').slice(0, 256)
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
    this.#say(this.#platform.timedOut(requestId))
    const payload = errorPayload(
      'Sandbox.Timedout',
      `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    )
    const asked = this.#asked
    this.kill()
    this.#becameReady()
    asked?.pieces?.fail(new BrokenAnswerError('the function timed out'), payload)
    asked?.settle({ ...failed(payload), fatal: 'timeout' })
  }

  #initTimedOut(): void {
    if (this.#isReady) return
    this.#say(this.#platform.initFailed(initMs, 'timeout'))
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
      if (asked) {
        const outcome = exited(asked.invocation, said)
        asked.pieces?.fail(new BrokenAnswerError('the function ended'), outcome.payload)
        asked.settle(outcome)
      }
      this.#options.command.release()
      this.#options.onEnd(this)
    })
  }

  #report({ requestId }: Invocation, begunAt: number, outcome: Outcome): void {
    const { now } = this.#options
    const durationMs = performance.now() - begunAt
    // Short functions are over before the watch looks.
    if (this.#peakMb === 0) this.#checkMemory()
    const isError = outcome.kind === 'error'
    this.#say(
      this.#platform.end({
        requestId,
        durationMs,
        initMs: this.#initMs,
        peakMb: this.#peakMb,
        status: isError ? (outcome.fatal ?? 'error') : 'success',
        errorType: isError ? typeOf(outcome.payload) : undefined,
      }),
    )
    this.#initMs = undefined
    clearTimeout(this.#asked?.deadline)
    this.#asked = undefined
    this.#isTaken = false
    this.idleSince = now()
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) this.#log(line)
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

function exited({ requestId }: Invocation, said: string): Outcome & { readonly kind: 'error' } {
  const message = `RequestId: ${requestId} Error: Runtime exited with error: ${said}`
  return { ...failed(errorPayload('Runtime.ExitError', message)), fatal: 'failure' }
}

/** Of an error object, which is the function's own doing. */
function typeOf(payload: Uint8Array): string | undefined {
  try {
    const { errorType } = JSON.parse(Buffer.from(payload).toString('utf8'))
    return typeof errorType === 'string' ? errorType.slice(0, 256) : undefined
  } catch {
    return undefined
  }
}

function signalOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL' || code === 137) return 'signal: killed'
  return signal ? `signal: ${signal.slice(3).toLowerCase()}` : `exit status ${code}`
}

function errorPayload(errorType: string, errorMessage: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }))
}
