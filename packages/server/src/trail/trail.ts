/** The decision log: written behind the requests, bounded, searched by request id, followed live. */
import { type Found, Page, readPage } from './pages.ts'
import { type DecisionEntry, type DecisionRecord, lineOf, sameOf, wasServed } from './record.ts'
import { type Retention, Segments } from './segments.ts'

export interface LogFilter {
  /** Only what was turned away. */
  readonly denied?: boolean
  readonly apiId?: string
}

export interface Trail extends AsyncDisposable {
  /**
   * Never waits. Where the disk cannot keep up, records are dropped and counted.
   *
   * @param entry  or what `sameOf` has made of it, for those who record the like again and again
   */
  readonly record: (entry: DecisionEntry | Found) => void
  readonly find: (requestId: string) => Promise<DecisionRecord | undefined>
  /** The last `limit` records that pass, as JSON lines, oldest first. */
  readonly last: (limit: number, filter: LogFilter) => Promise<readonly string[]>
  readonly follow: (filter: LogFilter, onLine: (line: string) => void) => Disposable
  readonly dropped: () => number
  /** Resolves when everything recorded so far can be read by others. */
  readonly flush: () => Promise<void>
  /** As `flush`; what is recorded next begins another segment. */
  readonly end: () => Promise<void>
  readonly empty: () => Promise<void>
}

export interface TrailOptions {
  readonly folder: string
  readonly retention: Retention
  readonly now: () => number
  /** The log cannot be written. Told once until it can be again. */
  readonly onFailure: (error: unknown) => void
}

/** How long lines may wait to be written together. */
const flushMs = 50
const flushBytes = 128 * 1024
/** What waits while the disk is slow; beyond it records are dropped. */
const mostWaitingBytes = 64 * 1024 * 1024

export function openTrail({ folder, retention, now, onFailure }: TrailOptions): Trail {
  const segments = new Segments(folder, retention, now)
  const followers = new Set<(found: Found) => void>()
  let page = new Page()
  let pending = ''
  /** Ends of segments wait behind their text. */
  const waiting: (string | 'end')[] = []
  let waitingBytes = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let dropped = 0
  let hasFailed = false

  const endSegment = () => {
    takePending()
    waiting.push('end')
    page = new Page()
  }
  const takePending = () => {
    if (pending === '') return
    waiting.push(pending)
    waitingBytes += pending.length
    pending = ''
  }
  const write = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        if (next === 'end') await segments.close()
        else await segments.append(Buffer.from(next))
        hasFailed = false
      } catch (error) {
        dropped += next.split('\n').length - 1
        // Later lines may rest on what is lost.
        endSegment()
        if (!hasFailed) onFailure(error)
        hasFailed = true
      }
      if (next !== 'end') waitingBytes -= next.length
    }
    writing = undefined
  }
  const flush = (): Promise<void> => {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
    takePending()
    // With nothing to write, writing would be over before it is remembered as begun.
    if (waiting.length === 0) return writing ?? Promise.resolve()
    return (writing ??= write())
  }
  const end = async () => {
    endSegment()
    await flush()
  }
  const sweeper = setInterval(() => void segments.sweep().catch(onFailure), 3_600_000)
  sweeper.unref()

  return {
    record(entry) {
      if (waitingBytes + pending.length > mostWaitingBytes) {
        dropped++
        return
      }
      const { at, requestId, causedBy } = entry
      const same = 'same' in entry ? entry.same : sameOf(entry)
      const found = { same, at, requestId, causedBy }
      pending += page.linesOf(found)
      for (const follower of followers) follower(found)
      if (page.sizeBytes > retention.segmentBytes) endSegment()
      if (pending.length > flushBytes) void flush()
      else if (timer === undefined) {
        timer = setTimeout(flush, flushMs)
        timer.unref()
      }
    },
    async find(requestId) {
      if (!/^[\w=-]{1,64}$/.test(requestId)) return undefined
      await flush()
      for await (const bytes of segments.newestFirst()) {
        // Looked for as bytes first: most segments do not have it.
        if (!bytes.includes(` ${requestId}\n`)) continue
        for (const found of readPage(bytes.toString('utf8')))
          if (found.requestId === requestId) return recordOf(found)
      }
      return undefined
    },
    async last(limit, filter) {
      await flush()
      const lines: string[] = []
      for await (const bytes of segments.newestFirst()) {
        for (const found of [...readPage(bytes.toString('utf8'))].reverse()) {
          if (lines.length >= limit) return lines.reverse()
          if (passes(found, filter)) lines.push(lineOf(found))
        }
      }
      return lines.reverse()
    },
    follow(filter, onLine) {
      const follower = (found: Found) => {
        if (passes(found, filter)) onLine(lineOf(found))
      }
      followers.add(follower)
      return { [Symbol.dispose]: () => void followers.delete(follower) }
    },
    dropped: () => dropped,
    flush,
    end,
    async empty() {
      await end()
      await segments.empty()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      await flush()
      await segments.close()
    },
  }
}

function recordOf(found: Found): DecisionRecord {
  return JSON.parse(lineOf(found)) as DecisionRecord
}

/** Whether a line, as followers hear it, is one that the filter asks for. */
export function lineMayPass(line: string, filter: LogFilter): boolean {
  return (!filter.denied && filter.apiId === undefined) || recordPasses(JSON.parse(line), filter)
}

function passes(found: Found, filter: LogFilter): boolean {
  return (!filter.denied && filter.apiId === undefined) || recordPasses(recordOf(found), filter)
}

function recordPasses(record: DecisionRecord, { denied, apiId }: LogFilter): boolean {
  return (apiId === undefined || record.apiId === apiId) && (!denied || !wasServed(record))
}
