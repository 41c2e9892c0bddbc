/** Where the socket lies on which functions call: in the data folder, so that a killed server leaves nothing elsewhere. */
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SocketPlace extends Disposable {
  /** The file itself. */
  readonly path: string
  /** What this process listens on. */
  readonly address: string
  /** What other processes connect to, where they see the same files. */
  readonly outside: string
}

/** Sockets' names are bounded (107 bytes), and a data folder's may be long. */
const longestName = 100

/** @param folder  of the sockets of all processes of a server */
export function openSocketPlace(folder: string): SocketPlace {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  removeStale(folder)
  const name = `${process.pid}.sock`
  const path = join(folder, name)
  rmSync(path, { force: true })
  if (Buffer.byteLength(path) <= longestName)
    return {
      path,
      address: path,
      outside: path,
      [Symbol.dispose]: () => rmSync(path, { force: true }),
    }
  if (process.platform !== 'linux') return temporaryPlace()
  // Its folder has a short name as an open file.
  const opened = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  return {
    path,
    address: `/proc/self/fd/${opened}/${name}`,
    outside: `/proc/${process.pid}/fd/${opened}/${name}`,
    [Symbol.dispose]() {
      rmSync(path, { force: true })
      closeSync(opened)
    },
  }
}

function temporaryPlace(): SocketPlace {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-'))
  const path = join(folder, 'functions.sock')
  return {
    path,
    address: path,
    outside: path,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Those of processes that are gone. */
function removeStale(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { force: true })
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's lives, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
