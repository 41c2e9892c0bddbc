/** The events of one environment, in the order of their turns: the first is being run, the others wait in its process. */
import type { Invocation, RunnableFunction } from '@sekisho/services'
import { BrokenAnswerError } from '../arrival.ts'
import { mostLineBytes } from './lines.ts'
import type { Pieces } from './pieces.ts'
import { type PlatformLog, platformLog } from './platform-log.ts'
import {
  errorPayload,
  exited,
  type Failure,
  failed,
  LogTail,
  NotBegunError,
  type Outcome,
  type Turn,
  typeOf,
} from './turn.ts'

export interface TurnsOptions {
  readonly fn: RunnableFunction
  /** One line of the log. */
  readonly log: (line: string) => void
  readonly now: () => number
  /** Asks for the events that were not begun. */
  readonly recall: () => void
  /** The first has had its time: its process has to end. */
  readonly onLate: () => void
  /** The most memory that was seen. */
  readonly peakMb: () => number
}

type Given = Pick<Turn, 'invocation' | 'resolve' | 'reject'>

/** An event that runs longer than this holds up nobody: those that were handed over behind it are fetched back. */
const patienceMs = 5
/** Handed over before their turn, so that nobody has to be woken for each: at most so many, and none that is large. */
const mostAhead = 32
const mostAheadBytes = 65_536
/** How much the latest event counts in the average. */
const weight = 0.1

export class Turns {
  readonly platform: PlatformLog
  /** When it last had nothing to do. */
  idleSince: number
  /** How long a handler takes, lately; undefined: none has ended yet. */
  averageMs: number | undefined
  /** How long beginning took, for the first event's report. */
  initMs: number | undefined
  /** None begins any more. */
  isOver = false
  readonly #options: TurnsOptions
  readonly #turns: Turn[] = []
  #lastNumber = 0
  /** The first takes its time. */
  #isSlow = false
  /** One has answered piece by piece. */
  #streams = false
  /** The first is still on its way. */
  #isUnsent = false
  #isRecalling = false
  #impatience: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  /** Said while no event was there. */
  readonly #before = new LogTail()

  constructor(options: TurnsOptions) {
    this.#options = options
    this.platform = platformLog(options.fn, options.now)
    this.idleSince = options.now()
  }

  get count(): number {
    return this.#turns.length
  }

  /** The one that is being run. */
  get first(): Turn | undefined {
    return this.#turns[0]
  }

  /**
   * Whether an event may be handed over behind those that are there: not where one of them takes its time, nor where
   * answers come in pieces, which others would have to wait behind as long as their reader takes.
   */
  takeMore({ event }: Pick<Invocation, 'event'>): boolean {
    return (
      !this.isOver &&
      this.averageMs !== undefined &&
      !this.#streams &&
      !this.#isSlow &&
      !this.#isRecalling &&
      this.#turns.length < mostAhead &&
      event.length <= mostAheadBytes
    )
  }

  /** @returns the number of its turn */
  add({ invocation, resolve, reject }: Given, tail = new LogTail()): number {
    const number = ++this.#lastNumber
    const turn = {
      number,
      invocation,
      resolve,
      reject,
      tail,
      begunAt: undefined,
      pieces: undefined,
      contentType: undefined,
    }
    this.#turns.push(turn)
    if (this.#turns.length === 1) {
      this.#begin(turn)
      this.#isUnsent = true
    }
    this.#beImpatient()
    return number
  }

  /**
   * Whether it is the first's turn: what is said of one that has ended is nobody's.
   *
   * @throws RangeError  of one whose turn has not come
   */
  isFirst(number: number): boolean {
    const { first } = this
    if (first !== undefined && number > first.number)
      throw new RangeError('an answer came before its turn')
    return number === first?.number
  }

  /** All that are there have been handed over. */
  sent(): void {
    if (this.#isUnsent && this.first) this.first.begunAt = performance.now()
    this.#isUnsent = false
  }

  /** Why the environment could not begin belongs to the event that wanted it. */
  refuse(given: Given, error: Uint8Array): void {
    this.add(given, this.#before)
    this.finish(failed(error))
  }

  /** The first answers piece by piece. */
  stream(make: (turn: Turn) => Pieces): Pieces | undefined {
    const turn = this.first
    if (turn === undefined) return undefined
    this.#streams = true
    turn.pieces ??= make(turn)
    return turn.pieces
  }

  /**
   * Ends the first; the next begins.
   *
   * @param handlerMs  how long the handler took, as its own process says
   */
  finish(outcome: Outcome, handlerMs = Number.POSITIVE_INFINITY): void {
    const turn = this.first
    if (turn === undefined) return
    // Where none begins any more, one may have been run before its process heard of it.
    if (turn.begunAt === undefined) this.#begin(turn)
    const { tail, pieces, resolve } = turn
    this.#report(turn, outcome, handlerMs)
    this.#turns.shift()
    this.idleSince = this.#options.now()
    if (outcome.kind === 'error')
      pieces?.fail(new BrokenAnswerError(brokenBy[outcome.fatal ?? 'handler']), outcome.payload)
    else pieces?.end()
    if (outcome.kind !== 'stream' && pieces === undefined)
      resolve({
        payload: outcome.payload,
        ...(outcome.kind === 'error' && { functionError: 'Unhandled' as const }),
        logTail: async () => String(tail),
      })
    const next = this.first
    if (next !== undefined && !this.isOver) this.#begin(next)
    else this.#isSlow = false
  }

  /** @returns whether it was asked for */
  takeBack(requestIds: Iterable<unknown>): boolean {
    if (!this.#isRecalling) return false
    this.#isRecalling = false
    const ids = new Set(requestIds)
    const isReturned = ({ invocation, pieces }: Turn) =>
      ids.has(invocation.requestId) && pieces === undefined
    for (const { reject } of this.#turns.filter(isReturned)) reject(new NotBegunError())
    const left = this.#turns.filter((turn) => !isReturned(turn))
    this.#turns.splice(0, this.#turns.length, ...left)
    // Where an answer crossed the recall, the next one's turn had been thought to have come.
    const next = this.first
    if (next !== undefined && next.begunAt === undefined) this.#begin(next)
    return true
  }

  /** @param said  how the process ended, as in `exit status 1` */
  end(said: string): void {
    this.isOver = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#impatience)
    const { first } = this
    if (first?.begunAt !== undefined && !this.#isUnsent) this.finish(exited(first.invocation, said))
    // Answers come in the order of their events: nothing of these has been begun.
    for (const { reject } of this.#turns.splice(0)) reject(new NotBegunError())
  }

  say(lines: readonly string[]): void {
    for (const line of lines) this.log(line)
  }

  log(line: string): void {
    const text = line.length > mostLineBytes ? line.slice(0, mostLineBytes) : line
    this.#options.log(text)
    const tail = this.first?.tail ?? this.#before
    tail.push(text)
  }

  #begin(turn: Turn): void {
    turn.begunAt = performance.now()
    this.#isSlow = false
    this.say(this.platform.start(turn.invocation.requestId))
    // Of the many that begin, few come near their deadline: one timer goes from one to another.
    this.#deadline ??= this.#lookIn(this.#timeoutMs)
  }

  /** What has come is heard first: the answer may be there. */
  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => setImmediate(() => this.#lookAtDeadline()), ms).unref()
  }

  get #timeoutMs(): number {
    return this.#options.fn.timeoutSeconds * 1_000
  }

  #lookAtDeadline(): void {
    this.#deadline = undefined
    const turn = this.first
    if (turn?.begunAt === undefined) return
    const leftMs = turn.begunAt + this.#timeoutMs - performance.now()
    if (leftMs < 1) this.#timeOut(turn)
    else this.#deadline = this.#lookIn(leftMs)
  }

  #timeOut({ invocation: { requestId } }: Turn): void {
    const seconds = this.#options.fn.timeoutSeconds.toFixed(2)
    this.say(this.platform.timedOut(requestId))
    this.isOver = true
    this.#options.onLate()
    const payload = errorPayload(
      'Sandbox.Timedout',
      `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    )
    this.finish({ ...failed(payload), fatal: 'timeout' })
  }

  #beImpatient(): void {
    // What has come is heard first: a busy server is no sign of a slow function.
    this.#impatience ??= setTimeout(
      () => setImmediate(() => this.#lookAtFirst()),
      patienceMs,
    ).unref()
  }

  #lookAtFirst(): void {
    this.#impatience = undefined
    const { first } = this
    if (first?.begunAt === undefined || this.isOver) return
    this.#isSlow =
      first.pieces !== undefined ||
      (!this.#isUnsent && performance.now() - first.begunAt >= patienceMs)
    if (this.#isSlow && this.#turns.length > 1 && !this.#isRecalling) {
      this.#isRecalling = true
      this.#options.recall()
    }
    this.#beImpatient()
  }

  #report({ invocation: { requestId }, begunAt }: Turn, outcome: Outcome, handlerMs: number): void {
    const durationMs = Math.min(handlerMs, performance.now() - begunAt!)
    this.averageMs = (this.averageMs ?? durationMs) * (1 - weight) + durationMs * weight
    const isError = outcome.kind === 'error'
    this.say(
      this.platform.end({
        requestId,
        durationMs,
        initMs: this.initMs,
        peakMb: this.#options.peakMb(),
        status: isError ? (outcome.fatal ?? 'error') : 'success',
        errorType: isError ? typeOf(outcome.payload) : undefined,
      }),
    )
    this.initMs = undefined
  }
}

const brokenBy: Record<NonNullable<Failure['fatal']> | 'handler', string> = {
  handler: 'the function failed',
  timeout: 'the function timed out',
  failure: 'the function ended',
}
