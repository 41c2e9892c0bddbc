/** Buckets and counts that are had together or not at all, in this process. */
import { Buckets } from './buckets.ts'
import { type CountDisk, Counts } from './counts.ts'
import type { Counted, Counters, Draw } from './store.ts'

export class LocalCounters implements Counters {
  readonly #buckets = new Buckets()
  readonly #counts: Counts

  /** @param disk  absent: counts end with the process */
  constructor(disk?: CountDisk) {
    this.#counts = new Counts(disk)
  }

  draw(draws: readonly Draw[], nowMs: number): number {
    for (let at = 0; at < draws.length; at++) {
      const draw = draws[at]!
      const has = 'bucket' in draw ? this.#buckets.has(draw, nowMs) : this.#counts.has(draw)
      if (!has) return at
    }
    for (let at = 0; at < draws.length; at++) {
      const draw = draws[at]!
      if ('bucket' in draw) this.#buckets.take(draw, nowMs)
      else this.#counts.add(draw)
    }
    return -1
  }

  read(count: string): readonly Counted[] {
    return this.#counts.read(count)
  }

  shift(count: string, period: string, by: number): number {
    return this.#counts.shift(count, period, by)
  }

  forget(prefix: string): void {
    this.#buckets.forget(prefix)
    this.#counts.forget(prefix)
  }

  /** Saves what is not saved yet. */
  close(): void {
    this.#counts.save()
  }
}
