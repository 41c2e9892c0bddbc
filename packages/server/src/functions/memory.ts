/** How much memory does a process hold, with all of its descendants? */
import { readFileSync } from 'node:fs'

/** In megabytes; 0 where the system does not say. */
export function residentMb(pid: number): number {
  let kilobytes = 0
  const open = [pid]
  for (let at = 0; at < open.length && at < 2_048; at++) {
    const each = open[at]!
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${each}/status`))?.[1] ?? 0)
    for (const child of read(`/proc/${each}/task/${each}/children`).split(' '))
      if (child !== '') open.push(Number(child))
  }
  return kilobytes / 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
