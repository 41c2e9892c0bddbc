/** Counts by period, in this process and, a moment later, on disk. */
import { type Count, CountersError } from './store.ts'

/** Where counts outlive the process. Everything is done when it returns. */
export interface CountDisk {
  /** 0: nothing was counted. */
  load(count: string, period: string): number
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
/** Saved ones are dropped beyond this: they can be read again. */
const mostKept = 200_000

export class Counts {
  readonly #disk: CountDisk | undefined
  readonly #kept = new Map<string, Kept>()
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
    this.#change(this.#of(count, period), 1)
  }

  read(count: string, period: string): number {
    return this.#of(count, period).value
  }

  /** On disk when it returns. */
  shift(count: string, period: string, by: number): number {
    const kept = this.#of(count, period)
    this.#change(kept, by)
    this.save()
    return kept.value
  }

  forget(prefix: string): void {
    this.#unsaved = this.#unsaved.filter(({ count }) => !count.startsWith(prefix))
    for (const [id, { count }] of this.#kept) if (count.startsWith(prefix)) this.#kept.delete(id)
    this.#disk?.forget(prefix)
  }

  /** Saves everything. */
  save(): void {
    while (this.#unsaved.length > 0) this.#saveSome()
  }

  #of(count: string, period: string): Kept {
    const id = `${period} ${count}`
    let kept = this.#kept.get(id)
    if (kept === undefined) {
      const value = this.#disk?.load(count, period) ?? 0
      kept = { count, period, value, isSaved: true }
      if (this.#disk !== undefined && this.#kept.size >= mostKept) this.#dropOldest()
      this.#kept.set(id, kept)
    }
    return kept
  }

  #dropOldest(): void {
    for (const [id, { isSaved }] of this.#kept) {
      if (isSaved) this.#kept.delete(id)
      if (this.#kept.size < mostKept) return
    }
  }

  #change(kept: Kept, by: number): void {
    kept.value += by
    if (!kept.isSaved || this.#disk === undefined) return
    kept.isSaved = false
    if (this.#unsaved.push(kept) === 1) this.#unsavedSince = performance.now()
    this.#timer ??= setTimeout(() => this.#saveLater(), saveAfterMs)
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
