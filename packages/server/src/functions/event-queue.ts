/** Runs events that nobody waits for, when they are due: which of them wait, which run, and what follows an attempt. */
import {
  type EventRecord,
  type FunctionRunner,
  type IdSource,
  lambdaCollections,
  type RunEventOptions,
  readEventKey,
  runEvent,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Clock } from '../clock.ts'

export interface EventQueueOptions {
  readonly store: Pick<State, 'changes' | 'documents'>
  readonly clock: Clock
  readonly ids: IdSource
  readonly functions: Pick<FunctionRunner, 'invoke'>
  readonly onFailure: (error: unknown) => void
  /** After how long an event is looked for again whose attempt was lost for reasons of this server's. */
  readonly againMs?: number
}

export interface EventQueue extends AsyncDisposable {
  readonly hasRoomFor: (bytes: number) => boolean
  /** From now on events are run here; one process of a server does it. */
  readonly begin: (aws: RunEventOptions['aws']) => Promise<void>
}

const eventCollection = lambdaCollections.events
/** All that may wait. */
const most = { events: 100_000, bytes: 512 * 1024 * 1024 } as const
/** Events that are run at once; of one function, so that no function waits for another's. */
const mostRunning = 64
const mostOfOne = 16
/** Read at once when the queue begins. */
const pageSize = 200
/** The longest that a timer takes. */
const longestMs = 2 ** 31 - 1

interface Line {
  /** Keys in order: the first is due first. */
  readonly waiting: string[]
  running: number
}

export function openEventQueue(options: EventQueueOptions): EventQueue {
  const { store, clock, ids, functions, onFailure, againMs = 30_000 } = options
  const { documents, changes } = store
  const lines = new Map<string, Line>()
  /** Those that wait and those that run. */
  const known = new Set<string>()
  let bytes = 0
  let running = 0
  let aws: RunEventOptions['aws'] | undefined
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let soon: NodeJS.Immediate | undefined

  const add = (key: string) => {
    if (known.has(key)) return
    known.add(key)
    const { functionKey, bytes: size } = readEventKey(key)
    bytes += size
    let line = lines.get(functionKey)
    if (line === undefined) lines.set(functionKey, (line = { waiting: [], running: 0 }))
    const { waiting } = line
    let at = waiting.length
    while (at > 0 && waiting[at - 1]! > key) at--
    waiting.splice(at, 0, key)
    pumpSoon()
  }
  const drop = (key: string) => {
    if (!known.delete(key)) return
    const { functionKey, bytes: size } = readEventKey(key)
    bytes -= size
    const line = lines.get(functionKey)
    const at = line?.waiting.indexOf(key) ?? -1
    if (at >= 0) line?.waiting.splice(at, 1)
    if (line?.waiting.length === 0 && line.running === 0) lines.delete(functionKey)
  }
  /** Somebody wrote it or took it away. */
  const look = async (key: string) => {
    if ((await documents.get(eventCollection, key)) === undefined) drop(key)
    else add(key)
  }
  const pumpSoon = () => {
    soon ??= setImmediate(pump)
  }
  const pump = () => {
    soon = undefined
    clearTimeout(timer)
    if (aws === undefined || isClosed) return
    const now = clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const line of lines.values()) {
      while (line.waiting.length > 0 && line.running < mostOfOne && running < mostRunning) {
        const { dueAt } = readEventKey(line.waiting[0]!)
        if (dueAt > now) {
          next = Math.min(next, dueAt)
          break
        }
        void run(line, line.waiting.shift()!, aws)
      }
    }
    if (next < Number.POSITIVE_INFINITY)
      timer = setTimeout(pump, Math.min(next - now, longestMs)).unref()
  }
  const run = async (line: Line, key: string, call: RunEventOptions['aws']) => {
    line.running++
    running++
    try {
      const event = (await documents.get<EventRecord>(eventCollection, key))?.value
      if (event !== undefined)
        await runEvent(key, event, {
          documents,
          functions,
          aws: call,
          now: clock.now,
          draw: Math.random,
          newId: ids.uuid,
          // What ends because the server does has not been tried.
          isStopping: () => isClosed,
        })
      // Kept for the next start.
      if (!isClosed) drop(key)
    } catch (error) {
      drop(key)
      if (!isClosed) {
        onFailure(error)
        // It is kept where it was: what was in the way may be gone by then.
        setTimeout(() => {
          if (!isClosed) look(key).catch(onFailure)
        }, againMs).unref()
      }
    } finally {
      line.running--
      running--
      pumpSoon()
    }
  }

  const watching = changes.subscribe((told) => {
    for (const { collection, key } of told)
      if (collection === eventCollection) look(key).catch(onFailure)
  })
  const jumping = clock.onJump(pumpSoon)

  return {
    hasRoomFor: (size) => known.size < most.events && bytes + size <= most.bytes,
    async begin(call) {
      aws = call
      let after: string | undefined
      for (;;) {
        const range = { limit: pageSize, ...(after !== undefined && { after }) }
        const page = await documents.list(eventCollection, range)
        for (const { key } of page) add(key)
        after = page.at(-1)?.key
        if (page.length < pageSize) break
      }
      pumpSoon()
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(timer)
      clearImmediate(soon)
      watching[Symbol.dispose]()
      jumping[Symbol.dispose]()
    },
  }
}
