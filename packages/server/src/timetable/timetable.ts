/** What fires: rules and schedules at their times, and deliveries to their targets until they are taken. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CallAws,
  completeSchedule,
  type Due,
  deliveriesCollection,
  failDelivery,
  type IdSource,
  nextDeliveryAt,
  nextRunAt,
  occurRule,
  occurSchedule,
  type ReadInput,
  type Runner,
  replanRules,
  replanSchedules,
  runsCollection,
  sendDelivery,
  settleDelivery,
  takeUpRuns,
  timeOfKey,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Clock } from '../clock.ts'
import { failureFields, type Log } from '../log.ts'
import { Backlog } from './backlog.ts'
import { Lines } from './lines.ts'

export interface TimetableOptions {
  readonly store: Pick<State, 'changes' | 'documents'>
  readonly clock: Clock
  readonly ids: IdSource
  readonly aws: CallAws
  readonly readInput: ReadInput
  readonly log: Log
}

const occurs = { rule: occurRule, schedule: occurSchedule } as const

const plannedCollection = 'sekisho/timetable'
const plannedKey = 'planned-by'

/** How far the clock was ahead of the machine's. */
interface PlannedBy {
  readonly offsetSeconds: number
}

/** The machine's clock may be set; nobody tells us. */
const longestSleepMs = 60_000
/** How long deliveries under way may still take when the server stops. */
const graceMs = 5_000
const pauseMs = 1_000
const roomMs = 2

/**
 * Between runs there is one timer. One process of a server has this: a moment is taken up once, and each of its
 * deliveries is attempted until the target has taken it or it is given up. A delivery whose target had it when the
 * process was killed, before that was written down, is made once more.
 */
export async function openTimetable(options: TimetableOptions): Promise<AsyncDisposable> {
  const timetable = new Timetable(options)
  await timetable.begin()
  return timetable
}

class Timetable implements AsyncDisposable {
  readonly #options: TimetableOptions
  readonly #listening: readonly Disposable[]
  readonly #underWay = new Set<Promise<void>>()
  readonly #backlog: Backlog
  readonly #lines: Lines
  #timer: NodeJS.Timeout | undefined
  #roomTimer: NodeJS.Timeout | undefined
  /** When the timer rings; epoch milliseconds of the clock. */
  #ringsAt = Number.POSITIVE_INFINITY
  #turning: Promise<void> | undefined
  #isAskedAgain = false
  /** The moment to which the clock was put and from which plans are to be made anew; epoch milliseconds of the clock. */
  #jumpedTo: number | undefined
  #isClosed = false

  constructor(options: TimetableOptions) {
    this.#options = options
    const { store, clock } = options
    this.#jumpedTo = clock.now()
    this.#backlog = new Backlog(store.documents)
    this.#lines = new Lines(store.documents)
    this.#listening = [
      store.changes.subscribe((told) => {
        for (const { collection, key } of told) this.#hear(collection, key)
      }),
      clock.onJump(() => {
        this.#jumpedTo = clock.now()
        this.#lines.restart()
        this.#wake()
      }),
    ]
  }

  async begin(): Promise<void> {
    await this.#backlog.begin()
    this.#wake()
    await this.#turning
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#roomTimer)
    for (const each of this.#listening) each[Symbol.dispose]()
    await this.#turning
    const { promise, resolve } = Promise.withResolvers<void>()
    const late = setTimeout(resolve, graceMs)
    await Promise.race([Promise.allSettled(this.#underWay), promise])
    clearTimeout(late)
  }

  #hear(collection: string, key: string): void {
    const now = this.#options.clock.now()
    const at = timeOfKey(key)
    const isSoon = at < this.#ringsAt || at <= now
    if (collection === deliveriesCollection) {
      this.#backlog.look(key).catch(this.#failed)
      this.#lines
        .look(key, now)
        .then(() => isSoon && this.#wake())
        .catch(this.#failed)
    } else if (collection === runsCollection && isSoon) this.#wake()
  }

  /** One turn after the other; what comes during one is seen by the next. */
  #wake(): void {
    if (this.#isClosed) return
    if (this.#turning) {
      this.#isAskedAgain = true
      return
    }
    this.#turning = this.#turn()
      .catch(this.#failed)
      .then(() => {
        this.#turning = undefined
        if (!this.#isAskedAgain) return
        this.#isAskedAgain = false
        this.#wake()
      })
  }

  readonly #failed = (error: unknown): void => {
    if (this.#isClosed) return
    this.#options.log.error('the timetable failed', failureFields(error))
    this.#sleepUntil(this.#options.clock.now() + longestSleepMs)
  }

  async #turn(): Promise<void> {
    clearTimeout(this.#timer)
    this.#ringsAt = Number.POSITIVE_INFINITY
    const { store, clock, ids, log } = this.#options
    const { documents } = store
    const jumpedTo = this.#jumpedTo
    if (jumpedTo !== undefined) await this.#replan(jumpedTo)
    if (this.#jumpedTo === jumpedTo) this.#jumpedTo = undefined
    let hasFailed = false
    const failed = (error: unknown, { kind, key }: Runner) => {
      hasFailed = true
      log.error(`a ${kind} cannot run`, { key, ...failureFields(error) })
    }
    while (!this.#isClosed && (await takeUpRuns(documents, occurs, clock.now(), ids, failed)) > 0);
    const now = clock.now()
    for (const due of await this.#lines.next(now)) this.#start(due)
    const next = [await nextRunAt(documents, now), await nextDeliveryAt(documents, now)]
    // What could not be taken up is due all the time: it is tried again later, not at once.
    if (hasFailed) next.push(now + longestSleepMs)
    this.#sleepUntil(Math.min(...next.map((at) => at ?? Number.POSITIVE_INFINITY)))
  }

  /**
   * What was planned by another clock, in this run or the one before, may be due earlier by this one.
   *
   * @param jumpedTo  what comes after it is planned, though it may have gone by in the meantime; epoch milliseconds
   */
  async #replan(jumpedTo: number): Promise<void> {
    const { clock, store } = this.#options
    const { documents } = store
    const offsetSeconds = Math.round((clock.now() - Date.now()) / 1_000)
    const planned = await documents.get<PlannedBy>(plannedCollection, plannedKey)
    if ((planned?.value.offsetSeconds ?? 0) === offsetSeconds) return
    await replanRules(documents, jumpedTo)
    await replanSchedules(documents, jumpedTo)
    await documents.transact((transaction) =>
      transaction.put(plannedCollection, plannedKey, { offsetSeconds } satisfies PlannedBy),
    )
  }

  #sleepUntil(at: number): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#ringsAt = at
    if (at === Number.POSITIVE_INFINITY) return
    const left = Math.max(0, at - this.#options.clock.now())
    this.#timer = setTimeout(() => this.#wake(), Math.min(left, longestSleepMs)).unref()
  }

  #start(due: Due): void {
    const done = this.#deliver(due)
      .catch(async (error) => {
        this.#failed(error)
        // What cannot even be written down is not tried again at once.
        await sleep(pauseMs, undefined, { ref: false })
        this.#lines.restart()
      })
      .then(() => {
        this.#underWay.delete(done)
        this.#lines.back(due)
        // Many that end together make room together.
        this.#roomTimer ??= setTimeout(() => {
          this.#roomTimer = undefined
          this.#wake()
        }, roomMs)
      })
    this.#underWay.add(done)
  }

  async #deliver(due: Due): Promise<void> {
    const { store, clock, ids, aws, readInput, log } = this.#options
    const { key, delivery } = due
    // All was emptied while it stood in line.
    if (this.#isClosed || !(await store.documents.get(deliveriesCollection, key))) return
    const failure = await sendDelivery(delivery, { aws, readInput, ids }).catch((error) => {
      log.error('a delivery failed', { origin: delivery.originArn, ...failureFields(error) })
      return { code: 'InternalFailure', message: String(error), isPassing: true }
    })
    if (failure === undefined) return settleDelivery(store.documents, due, completeSchedule)
    const outcome = await failDelivery(store.documents, due, failure, {
      nowMs: clock.now(),
      ids,
      complete: completeSchedule,
    })
    const { originArn, targetArn, attempts } = delivery
    const { code, message } = failure
    log.warn('a target did not take what a rule or schedule had for it', {
      origin: originArn,
      target: targetArn,
      attempt: attempts + 1,
      code,
      reason: message,
      outcome,
    })
  }
}
