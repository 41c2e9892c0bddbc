/** How much memory does a process hold, with all of its descendants? */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** In kilobytes. */
interface Held {
  readonly pid: number
  readonly own: number
  /** Of what may be mapped by others as well. */
  readonly shared: number
}

const mostProcesses = 2_048
/** Of smaller ones it does not matter how much of them is counted twice. */
const largeKb = 8_192
/** Less than this on the whole machine is not looked for in one process's files. */
const leastSharedKb = 65_536

/** In megabytes; 0 where the system does not say. */
export function residentMb(pid: number): number {
  const family = familyOf(pid)
  // What forks have in common with one another is there once, and counts once.
  const areLikely = family.filter(({ own }) => own > largeKb).length > 1
  const all = areLikely ? family.map(partOf) : family
  const own = all.reduce((sum, each) => sum + each.own, 0)
  const mapped = all.reduce((sum, each) => sum + each.shared, 0)
  return (own + Math.max(mapped, namelessKb(family))) / 1024
}

function familyOf(pid: number): readonly Held[] {
  const family: Held[] = []
  const open = [pid]
  for (let at = 0; at < open.length && at < mostProcesses; at++) {
    const each = open[at]!
    const status = read(`/proc/${each}/status`)
    const shared = kilobytesOf(status, 'RssShmem')
    family.push({ pid: each, own: kilobytesOf(status, 'VmRSS') - shared, shared })
    for (const child of read(`/proc/${each}/task/${each}/children`).split(' '))
      if (child !== '') open.push(Number(child))
  }
  return family
}

/** What is mapped several times is shared out among those who have it. */
function partOf(held: Held): Held {
  const rollup = read(`/proc/${held.pid}/smaps_rollup`)
  if (rollup === '') return held
  const shared = kilobytesOf(rollup, 'Pss_Shmem')
  return { ...held, own: kilobytesOf(rollup, 'Pss') - shared, shared }
}

/** Files without a name that lie in memory (`memfd_create`): they need not be mapped to be there. */
function namelessKb(family: readonly Held[]): number {
  if (kilobytesOf(read('/proc/meminfo'), 'Shmem') < leastSharedKb) return 0
  const sizes = new Map<number, number>()
  for (const { pid } of family)
    for (const path of filesOf(pid))
      try {
        if (!readlinkSync(path).startsWith('/memfd:')) continue
        const { ino, blocks } = statSync(path)
        sizes.set(ino, blocks / 2)
      } catch {
        // Closed since.
      }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

function filesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`)
  } catch {
    return []
  }
}

/** `VmRSS:     1234 kB` */
function kilobytesOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
