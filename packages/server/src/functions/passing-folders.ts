/** Folders that last no longer than the process that made them, beside those that outlast it. */
import { randomUUID } from 'node:crypto'
import { isAlive } from './socket-place.ts'

export type PassingKind = 'unfinished' | 'spare'

/** In a container every run may have the same process id. */
const run = randomUUID().slice(0, 8)

export function passingName(kind: PassingKind): string {
  return `${kind}-${process.pid}-${run}-${randomUUID()}`
}

/** Whether a folder of such a name was left by a process that is gone. */
export function isLeftBehind(name: string): boolean {
  if (!/^(?:unfinished|spare)-/.test(name)) return false
  const [, pid, ofRun] = /^[a-z]+-(\d+)-([0-9a-f]{8})-[0-9a-f-]{36}$/.exec(name) ?? []
  if (pid === undefined) return true
  return Number(pid) === process.pid ? ofRun !== run : !isAlive(Number(pid))
}
