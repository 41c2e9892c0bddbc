/** Blobs as files in a folder: whole or not there at all. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, readdir, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareKeys } from '../optimistic.ts'
import type { Beside, Blobs } from '../store.ts'
import { OpenFiles } from './open-files.ts'

/** Which file holds which blob; kept where records are kept, so that a name needs no place in the file system. */
export interface BlobIndex {
  names(prefix: string): readonly string[]
  file(name: string): string | undefined
  /** Those of the files that hold a blob. */
  held(files: readonly string[]): ReadonlySet<string>
  /** @returns the file that held it until then */
  set(name: string, file: string, beside?: Beside): Promise<string | undefined>
  delete(name: string, beside?: Beside): Promise<void>
}

export class BlobFolder implements Blobs, AsyncDisposable {
  readonly #folder: string
  readonly #index: BlobIndex
  /** Folders of the folder that are known to be there. */
  readonly #shelves = new Set<string>()
  readonly #files = new OpenFiles()

  private constructor(folder: string, index: BlobIndex) {
    this.#folder = folder
    this.#index = index
  }

  static async open(folder: string, index: BlobIndex): Promise<BlobFolder> {
    await mkdir(join(folder, 'unfinished'), { recursive: true, mode: 0o700 })
    const blobs = new BlobFolder(folder, index)
    await blobs.#sweep()
    return blobs
  }

  /** What a crash left half done belongs to nobody; several processes may have the folder open. */
  async #sweep(): Promise<void> {
    const left = (await readdir(join(this.#folder, 'unfinished'))).filter(
      (name) => !isUnderWay(name),
    )
    const files = left.flatMap((name) => fileOf(name) ?? [])
    const held = this.#index.held(files)
    for (const file of files) if (!held.has(file)) await this.#remove(file)
    for (const name of left) await rm(join(this.#folder, 'unfinished', name), { force: true })
  }

  async put(
    name: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    beside?: Beside,
  ): Promise<{ sizeBytes: number }> {
    const file = `${createHash('sha256').update(name).digest('hex').slice(0, 2)}/${randomUUID()}`
    const unfinished = this.#unfinished(file)
    const before = this.#index.file(name)
    let sizeBytes = 0
    let replaced: string | undefined
    try {
      {
        await using handle = await open(unfinished, 'wx', 0o600)
        sizeBytes = await write(handle, bytes instanceof Uint8Array ? [bytes] : bytes)
        await handle.sync()
      }
      const target = join(this.#folder, file)
      await this.#makeShelf(dirname(target))
      // Under both names until the index has it: who finds the first one looks after the second.
      await link(unfinished, target)
      await syncFolder(dirname(target))
      if (before !== undefined) await this.#note(before)
      replaced = await this.#index.set(name, file, beside)
    } catch (error) {
      await this.#settle(name, file)
      if (before !== undefined) await this.#settle(name, before)
      throw error
    }
    await unlink(unfinished)
    for (const former of new Set([before, replaced]))
      if (former !== undefined) await this.#settle(name, former)
    return { sizeBytes }
  }

  /** Under a name by which the next start finds it, should this process end before what is to come is done. */
  async #note(file: string): Promise<void> {
    await link(join(this.#folder, file), this.#unfinished(file)).catch(unlessGone)
  }

  /** The file goes, unless it holds this blob; so does the note of it. */
  async #settle(name: string, file: string): Promise<void> {
    if (this.#index.file(name) !== file) await this.#remove(file)
    await rm(this.#unfinished(file), { force: true })
  }

  /** By process, shelf and file. */
  #unfinished(file: string): string {
    return join(this.#folder, 'unfinished', `${process.pid}.${file.replace('/', '.')}`)
  }

  async #remove(file: string): Promise<void> {
    const path = join(this.#folder, file)
    await this.#files.forget(path)
    await rm(path, { force: true })
  }

  async #makeShelf(path: string): Promise<void> {
    if (this.#shelves.has(path)) return
    await mkdir(path, { recursive: true, mode: 0o700 })
    this.#shelves.add(path)
  }

  async get(
    name: string,
    range?: { start: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = this.#index.file(name)
    if (file === undefined) return undefined
    // Open from now on: whatever happens to the name, these bytes can be read to their end.
    return this.#files.read(join(this.#folder, file), range?.start ?? 0, range?.end)
  }

  async delete(name: string, beside?: Beside): Promise<void> {
    const file = this.#index.file(name)
    if (file === undefined && beside === undefined) return
    if (file !== undefined) await this.#note(file)
    try {
      await this.#index.delete(name, beside)
    } finally {
      if (file !== undefined) await this.#settle(name, file)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]()
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* [...this.#index.names(prefix)].sort(compareKeys)
  }
}

/** By another process that is alive. What has this one's number is of one before it. */
function isUnderWay(name: string): boolean {
  const pid = Number(/^(\d+)\./.exec(name)?.[1] ?? 0)
  if (pid === 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What the name of something unfinished says of where it belongs. */
function fileOf(name: string): string | undefined {
  const [, shelf, file] = /^\d+\.([0-9a-f]{2})\.([0-9a-f-]{36})$/.exec(name) ?? []
  return file && `${shelf}/${file}`
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
}

/** What is written at once: fewer trips to the disk, a bounded memory. */
const pieceBytes = 512 * 1024
/** Of a piece, written as they came: a copy in one piece costs more. */
const mostParts = 64

/** One piece is written while the next one is gathered. */
async function write(
  handle: FileHandle,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  let sizeBytes = 0
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let writing: Promise<void> = Promise.resolve()
  const writeWaiting = async () => {
    await writing
    writing = writeAll(handle, waiting.length > mostParts ? [Buffer.concat(waiting)] : waiting)
    // Its failure is met at the next wait for it, which the source may never let come.
    writing.catch(() => {})
    waiting = []
    waitingBytes = 0
  }
  for await (const part of bytes) {
    waiting.push(part)
    waitingBytes += part.length
    sizeBytes += part.length
    if (waitingBytes >= pieceBytes) await writeWaiting()
  }
  if (waitingBytes > 0) await writeWaiting()
  await writing
  return sizeBytes
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left)
    left = after(left, bytesWritten)
  }
}

/** What is left behind so many bytes. */
function after(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let done = bytes
  for (const [index, part] of parts.entries()) {
    if (done < part.length) return [part.subarray(done), ...parts.slice(index + 1)]
    done -= part.length
  }
  return []
}

/** A rename is on disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}
