/** Has this machine anything left to give? More processes do not make a busy one faster. */
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Shorter than this nothing can be told. */
const spanMs = 50
/** Of the processors that this process may use, together, the share without work below which the machine is busy. */
const leastIdle = 0.15

interface Times {
  readonly at: number
  readonly idle: number
  readonly total: number
}

/** @returns whether the machine has been busy lately */
export function createBusyProbe(): () => boolean {
  const mayUse = allowedProcessors()
  let before = times(mayUse)
  let isBusy = false
  return () => {
    if (performance.now() - before.at < spanMs) return isBusy
    const now = times(mayUse)
    const total = now.total - before.total
    // Counted in ticks: where none has passed, nothing is new.
    if (total > 0) isBusy = (now.idle - before.idle) / total < leastIdle
    before = now
    return isBusy
  }
}

/** The share of its time above which a process is what others wait for. */
const mostOfLoop = 0.5

/** @returns whether this process has been at work most of the time lately */
export function createLoopProbe(): () => boolean {
  let before = performance.eventLoopUtilization()
  let beganAt = performance.now()
  let isBusy = false
  return () => {
    if (performance.now() - beganAt < spanMs) return isBusy
    const now = performance.eventLoopUtilization()
    isBusy = performance.eventLoopUtilization(now, before).utilization > mostOfLoop
    before = now
    beganAt = performance.now()
    return isBusy
  }
}

function times(mayUse: ReadonlySet<number> | undefined): Times {
  let idle = 0
  let total = 0
  for (const [number, { times: each }] of cpus().entries()) {
    if (mayUse !== undefined && !mayUse.has(number)) continue
    idle += each.idle
    total += each.user + each.nice + each.sys + each.idle + each.irq
  }
  return { at: performance.now(), idle, total }
}

/** `0-3,8`; undefined where the system does not say: all. */
function allowedProcessors(): ReadonlySet<number> | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1]
    return list === undefined ? undefined : processorsOf(list)
  } catch {
    return undefined
  }
}

export function processorsOf(list: string): ReadonlySet<number> {
  const found = new Set<number>()
  for (const part of list.split(',')) {
    const [first = 0, last = first] = part.split('-').map(Number)
    for (let at = first; at <= last; at++) found.add(at)
  }
  return found
}
