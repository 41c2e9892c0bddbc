/** A process with the two descriptors by which the server and a bootstrap speak. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { Command } from './sandbox.ts'

export interface Begun {
  readonly child: ChildProcess
  /** Frames, both ways. */
  readonly socket: Duplex
  /** A byte on it asks for the events that were not begun. */
  readonly bell: Duplex
  /** Frees what was set up for it, once it is gone. */
  readonly release: () => void
}

export function beginProcess({
  program,
  args,
  environment,
  workingFolder,
  release,
}: Command): Begun {
  const child = spawn(program, args, {
    cwd: workingFolder,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that all of it can be ended at once.
    detached: true,
  })
  const [, , , socket, bell] = child.stdio as unknown as readonly Duplex[]
  return { child, socket: socket!, bell: bell!, release }
}

/** Ends all of its processes, now. */
export function killAll({ pid }: Pick<ChildProcess, 'pid'>): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
