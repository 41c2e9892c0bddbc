/** Token buckets: is there a token left, and when are there more? */
import type { Bucket } from './store.ts'

interface Level {
  tokens: number
  /** Up to here what has flowed in is counted. */
  filledAtMs: number
  ratePerMs: number
  burst: number
}

/** A clock that falls back by less is only unsteady; by more, it was set. */
const setBackMs = 60_000
/** More that are not full at once are more than anybody asks for in earnest: further ones are refused. */
const mostBuckets = 2_000_000

export class Buckets {
  readonly #levels = new Map<string, Level>()
  #hand = this.#levels.entries()

  get size(): number {
    return this.#levels.size
  }

  has({ bucket, ratePerSecond, burst }: Bucket, nowMs: number): boolean {
    // What never fills has nothing to give, not even to the first.
    if (!(ratePerSecond > 0) || !(burst >= 1)) return false
    let level = this.#levels.get(bucket)
    if (level === undefined) {
      this.#forgetFull(nowMs)
      if (this.#levels.size >= mostBuckets) return false
      level = this.#full(bucket, ratePerSecond, burst, nowMs)
    } else fill(level, ratePerSecond / 1_000, burst, nowMs)
    return level.tokens >= 1
  }

  /** Of a bucket that has one, by `has` at the same time. */
  take({ bucket, ratePerSecond, burst }: Bucket, nowMs: number): void {
    // One that is full may have been forgotten since.
    const level = this.#levels.get(bucket) ?? this.#full(bucket, ratePerSecond, burst, nowMs)
    level.tokens -= 1
  }

  #full(bucket: string, ratePerSecond: number, burst: number, nowMs: number): Level {
    const level = { tokens: burst, filledAtMs: nowMs, ratePerMs: ratePerSecond / 1_000, burst }
    this.#levels.set(bucket, level)
    return level
  }

  forget(prefix: string): void {
    for (const name of this.#levels.keys()) if (name.startsWith(prefix)) this.#levels.delete(name)
  }

  /**
   * A full bucket is as good as none. Each new one looks at two others, round and round: what is idle goes before it is
   * much, without a pause for anybody, and no limit is forgotten.
   */
  #forgetFull(nowMs: number): void {
    for (let looks = 0; looks < 2; looks++) {
      let next = this.#hand.next()
      if (next.done) {
        this.#hand = this.#levels.entries()
        next = this.#hand.next()
        if (next.done) return
      }
      const [name, { tokens, filledAtMs, ratePerMs, burst }] = next.value
      if (tokens + (nowMs - filledAtMs) * ratePerMs >= burst) this.#levels.delete(name)
    }
  }
}

function fill(level: Level, ratePerMs: number, burst: number, nowMs: number): void {
  const elapsedMs = nowMs - level.filledAtMs
  if (elapsedMs > 0)
    // What flowed in came at the rate of then.
    level.tokens = Math.min(level.burst, level.tokens + elapsedMs * level.ratePerMs)
  if (elapsedMs > 0 || elapsedMs < -setBackMs) level.filledAtMs = nowMs
  level.tokens = Math.min(level.tokens, burst)
  level.ratePerMs = ratePerMs
  level.burst = burst
}
