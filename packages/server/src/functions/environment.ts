/** One environment: a process that answers one event at a time, from its beginning to its end. */
import type { Invocation, InvocationResult, RunnableFunction } from '@sekisho/services'
import { FrameReader, invokeFrame, kinds } from './frames.ts'
import { readLines } from './lines.ts'
import { residentMb } from './memory.ts'
import { Pieces } from './pieces.ts'
import { type Begun, killAll } from './process.ts'
import { errorPayload, failed, NotBegunError, type Turn, typeOf } from './turn.ts'
import { Turns } from './turns.ts'

export interface EnvironmentOptions {
  readonly fn: RunnableFunction
  /** Whose bootstrap will say that it is ready. */
  readonly begun: Begun
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
const memoryCheckMs = 500

export class Environment {
  /** Takes no event after this time. */
  endsAt = Number.POSITIVE_INFINITY
  readonly #options: EnvironmentOptions
  readonly #ready: Promise<void>
  #becameReady: () => void = () => {}
  #isReady = false
  #hasEnded = false
  #isAbandoned = false
  #initError: Uint8Array | undefined
  readonly #turns: Turns
  #unsent: Buffer[] = []
  readonly #flush = () => this.#sendUnsent()
  #peakMb = 0
  readonly #watch: NodeJS.Timeout
  readonly #begunAt = performance.now()

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#turns = new Turns({
      ...options,
      recall: () => options.begun.bell.write('\0'),
      onLate: () => this.kill(),
      peakMb: () => {
        // Short functions are over before the watch looks.
        if (this.#peakMb === 0) this.#checkMemory()
        return this.#peakMb
      },
    })
    this.#ready = new Promise((resolve) => {
      this.#becameReady = resolve
    })
    const { child, socket, bell } = options.begun
    this.#turns.say(this.#turns.platform.initStart(options.interpreter))
    const reader = new FrameReader((kind, body) => this.#hear(kind, body))
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch {
        this.kill()
      }
    })
    for (const stream of [socket, bell]) stream.on('error', () => this.kill())
    for (const stream of [child.stdout, child.stderr])
      if (stream) readLines(stream, (line) => this.#turns.log(line))
    child.on('error', (error) => this.#end(null, null, error))
    child.on('exit', (code, signal) => this.#end(code, signal))
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

  /** How many events it has. */
  get load(): number {
    return this.#turns.count
  }

  /** When it last had nothing to do. */
  get idleSince(): number {
    return this.#turns.idleSince
  }

  /** How long a handler takes, lately; undefined: none has ended yet. */
  get averageMs(): number | undefined {
    return this.#turns.averageMs
  }

  /** Will never answer again. */
  get isSpent(): boolean {
    return this.#hasEnded || this.#isAbandoned
  }

  /** Whether an event may be handed over behind those it has. */
  takesMore(event: Pick<Invocation, 'event'>): boolean {
    return !this.isSpent && this.#turns.takeMore(event)
  }

  /**
   * Once it is ready. Events are run one after another, in the order in which they were handed over.
   *
   * @throws NotBegunError
   */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    return new Promise((resolve, reject) => {
      const turn = { invocation, resolve, reject }
      if (this.#initError !== undefined) this.#turns.refuse(turn, this.#initError)
      else if (this.isSpent) reject(new NotBegunError())
      else {
        this.#send(invocation, this.#turns.add(turn))
      }
    })
  }

  /** Ends all of its processes, now. */
  kill(): void {
    this.#isAbandoned = true
    this.#turns.isOver = true
    killAll(this.#options.begun.child)
  }

  #send({ event, ...invocation }: Invocation, turn: number): void {
    const { requestId, invokedArn, clientContext, traceId } = invocation
    const timeoutMs = this.#options.fn.timeoutSeconds * 1_000
    const context = JSON.stringify({
      turn,
      requestId,
      invokedArn,
      timeoutMs,
      clientContext,
      traceId,
    })
    // What comes in one turn of this process leaves together.
    if (this.#unsent.length === 0) setImmediate(this.#flush)
    this.#unsent.push(invokeFrame(context, event))
  }

  #sendUnsent(): void {
    const frames = this.#unsent
    this.#unsent = []
    if (this.isSpent) return
    this.#options.begun.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
    this.#turns.sent()
  }

  #hear(kind: number, body: Buffer): void {
    switch (kind) {
      case kinds.ready:
        this.#turns.initMs = performance.now() - this.#begunAt
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.initError:
        this.#initError ??= Buffer.from(body)
        this.#sayInitFailed(performance.now() - this.#begunAt, 'error', typeOf(body))
        this.#isAbandoned = true
        this.#isReady = true
        this.#becameReady()
        return
      case kinds.response:
      case kinds.error:
      case kinds.piece:
      case kinds.contentType:
        if (this.#turns.isFirst(body.readUInt32BE(0))) this.#hearAnswer(kind, body.subarray(4))
        return
      case kinds.log:
        this.#turns.log(body.toString('utf8'))
        return
      case kinds.returned:
        if (!this.#turns.takeBack(JSON.parse(body.toString('utf8')))) this.kill()
        return
      case kinds.over:
        this.#isAbandoned = true
        this.#turns.isOver = true
        return
      default:
        // Nothing that a bootstrap says; somebody else writes to its socket.
        this.kill()
    }
  }

  #hearAnswer(kind: number, body: Buffer): void {
    if (kind === kinds.piece) this.#hearPiece(body)
    else if (kind === kinds.contentType)
      this.#turns.first!.contentType = body.toString('latin1').slice(0, 256)
    else {
      const tookMs = body.readUInt32BE(0) / 1_000
      const said = body.subarray(4)
      this.#turns.finish(
        kind === kinds.error ? failed(Buffer.from(said)) : { kind: 'response', payload: said },
        tookMs,
      )
    }
  }

  #hearPiece(body: Buffer): void {
    const pieces = this.#turns.stream((turn) => this.#answerInPieces(turn))
    if (body.length === 0) this.#turns.finish({ kind: 'stream' })
    else pieces?.push(body)
  }

  /** The answer begins: whoever waits for it has its pieces as they come. */
  #answerInPieces({ resolve, contentType, tail }: Turn): Pieces {
    const pieces = new Pieces(this.#options.begun.socket)
    resolve({
      payload: pieces,
      contentType,
      failure: pieces.ended,
      logTail: async () => {
        await pieces.ended
        return String(tail)
      },
    })
    return pieces
  }

  #sayInitFailed(...failure: Parameters<Turns['platform']['initFailed']>): void {
    this.#turns.say(this.#turns.platform.initFailed(...failure))
  }

  #initTimedOut(): void {
    if (this.#isReady) return
    this.#sayInitFailed(initMs, 'timeout')
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
    if (!this.#isReady)
      this.#initError ??= errorPayload(
        'Runtime.ExitError',
        `Error: Runtime exited with error: ${said}`,
      )
    this.#isReady = true
    this.#becameReady()
    // What it wrote last may still be on its way.
    setImmediate(() => {
      this.#turns.end(said)
      this.#options.begun.release()
      this.#options.onEnd(this)
    })
  }

  /** Where the kernel does not, the server looks after the function's memory. */
  #checkMemory(): void {
    const { pid } = this.#options.begun.child
    if (pid === undefined || this.#hasEnded) return
    const megabytes = residentMb(pid)
    this.#peakMb = Math.max(this.#peakMb, megabytes)
    if (megabytes > this.#options.fn.memoryMb) this.kill()
  }
}

function signalOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL' || code === 137) return 'signal: killed'
  return signal ? `signal: ${signal.slice(3).toLowerCase()}` : `exit status ${code}`
}
