/** Has this machine anything left to give? More processes do not make a busy one faster. */
import { cpus } from 'node:os'

/** Shorter than this nothing can be told. */
const spanMs = 50
/** Of all processors together, the share without work below which the machine is busy. */
const leastIdle = 0.15

interface Times {
  readonly at: number
  readonly idle: number
  readonly total: number
}

/** @returns whether the machine has been busy lately */
export function createBusyProbe(): () => boolean {
  let before = times()
  let isBusy = false
  return () => {
    if (performance.now() - before.at < spanMs) return isBusy
    const now = times()
    const total = now.total - before.total
    // Counted in ticks: where none has passed, nothing is new.
    if (total > 0) isBusy = (now.idle - before.idle) / total < leastIdle
    before = now
    return isBusy
  }
}

function times(): Times {
  let idle = 0
  let total = 0
  for (const { times: each } of cpus()) {
    idle += each.idle
    total += each.user + each.nice + each.sys + each.idle + each.irq
  }
  return { at: performance.now(), idle, total }
}
