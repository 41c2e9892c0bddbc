/** Counts by period, in this process and, a moment later, on disk. */
import { type Count, type Counted, CountersError } from './store.ts'

/** Where counts outlive the process. Everything is done when it returns. */
export interface CountDisk {
  /** 0: nothing was counted. */
  load(count: string, period: string): number
  loadAll(count: string): readonly Counted[]
  save(rows: readonly SavedCount[]): void
  /** What begins so. */
  forget(prefix: string): void
}

export interface SavedCount {
  readonly count: string
  readonly period: string
  readonly value: number
}

interface Kept {
  readonly count: string
  readonly period: string
  value: number
  isSaved: boolean
}

/** Half of what a crash may cost, with room for a busy moment. */
const saveAfterMs = 500
/** What is counted and cannot be saved for this long is no longer counted. */
const mostUnsavedMs = 1_000
/** A save holds everybody up; this many rows take some five milliseconds. */
const mostRows = 1_000
/** Counts that are saved are dropped beyond this many: they can be read again. */
const mostKept = 200_000

export class Counts {
  readonly #disk: CountDisk | undefined
  /** By count, then by period. */
  readonly #kept = new Map<string, Map<string, Kept>>()
  #unsaved: Kept[] = []
  #unsavedSince = 0
  #failure: unknown
  #timer: NodeJS.Timeout | undefined

  constructor(disk?: CountDisk) {
    this.#disk = disk
  }

  /** @throws CountersError  what was counted last could not be saved */
  has({ count, period, limit }: Count): boolean {
    if (this.#failure !== undefined && performance.now() - this.#unsavedSince > mostUnsavedMs)
      throw new CountersError('counts cannot be saved', { cause: this.#failure })
    return limit === undefined || this.#of(count, period).value < limit
  }

  add({ count, period }: Count): void {
    const kept = this.#of(count, period)
    kept.value++
    if (!kept.isSaved || this.#disk === undefined) return
    kept.isSaved = false
    if (this.#unsaved.push(kept) === 1) this.#unsavedSince = performance.now()
    this.#timer ??= setTimeout(() => this.#saveLater(), saveAfterMs)
  }

  read(count: string): readonly Counted[] {
    const found = new Map(this.#disk?.loadAll(count))
    for (const [period, { value }] of this.#kept.get(count) ?? []) found.set(period, value)
    return [...found]
  }

  /** On disk when it returns. */
  shift(count: string, period: string, by: number): number {
    const kept = this.#of(count, period)
    const value = kept.value + by
    // The rest is saved in its time.
    this.#disk?.save([{ count, period, value }])
    kept.value = value
    return value
  }

  forget(prefix: string): void {
    this.#unsaved = this.#unsaved.filter(({ count }) => !count.startsWith(prefix))
    for (const count of this.#kept.keys()) if (count.startsWith(prefix)) this.#kept.delete(count)
    this.#disk?.forget(prefix)
  }

  /** Saves everything. */
  save(): void {
    while (this.#unsaved.length > 0) this.#saveSome()
  }

  #of(count: string, period: string): Kept {
    let periods = this.#kept.get(count)
    let kept = periods?.get(period)
    if (kept !== undefined) return kept
    if (periods === undefined) {
      if (this.#disk !== undefined && this.#kept.size >= mostKept) this.#dropOldest()
      periods = new Map()
      this.#kept.set(count, periods)
    }
    // Seldom anybody comes back to a period that is over.
    if (this.#disk !== undefined)
      for (const [other, { isSaved }] of periods) if (isSaved) periods.delete(other)
    kept = { count, period, value: this.#disk?.load(count, period) ?? 0, isSaved: true }
    periods.set(period, kept)
    return kept
  }

  #dropOldest(): void {
    for (const [count, periods] of this.#kept) {
      if ([...periods.values()].every(({ isSaved }) => isSaved)) this.#kept.delete(count)
      if (this.#kept.size < mostKept) return
    }
  }

  /** In parts, with everybody else's turn in between. */
  #saveLater(): void {
    this.#timer = undefined
    try {
      this.#saveSome()
    } catch {
      // Kept in `#failure`: whoever wants to count hears of it.
    }
    if (this.#unsaved.length > 0)
      this.#timer = setTimeout(
        () => this.#saveLater(),
        this.#failure === undefined ? 0 : saveAfterMs,
      )
  }

  #saveSome(): void {
    const rows = this.#unsaved.slice(0, mostRows)
    try {
      this.#disk!.save(rows)
    } catch (error) {
      this.#failure = error
      throw error
    }
    this.#failure = undefined
    for (const row of rows) row.isSaved = true
    this.#unsaved.splice(0, rows.length)
    this.#unsavedSince = performance.now()
  }
}
