/** What time is it here: the machine's, or the one that an operator has set? */
import type { Documents } from '@sekisho/store'

/**
 * What quotas, schedules, expiries and dates go by. Signatures, the decision log and HTTP's `Date` go by the machine's
 * own clock: clients sign by theirs.
 */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Hears of a jump once it is made: what waits for a time of this clock has to look anew. */
  readonly onJump: (listener: () => void) => Disposable
}

/** The machine's, moved. */
export interface TestClock extends Clock {
  /** How far it is ahead, in milliseconds; negative: behind. */
  readonly offsetMs: () => number
  readonly jump: (offsetMs: number) => void
}

export const machineClock: Clock = {
  now: Date.now,
  onJump: () => ({ [Symbol.dispose]() {} }),
}

/** @param machineNow  epoch milliseconds */
export function createTestClock(offsetMs = 0, machineNow = Date.now): TestClock {
  const listeners = new Set<() => void>()
  let offset = offsetMs
  return {
    now: () => machineNow() + offset,
    offsetMs: () => offset,
    jump(to) {
      if (to === offset) return
      offset = to
      for (const listener of listeners) listener()
    },
    onJump(listener) {
      const own = () => listener()
      listeners.add(own)
      return { [Symbol.dispose]: () => void listeners.delete(own) }
    },
  }
}

const collection = 'sekisho/clock'
const key = 'offset'

interface OffsetRecord {
  readonly offsetMs: number
}

/** Where the last run left its test clock. */
export async function storedOffset(documents: Pick<Documents, 'get'>): Promise<number> {
  return (await documents.get<OffsetRecord>(collection, key))?.value.offsetMs ?? 0
}

/**
 * Moves are one after another, and on disk before anybody goes by them.
 *
 * @param change  from an offset in milliseconds to the next
 */
export function storeOffset(
  documents: Pick<Documents, 'transact'>,
  change: (offsetMs: number) => number,
): Promise<number> {
  return documents.transact(async (transaction) => {
    const before = await transaction.get<OffsetRecord>(collection, key)
    const offsetMs = change(before?.value.offsetMs ?? 0)
    transaction.put(collection, key, { offsetMs })
    return offsetMs
  })
}
