/** Servers under measurement: started on one core, watched for their CPU time, ended with the run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The server has one core, the generator (and any upstream) the other. */
export const serverCore = '0'
export const loadCore = '1'

export interface Started extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  /** Milliseconds from exec to the first answer. */
  readonly startMs: number
  /** @throws Error  it has ended by itself */
  readonly check: () => void
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly url: string
  readonly core?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Says something of every request. */
  readonly isLoud?: boolean
  /** How long it may take to begin (30 s). */
  readonly startsWithinMs?: number
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Starts a server and waits until it answers HTTP at all, itself: whatever else has the port does not count.
 *
 * @throws Error  it ended first, somebody else has its port, or it does not answer
 */
export async function startServer(launch: Launch): Promise<Started> {
  const begun = performance.now()
  const child = spawn(
    'taskset',
    ['-c', launch.core ?? serverCore, launch.command, ...launch.args],
    {
      cwd: launch.cwd,
      env: { ...process.env, ...launch.env },
      stdio: ['ignore', 'ignore', launch.isLoud ? 'ignore' : 'inherit'],
    },
  )
  try {
    await answers(launch, child, launch.startsWithinMs ?? 30_000)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const startMs = performance.now() - begun
  return {
    pid: child.pid ?? 0,
    url: launch.url,
    startMs,
    check() {
      if (hasEnded(child)) throw new Error(`${nameOf(launch)} ended with ${howEnded(child)}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended(child)
    },
  }
}

/** User and system time of the process and its living descendants, in microseconds. */
export function cpuMicros(pid: number): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + ownMicros(each), 0)
}

/** Resident memory of the process and its descendants, in megabytes. */
export function residentMb(pid: number): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + residentKb(each) / 1024, 0)
}

const microsPerTick = 10_000

function ownMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

function descendants(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const own = children === '' ? [] : children.split(' ').map(Number)
  return own.flatMap((child) => [child, ...descendants(child)])
}

async function answers(launch: Launch, child: ChildProcess, withinMs: number): Promise<void> {
  const { url } = launch
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error(`${nameOf(launch)} ended with ${howEnded(child)}`)
    try {
      await (await fetch(url)).arrayBuffer()
    } catch {
      await sleep(2)
      continue
    }
    if (listens(child.pid ?? 0, Number(new URL(url).port))) return
    if (!hasEnded(child)) throw new Error(`${url} is not answered by ${nameOf(launch)}`)
  }
  throw new Error(`no answer of ${nameOf(launch)} at ${url} within ${withinMs} ms`)
}

function nameOf({ command, args }: Launch): string {
  return [command, ...args.slice(0, 3)].join(' ')
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function howEnded({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ?? `exit code ${exitCode}`
}

/** Has the process, or one below it, the socket that listens on this port? */
function listens(pid: number, port: number): boolean {
  const inodes = new Set(
    ['tcp', 'tcp6'].flatMap((family) =>
      readFileSync(`/proc/net/${family}`, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local = '', , state]) => state === '0A' && portOf(local) === port)
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  )
  return [pid, ...descendants(pid)].some((each) =>
    readdirSync(`/proc/${each}/fd`).some((fd) => inodes.has(linkOf(`/proc/${each}/fd/${fd}`))),
  )
}

const portOf = (address: string) => Number.parseInt(address.split(':')[1] ?? '', 16)

/** Empty for a descriptor that is closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await promise
  clearTimeout(timer)
}
