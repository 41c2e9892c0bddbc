/** Lines for CloudWatch Logs from this server itself: of deployed APIs and of functions, written behind the requests. */
import {
  type Acting,
  appendEvents,
  type GroupName,
  groupArn,
  type Identities,
  type Identity,
} from '@sekisho/services'
import type { Documents } from '@sekisho/store'
import { decide, type Places } from './api/authorize.ts'
import { randomIds } from './ids.ts'

/** Where a line goes, and in whose name it is written. */
export interface LogTarget {
  readonly group: GroupName
  readonly streamName: string
  /** Made with the first line where it is missing and the role may; otherwise its lines are dropped. */
  readonly makesGroup: boolean
  readonly as: Acting & { readonly roleArn: string }
}

export interface LogWriter extends AsyncDisposable {
  /** Never waits. Where the disk cannot keep up, lines are dropped and counted. Who writes much keeps its target. */
  readonly write: (target: LogTarget, message: string) => void
  readonly dropped: () => number
  /** Resolves when everything written so far is on disk. */
  readonly flush: () => Promise<void>
}

export interface LogWriterOptions {
  readonly documents: Documents
  readonly identities: Pick<Identities, 'actingFor' | 'placeOf'>
  readonly now: () => number
  readonly onFailure: (error: unknown) => void
  /** Lines do not reach their group: why, once until they do. */
  readonly onRefused: (target: LogTarget, why: string) => void
}

/** How long lines may wait to be written together, where the disk is quick and where it is not. */
const flushMs = 100
const longestFlushMs = 1_000
/** Writing takes no more than this share of the time: each commit waits for the disk, whatever is in it. */
const mostOfTime = 0.05
const mostWaiting = 32 * 1024 * 1024
/** @see CloudWatch Logs API Reference, "PutLogEvents" */
const longestMessage = 256 * 1024
/** Lines of a stream that go in with one transaction, as one segment: few enough to be read at once. */
const together = { lines: 5_000, characters: 1_048_576 } as const
/** Groups of which is remembered that they refuse. */
const mostRefused = 1_000

interface Waiting {
  readonly target: LogTarget
  readonly events: { readonly at: number; readonly message: string }[]
}

export function openLogWriter(options: LogWriterOptions): LogWriter {
  const { documents, now, onFailure } = options
  let waiting = new Map<string, Waiting>()
  let waitingSize = 0
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let waitMs = flushMs
  let dropped = 0
  let hasFailed = false
  const refused = new Set<string>()
  const keys = new WeakMap<LogTarget, string>()

  const keyOf = (target: LogTarget): string => {
    let key = keys.get(target)
    if (key === undefined) keys.set(target, (key = `${nameOf(target)}:${target.streamName}`))
    return key
  }
  const refuse = (target: LogTarget, count: number, why: string) => {
    dropped += count
    const key = nameOf(target)
    if (refused.has(key)) return
    options.onRefused(target, why)
    if (refused.size < mostRefused) refused.add(key)
  }
  const writeOne = async ({ target, events }: Waiting) => {
    const makes = await whatMayBeMade(target, options)
    if (makes === undefined) {
      const why = `\`${target.as.roleArn}\` may not write there, or does not trust ${target.as.service}`
      return refuse(target, events.length, why)
    }
    const { group, streamName } = target
    events.sort((one, other) => one.at - other.at)
    for (const part of partsOf(events)) {
      const batch = { group, streamName, events: part, nowMs: now(), makes, ids: randomIds }
      const appended = await appendEvents(documents, batch)
      if (typeof appended === 'string') refuse(target, part.length, 'there is no such log group')
      else refused.delete(nameOf(target))
    }
  }
  const writeAll = async () => {
    const taken = [...waiting.values()]
    const size = waitingSize
    waiting = new Map()
    let isFailing = false
    for (const [at, one] of (await Promise.allSettled(taken.map(writeOne))).entries()) {
      if (one.status === 'fulfilled') continue
      // Said once, until it works again.
      if (!hasFailed && !isFailing) onFailure(one.reason)
      isFailing = true
      dropped += taken[at]!.events.length
    }
    hasFailed = isFailing
    waitingSize -= size
  }
  const begin = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const begunAt = performance.now()
    writing = writeAll().finally(() => {
      writing = undefined
      const tookMs = performance.now() - begunAt
      waitMs = Math.min(Math.max(tookMs / mostOfTime, flushMs), longestFlushMs)
      writeSoon()
    })
    return writing
  }
  /** What comes while others are written waits as long as they did: back to back, commits would be all there is. */
  const writeSoon = () => {
    if (timer === undefined && writing === undefined && waiting.size > 0)
      timer = setTimeout(begin, waitMs).unref()
  }
  const flush = async () => {
    while (writing !== undefined) await writing
    if (waiting.size > 0) await begin()
  }

  return {
    write(target, text) {
      if (waitingSize > mostWaiting) {
        dropped++
        return
      }
      const message = text.length > longestMessage ? text.slice(0, longestMessage) : text
      const key = keyOf(target)
      let found = waiting.get(key)
      if (found === undefined) waiting.set(key, (found = { target, events: [] }))
      found.events.push({ at: now(), message })
      waitingSize += message.length + 64
      writeSoon()
    },
    dropped: () => dropped,
    flush,
    async [Symbol.asyncDispose]() {
      do await flush()
      while (waiting.size > 0 || writing !== undefined)
      clearTimeout(timer)
    },
  }
}

function nameOf({ group, as }: LogTarget): string {
  return `${as.roleArn} ${group.accountId}/${group.region}/${group.name}`
}

function* partsOf(events: Waiting['events']): Generator<Waiting['events']> {
  let begin = 0
  let size = 0
  for (const [at, { message }] of events.entries()) {
    const isFull = at - begin >= together.lines || size + message.length > together.characters
    if (at > begin && isFull) {
      yield events.slice(begin, at)
      begin = at
      size = 0
    }
    size += message.length
  }
  yield events.slice(begin)
}

/** What the role may have made where it is missing; undefined: it may not write there at all. */
async function whatMayBeMade(
  { group, streamName, makesGroup, as }: LogTarget,
  { identities, now }: LogWriterOptions,
): Promise<'stream' | 'group and stream' | undefined> {
  const { accountId, region } = group
  const identity = await identities.actingFor(as, now())
  if (identity === undefined) return undefined
  const places = new Map([[accountId, await identities.placeOf(accountId)]])
  const resource = `${groupArn(group)}:log-stream:`
  const may = (action: string, stream: string) =>
    isAllowed({ action, resource: `${resource}${stream}` }, accountId, identity, places, {
      source: undefined,
      via: undefined,
      now: new Date(now()),
      region,
      headers: [],
    })
  if (!may('logs:CreateLogStream', streamName) || !may('logs:PutLogEvents', streamName))
    return undefined
  return makesGroup && may('logs:CreateLogGroup', '') ? 'group and stream' : 'stream'
}

function isAllowed(
  need: { readonly action: string; readonly resource: string },
  resourceAccountId: string,
  identity: Identity,
  places: Places,
  circumstances: Parameters<typeof decide>[3],
): boolean {
  const decided = decide([{ ...need, resourceAccountId }], identity, places, circumstances)
  return decided?.decision.allowed === true
}
