/** How is a program run so that it reaches nothing but what it was given? */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { isProgram } from './runtimes.ts'
import { isAlive } from './socket-place.ts'

/** What is run, and what it may see. */
export interface Confined {
  readonly program: string
  readonly args: readonly string[]
  /** Read-only, at the same place inside. */
  readonly folders: readonly string[]
  /** Read-only: place inside → place outside. */
  readonly mounts: Readonly<Record<string, string>>
  /** The socket that leads out; inside at `insideSocket`. */
  readonly socket: string
  readonly workingFolder: string
  readonly environment: Readonly<Record<string, string>>
  readonly memoryMb: number
  readonly temporaryMb: number
  readonly hasNetwork: boolean
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingFolder: string
  /** Frees what was set up for it, once its processes are gone. */
  readonly release: () => void
}

export const insideSocket = '/run/sekisho.sock'

export type Confine = (confined: Confined) => Command

/** What is common to every machine's programs; what a machine lacks is left out. */
const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
const systemFiles = [
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/ssl',
]
/** For a network of its own there is nothing to look up. */
const networkFiles = ['/etc/hosts', '/etc/nsswitch.conf', '/etc/resolv.conf']

export function findBubblewrap(path: string): string | undefined {
  return [...path.split(delimiter), '/usr/bin']
    .map((folder) => join(folder, 'bwrap'))
    .find(isProgram)
}

/** @returns why programs cannot be confined with it here; undefined: they can */
export function whyNoBubblewrap(bubblewrap: string | undefined): string | undefined {
  if (bubblewrap === undefined)
    return 'bubblewrap is not installed, so functions cannot be isolated; install it (Debian: `apt-get install bubblewrap`), or start with `--functions unsafe` to run them as your own user'
  try {
    const arguments_ = ['--unshare-all', '--ro-bind', '/', '/', 'true']
    execFileSync(bubblewrap, arguments_, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10_000 })
    return undefined
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? error)
      .trim()
      .split('\n')[0]
    return `bubblewrap does not work here (${said}), so functions cannot be isolated; allow user namespaces, or start with \`--functions unsafe\` to run them as your own user`
  }
}

/** Own namespaces for everything, no capabilities, a file system of what was given, limits on processes, files and memory. */
export function confineWithBubblewrap(bubblewrap: string, path: string): Confine {
  const prlimit = [...path.split(delimiter), '/usr/bin']
    .map((folder) => join(folder, 'prlimit'))
    .find(isProgram)
  const groups = openControlGroups()
  return (confined) => {
    const group = groups?.create(confined.memoryMb + confined.temporaryMb)
    const given = [...systemFolders, ...systemFiles, ...(confined.hasNetwork ? networkFiles : [])]
    const args = [
      '--unshare-all',
      ...(confined.hasNetwork ? ['--share-net'] : []),
      ...['--uid', '993', '--gid', '990', '--hostname', 'localhost'],
      '--die-with-parent',
      '--new-session',
      ...['--cap-drop', 'ALL'],
      ...given.flatMap((place) => ['--ro-bind-try', place, place]),
      ...['--proc', '/proc', '--dev', '/dev'],
      ...['--size', String(confined.temporaryMb * 1024 * 1024), '--tmpfs', '/tmp'],
      ...confined.folders.flatMap((folder) => ['--ro-bind', folder, folder]),
      ...Object.entries(confined.mounts).flatMap(([inside, outside]) => [
        '--ro-bind',
        outside,
        inside,
      ]),
      ...['--ro-bind', confined.socket, insideSocket],
      // What else is there lies in memory, where no limit of `/tmp` counts it.
      ...['--remount-ro', '/', '--remount-ro', '/dev'],
      ...['--chdir', confined.workingFolder],
      '--',
      confined.program,
      ...confined.args,
    ]
    const limited = prlimit
      ? [prlimit, '--nofile=1024:1024', '--nproc=1024:1024', '--core=0:0', '--', bubblewrap]
      : [bubblewrap]
    const [program, ...rest] = group ? group.enter(limited) : limited
    return {
      program: program!,
      args: [...rest, ...args],
      // Not as arguments: those anybody on the machine may read.
      environment: confined.environment,
      workingFolder: '/',
      release: () => group?.release(),
    }
  }
}

/** As the user who runs the server, with everything that this user may do. */
export const confineNothing: Confine = ({ program, args, environment, workingFolder }) => ({
  program,
  args,
  environment,
  workingFolder,
  release: () => {},
})

interface ControlGroup {
  /** The command that enters it and goes on as the given one. */
  readonly enter: (command: readonly string[]) => readonly string[]
  readonly release: () => void
}

interface ControlGroups {
  readonly create: (memoryMb: number) => ControlGroup
}

const mostProcesses = 1024

/**
 * The kernel's own limits, where this process may set them (version 1 with its controllers, or version 2 with memory and
 * pids delegated). Elsewhere the watch over the memory of an environment has to do.
 */
function openControlGroups(): ControlGroups | undefined {
  const layouts = [versionOne, versionTwo]
  for (const layout of layouts) {
    try {
      layout(1).release()
    } catch {
      continue
    }
    for (const parent of groupParents()) removeStale(parent)
    return { create: layout }
  }
  return undefined
}

/** Folders in which this server's groups lie. */
function groupParents(): readonly string[] {
  const own = ownGroup()
  return [
    '/sys/fs/cgroup/memory',
    '/sys/fs/cgroup/pids',
    ...(own === undefined ? [] : [join('/sys/fs/cgroup', dirname(own))]),
  ]
}

/** Groups of servers that were killed. */
function removeStale(parent: string): void {
  const names = existsSync(parent) ? readdirSync(parent) : []
  for (const name of names) {
    const pid = Number(/^sekisho-(\d+)-\d+$/.exec(name)?.[1])
    if (!(pid > 0) || isAlive(pid)) continue
    try {
      rmdirSync(join(parent, name))
    } catch {
      // Not empty yet, or somebody else's.
    }
  }
}

/** In version 2 of control groups. */
function ownGroup(): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
}

let counter = 0

function versionOne(memoryMb: number): ControlGroup {
  const name = `sekisho-${process.pid}-${++counter}`
  const memory = join('/sys/fs/cgroup/memory', name)
  const pids = join('/sys/fs/cgroup/pids', name)
  return controlGroup([
    [memory, { 'memory.limit_in_bytes': memoryMb * 1024 * 1024 }],
    [pids, { 'pids.max': mostProcesses }],
  ])
}

function versionTwo(memoryMb: number): ControlGroup {
  const own = ownGroup()
  if (own === undefined) throw new Error('no control group')
  const parent = join('/sys/fs/cgroup', dirname(own))
  const folder = join(parent, `sekisho-${process.pid}-${++counter}`)
  return controlGroup([
    [folder, { 'memory.max': memoryMb * 1024 * 1024, 'pids.max': mostProcesses }],
  ])
}

function controlGroup(
  parts: readonly (readonly [folder: string, limits: Readonly<Record<string, number>>])[],
): ControlGroup {
  const made: string[] = []
  const release = (tries = 20) => {
    for (const folder of made.splice(0))
      try {
        rmdirSync(folder)
      } catch {
        made.push(folder)
      }
    // Its last process is still being buried.
    if (made.length > 0 && tries > 0) setTimeout(release, 100, tries - 1).unref()
  }
  try {
    for (const [folder, limits] of parts) {
      if (!existsSync(dirname(folder))) throw new Error('no such controller')
      mkdirSync(folder)
      made.push(folder)
      for (const [name, value] of Object.entries(limits))
        writeFileSync(join(folder, name), String(value), { flag: 'r+' })
    }
  } catch (error) {
    release()
    throw error
  }
  const files = parts.map(([folder]) => join(folder, 'cgroup.procs'))
  const script = `${files.map((_, at) => `echo $$ > "$${at + 1}"`).join(' && ')} && shift ${files.length} && exec "$@"`
  return {
    enter: (command) => ['/bin/sh', '-c', script, 'sh', ...files, ...command],
    release: () => release(),
  }
}
