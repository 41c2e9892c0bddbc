/** Interpreters begun in their sandboxes before anybody knows whose they will be: the next cold start finds one waiting. */
import { chmod, link, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { frame, kinds } from './frames.ts'
import { passingName } from './passing-folders.ts'
import { type Begun, killAll } from './process.ts'
import type { Family } from './runtimes.ts'

/** What cannot be changed any more once a process has begun. */
export interface Shape {
  readonly family: Family
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
}

export interface SparesOptions {
  /** Where the folders lie that its processes take for their code. */
  readonly folder: string
  /** Begins one that finds its code in this folder, once there is some. */
  readonly begin: (shape: Shape, codeFolder: string) => Promise<Begun>
  /** Whether the machine has nothing left to give. */
  readonly isBusy: () => boolean
}

/** One waits for each of so many shapes; that of the shape wanted longest ago goes. */
const mostShapes = 4
/** Until the event for which another has been begun is likely to be over. */
const delayMs = 300
/** Larger packages are mounted where they lie, in a sandbox of their own. */
const mostEntries = 300
const mostRemembered = 200

/** What is linked, relative to its package. */
interface Entry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link'
}

interface Spare {
  readonly begun: Begun
  readonly codeFolder: string
  /** Of `performance.now`. */
  readonly since: number
  /** It has ended before anybody wanted it. */
  readonly drop: () => void
}

export class Spares {
  readonly #options: SparesOptions
  /** By shape; the one wanted last is the last. */
  readonly #waiting = new Map<string, Spare>()
  readonly #soon = new Map<string, NodeJS.Timeout>()
  readonly #entries = new Map<string, Promise<readonly Entry[] | undefined>>()
  #isClosed = false

  constructor(options: SparesOptions) {
    this.#options = options
  }

  /**
   * One that has a package's code for its own and has been told its variables; it is nobody else's any more.
   *
   * @returns undefined: none waits, or the package is too large
   */
  async take(
    shape: Shape,
    codeFolder: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<Begun | undefined> {
    const key = keyOf(shape)
    const entries = this.#waiting.has(key) ? await this.#entriesOf(codeFolder) : undefined
    const spare = this.#waiting.get(key)
    if (entries === undefined || spare === undefined) return undefined
    this.#waiting.delete(key)
    const { child, socket } = spare.begun
    const isThere = await linkAll(entries, codeFolder, spare.codeFolder).catch(() => false)
    if (!isThere || child.exitCode !== null || child.signalCode !== null) {
      killAll(child)
      return undefined
    }
    for (const end of ['exit', 'error']) child.off(end, spare.drop)
    socket.write(frame(kinds.variables, Buffer.from(JSON.stringify(variables))))
    return spare.begun
  }

  /** Soon one of this shape waits. */
  prepare(shape: Shape): void {
    const key = keyOf(shape)
    if (this.#isClosed || this.#waiting.has(key) || this.#soon.has(key)) return
    const timer = setTimeout(async () => {
      if (!this.#options.isBusy()) await this.#begin(key, shape).catch(() => {})
      this.#soon.delete(key)
    }, delayMs)
    this.#soon.set(key, timer.unref())
  }

  /** Ends those that have waited for so long. */
  reap(idleMs: number): void {
    for (const [key, { begun, since }] of this.#waiting) {
      if (performance.now() - since < idleMs) continue
      this.#waiting.delete(key)
      killAll(begun.child)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#soon.values()) clearTimeout(timer)
    for (const { begun } of this.#waiting.values()) killAll(begun.child)
    this.#waiting.clear()
  }

  async #begin(key: string, shape: Shape): Promise<void> {
    const codeFolder = join(this.#options.folder, passingName('spare'))
    await mkdir(codeFolder)
    // Isolated functions run as somebody else.
    await chmod(codeFolder, 0o755)
    const remove = () => void rm(codeFolder, { recursive: true, force: true }).catch(() => {})
    let begun: Begun
    try {
      begun = await this.#options.begin(shape, codeFolder)
    } catch (error) {
      remove()
      throw error
    }
    const { child, socket } = begun
    const release = () => {
      begun.release()
      remove()
    }
    const spare: Spare = {
      begun: { ...begun, release },
      codeFolder,
      since: performance.now(),
      drop: () => {
        if (this.#waiting.get(key) === spare) this.#waiting.delete(key)
        release()
      },
    }
    child.once('exit', spare.drop)
    child.once('error', spare.drop)
    // Whoever writes to one that is gone hears of it by its exit.
    socket.on('error', () => {})
    if (this.#isClosed) killAll(child)
    else this.#waiting.set(key, spare)
    const [oldest] = this.#waiting
    if (this.#waiting.size <= mostShapes || oldest === undefined) return
    this.#waiting.delete(oldest[0])
    killAll(oldest[1].begun.child)
  }

  #entriesOf(codeFolder: string): Promise<readonly Entry[] | undefined> {
    let found = this.#entries.get(codeFolder)
    if (found === undefined) {
      // What cannot be read here is told by whoever needs it.
      found = entriesOf(codeFolder).catch(() => undefined)
      if (this.#entries.size >= mostRemembered) this.#entries.clear()
      this.#entries.set(codeFolder, found)
    }
    return found
  }
}

function keyOf({ family, memoryMb, ephemeralStorageMb }: Shape): string {
  return `${family.bootstrap} ${memoryMb} ${ephemeralStorageMb}`
}

/** Of a package, folders before what lies in them; undefined: there are too many. */
async function entriesOf(codeFolder: string): Promise<readonly Entry[] | undefined> {
  const found = await readdir(codeFolder, { recursive: true, withFileTypes: true })
  if (found.length > mostEntries) return undefined
  return found.map((entry) => ({
    name: relative(codeFolder, join(entry.parentPath, entry.name)),
    kind: entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file',
  }))
}

/** Hard links: nothing is copied, and nobody sees more than his own. @returns whether all are there */
async function linkAll(entries: readonly Entry[], from: string, to: string): Promise<boolean> {
  for (const { name, kind } of entries) {
    if (kind === 'folder') await mkdir(join(to, name), { mode: 0o755 })
    if (kind === 'link') await symlink(await readlink(join(from, name)), join(to, name))
  }
  const files = entries.filter(({ kind }) => kind === 'file')
  await Promise.all(files.map(({ name }) => link(join(from, name), join(to, name))))
  return true
}
