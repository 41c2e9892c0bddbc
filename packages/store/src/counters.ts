/** Token buckets and period counts, in this process. */
import type { Counters } from './store.ts'

interface Bucket {
  tokens: number
  refilledAtMs: number
}

interface Count {
  periodId: string
  value: number
}

/** Idle buckets are full again and need not be remembered; this many are kept before the idle ones go. */
const mostBuckets = 200_000

export class MemoryCounters implements Counters {
  readonly #buckets = new Map<string, Bucket>()
  readonly #counts = new Map<string, Count>()

  take(
    name: string,
    {
      ratePerSecond,
      burst,
      nowMs,
      tokens = 1,
    }: { ratePerSecond: number; burst: number; nowMs: number; tokens?: number },
  ): boolean {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      if (this.#buckets.size >= mostBuckets) this.#buckets.clear()
      bucket = { tokens: burst, refilledAtMs: nowMs }
      this.#buckets.set(name, bucket)
    }
    // A clock that jumps back refills nothing.
    const elapsedMs = Math.max(0, nowMs - bucket.refilledAtMs)
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * ratePerSecond) / 1000)
    bucket.refilledAtMs = Math.max(nowMs, bucket.refilledAtMs)
    if (bucket.tokens < tokens) return false
    bucket.tokens -= tokens
    return true
  }

  add(
    name: string,
    { amount, limit, periodId }: { amount: number; limit?: number; periodId: string },
  ): { allowed: boolean; value: number } {
    const value = this.read(name, periodId)
    if (limit !== undefined && value + amount > limit) return { allowed: false, value }
    this.#counts.set(name, { periodId, value: value + amount })
    return { allowed: true, value: value + amount }
  }

  read(name: string, periodId: string): number {
    const count = this.#counts.get(name)
    return count?.periodId === periodId ? count.value : 0
  }
}
