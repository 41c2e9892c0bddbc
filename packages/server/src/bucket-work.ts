/** What buckets have done without being asked: objects that expire, bytes that belong to nobody, events that are told. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type CallAws,
  expireObjects,
  type IdSource,
  s3Collections,
  sweepLoose,
  tellEvents,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Clock } from './clock.ts'
import { failureFields, type Log } from './log.ts'

/** How often it is looked for what has expired. */
const roundMs = 3_600_000

/** Timers take no longer wait. */
const longestWaitMs = 60_000

export interface BucketWorkOptions {
  readonly store: State
  readonly aws: CallAws
  readonly clock: Clock
  readonly ids: IdSource
  readonly log: Log
  /** After how long events are told again whose telling was lost for reasons of this server's. */
  readonly againMs?: number
}

/** Of one process alone. */
export function openBucketWork(options: BucketWorkOptions): Disposable {
  const { store, aws, clock, ids, log, againMs = longestWaitMs } = options
  let isClosed = false
  /** What is asked for while it runs is done once more afterwards. */
  const oneAtATime = (work: () => Promise<void>): (() => void) => {
    let isRunning = false
    let isAskedAgain = false
    const run = () => {
      if (isRunning || isClosed) {
        isAskedAgain = true
        return
      }
      isRunning = true
      work()
        .catch((error) => {
          // What is cut off by the end is found by the next start.
          if (!isClosed) log.error('the work of buckets failed', failureFields(error))
        })
        .finally(() => {
          isRunning = false
          if (!isAskedAgain) return
          isAskedAgain = false
          run()
        })
    }
    return run
  }
  const rounds = oneAtATime(async () => {
    await sweepLoose(store, clock.now(), false)
    await expireObjects({ ...store, ids }, clock.now())
  })
  let waiting: NodeJS.Timeout | undefined
  const tellIn = (ms: number) => {
    if (!isClosed) waiting = setTimeout(telling, ms).unref()
  }
  const telling = oneAtATime(async () => {
    clearTimeout(waiting)
    // What is in the way of one look may be gone by another.
    tellIn(againMs)
    const gaveUp = (functionArn: string, why: string) =>
      log.warn('an event of a bucket is given up', { functionArn, why })
    const next = await tellEvents(store.documents, aws, clock.now(), gaveUp)
    clearTimeout(waiting)
    if (next !== undefined) tellIn(Math.min(longestWaitMs, Math.max(10, next - clock.now())))
  })
  const round = setInterval(rounds, roundMs).unref()
  const jumps = clock.onJump(() => {
    rounds()
    telling()
  })
  // What is told is no part of the call that it comes of.
  const apart = AsyncLocalStorage.snapshot()
  const changes = store.changes.subscribe((told) => {
    if (told.some(({ collection }) => collection === s3Collections.events)) apart(telling)
  })
  rounds()
  telling()
  return {
    [Symbol.dispose]() {
      isClosed = true
      clearInterval(round)
      clearTimeout(waiting)
      jumps[Symbol.dispose]()
      changes[Symbol.dispose]()
    },
  }
}
