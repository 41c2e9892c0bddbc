/** The decision log: written behind the requests, bounded, searched by request id, followed live. */
import { type DecisionEntry, type DecisionRecord, lineOf } from './record.ts'
import { type Retention, Segments } from './segments.ts'

export interface LogFilter {
  /** Only what was turned away. */
  readonly denied?: boolean
  readonly apiId?: string
}

export interface Trail extends AsyncDisposable {
  /** Never waits. Where the disk cannot keep up, records are dropped and counted. */
  readonly record: (entry: DecisionEntry) => void
  readonly find: (requestId: string) => Promise<DecisionRecord | undefined>
  /** The last `limit` lines that pass, oldest first. */
  readonly last: (limit: number, filter: LogFilter) => Promise<readonly string[]>
  readonly follow: (filter: LogFilter, onLine: (line: string) => void) => Disposable
  readonly dropped: () => number
  readonly empty: () => Promise<void>
}

export interface TrailOptions {
  /** Absent: kept in memory only, the last few thousand. */
  readonly folder?: string
  readonly retention: Retention
  readonly now: () => number
  /** The log cannot be written. Told once until it can be again. */
  readonly onFailure: (error: unknown) => void
}

/** How long lines may wait to be written together. */
const flushMs = 50
const flushBytes = 256 * 1024
/** What waits while the disk is slow; beyond it lines are dropped. */
const mostPendingBytes = 64 * 1024 * 1024

export function openTrail({ folder, retention, now, onFailure }: TrailOptions): Trail {
  const segments =
    folder === undefined ? new MemorySegments() : new Segments(folder, retention, now)
  const followers = new Set<(line: string) => void>()
  let pending = ''
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let dropped = 0
  let hasFailed = false

  const write = async () => {
    while (pending !== '') {
      const text = pending
      pending = ''
      try {
        await segments.append(Buffer.from(text))
        hasFailed = false
      } catch (error) {
        dropped += text.split('\n').length - 1
        if (!hasFailed) onFailure(error)
        hasFailed = true
      }
    }
    writing = undefined
  }
  const flush = (): Promise<void> => {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
    // With nothing to write, writing would be over before it is remembered as begun.
    if (pending === '') return writing ?? Promise.resolve()
    return (writing ??= write())
  }
  const sweeper = setInterval(() => void segments.sweep().catch(onFailure), 3_600_000)
  sweeper.unref()

  return {
    record(entry) {
      if (pending.length > mostPendingBytes) {
        dropped++
        return
      }
      const line = lineOf(entry)
      pending += line
      for (const follower of followers) follower(line)
      if (pending.length > flushBytes) void flush()
      else if (timer === undefined && writing === undefined) {
        timer = setTimeout(flush, flushMs)
        timer.unref()
      }
    },
    async find(requestId) {
      if (!/^[\w-]{1,64}$/.test(requestId)) return undefined
      await flush()
      // Within a JSON string the quotes would be escaped: this stands only where a record says it.
      const mark = `"requestId":"${requestId}"`
      for await (const bytes of segments.newestFirst()) {
        const at = bytes.indexOf(mark)
        if (at < 0) continue
        const from = bytes.lastIndexOf('\n', at) + 1
        const end = bytes.indexOf('\n', at)
        if (end > 0) return JSON.parse(bytes.toString('utf8', from, end)) as DecisionRecord
      }
      return undefined
    },
    async last(limit, filter) {
      await flush()
      const found: string[] = []
      for await (const bytes of segments.newestFirst()) {
        for (const line of bytes.toString('utf8').split('\n').reverse()) {
          if (found.length >= limit) return found.reverse()
          if (line !== '' && passes(line, filter)) found.push(`${line}\n`)
        }
      }
      return found.reverse()
    },
    follow(filter, onLine) {
      const follower = (line: string) => {
        if (passes(line, filter)) onLine(line)
      }
      followers.add(follower)
      return { [Symbol.dispose]: () => void followers.delete(follower) }
    },
    dropped: () => dropped,
    async empty() {
      await flush()
      await segments.empty()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      await flush()
      await segments.close()
    },
  }
}

function passes(line: string, { denied, apiId }: LogFilter): boolean {
  if (!denied && apiId === undefined) return true
  let record: DecisionRecord
  try {
    record = JSON.parse(line) as DecisionRecord
  } catch {
    // The line that a killed process left half written.
    return false
  }
  return (apiId === undefined || record.apiId === apiId) && (!denied || record.outcome !== 'allow')
}

/** The last lines only, for servers without a folder. */
class MemorySegments {
  #chunks: Buffer[] = []
  #sizeBytes = 0

  async append(bytes: Buffer): Promise<void> {
    this.#chunks.push(bytes)
    this.#sizeBytes += bytes.length
    while (this.#sizeBytes > 8 * 1024 * 1024) this.#sizeBytes -= this.#chunks.shift()!.length
  }

  async *newestFirst(): AsyncGenerator<Buffer> {
    yield* this.#chunks.toReversed()
  }

  async empty(): Promise<void> {
    this.#chunks = []
    this.#sizeBytes = 0
  }

  async sweep(): Promise<void> {}
  async close(): Promise<void> {}
}
