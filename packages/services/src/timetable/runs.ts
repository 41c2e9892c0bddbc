/** What runs next, by its time: an index in the store, so that nothing else is read between runs. */
import type { Documents, Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'

/** What has runs, and the key of its record. */
export interface Runner {
  readonly kind: RunnerKind
  readonly key: string
}

export type RunnerKind = 'rule' | 'schedule'

export const runsCollection = 'timetable-runs'

/** One moment of one rule or schedule. */
export interface Moment {
  /** When it was to run; epoch milliseconds. */
  readonly atMs: number
  readonly nowMs: number
  readonly ids: Call['ids']
}

/**
 * Writes what the moment brings, and plans the next one; nothing where the runner no longer waits for this moment. It may
 * be run again on fresh state.
 */
export type Occur = (transaction: Transaction, key: string, moment: Moment) => Promise<void>

export type Occurs = Readonly<Record<RunnerKind, Occur>>

/** Keys that sort by time. */
export function timeKey(atMs: number): string {
  return String(Math.max(0, Math.floor(atMs))).padStart(15, '0')
}

export function timeOfKey(key: string): number {
  return Number(key.slice(0, 15))
}

function runKey(atMs: number, { kind, key }: Runner): string {
  return `${timeKey(atMs)}/${kind}/${key}`
}

/** In the transaction that writes the runner's own record: neither is ever without the other. */
export function planRun(
  transaction: Transaction,
  runner: Runner,
  before: number | undefined,
  next: number | undefined,
): void {
  if (before !== undefined) transaction.delete(runsCollection, runKey(before, runner))
  if (next !== undefined) transaction.put(runsCollection, runKey(next, runner), runner)
}

/** Epoch milliseconds; undefined: nothing is planned. */
export async function nextRunAt(reader: Reader, afterMs: number): Promise<number | undefined> {
  const [first] = await reader.list(runsCollection, { after: timeKey(afterMs + 1), limit: 1 })
  return first && timeOfKey(first.key)
}

/** Runs that one transaction takes up. */
const together = 100

/**
 * Takes up what is due. A moment is taken up once: what it brings and that it has passed are one write. However many
 * moments of one runner have passed meanwhile, they are one.
 *
 * @param onFailure  hears of a runner whose moment cannot be taken up; it stays due, and holds up nobody else
 * @returns how many there were; 0: nothing is due any more, or nothing that can be taken up
 */
export async function takeUpRuns(
  documents: Documents,
  occurs: Occurs,
  nowMs: number,
  ids: Call['ids'],
  onFailure: (error: unknown, runner: Runner) => void,
): Promise<number> {
  const before = timeKey(nowMs + 1)
  const due = await documents.list<Runner>(runsCollection, { before, limit: together })
  if (due.length === 0) return 0
  const takeUp = (runs: typeof due) =>
    documents.transact(async (transaction) => {
      for (const { key: run, value } of runs) {
        const planned = await transaction.get<Runner>(runsCollection, run)
        if (planned === undefined) continue
        transaction.delete(runsCollection, run)
        await occurs[value.kind](transaction, value.key, { atMs: timeOfKey(run), nowMs, ids })
      }
    })
  try {
    await takeUp(due)
    return due.length
  } catch {
    // One of them at least: each by itself now.
    let count = 0
    for (const run of due)
      await takeUp([run]).then(
        () => count++,
        (error) => onFailure(error, run.value),
      )
    return count
  }
}
