/** Blobs as files in a folder: whole or not there at all. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareKeys } from '../optimistic.ts'
import type { Beside, Blobs } from '../store.ts'
import { OpenFiles } from './open-files.ts'

/** Which file holds which blob; kept where records are kept, so that a name needs no place in the file system. */
export interface BlobIndex {
  names(prefix: string): readonly string[]
  file(name: string): string | undefined
  set(name: string, file: string, beside?: Beside): Promise<void>
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
    // What a crash left half written belongs to nobody; several processes may have the folder open.
    for (const name of await readdir(join(folder, 'unfinished')))
      if (!isBeingWritten(name)) await rm(join(folder, 'unfinished', name), { force: true })
    return new BlobFolder(folder, index)
  }

  async put(
    name: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    beside?: Beside,
  ): Promise<{ sizeBytes: number }> {
    const unfinished = join(this.#folder, 'unfinished', `${process.pid}.${randomUUID()}`)
    const file = `${createHash('sha256').update(name).digest('hex').slice(0, 2)}/${randomUUID()}`
    const target = join(this.#folder, file)
    let sizeBytes = 0
    try {
      await using handle = await open(unfinished, 'wx', 0o600)
      sizeBytes = await write(handle, bytes instanceof Uint8Array ? [bytes] : bytes)
      await handle.sync()
      await this.#makeShelf(dirname(target))
      await rename(unfinished, target)
      await syncFolder(dirname(target))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    const before = this.#index.file(name)
    await this.#index.set(name, file, beside)
    if (before !== undefined) await this.#remove(before)
    return { sizeBytes }
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
    // The file first: a crash between the two would leave one without a name to nobody.
    if (file !== undefined) await this.#remove(file)
    else if (beside === undefined) return
    await this.#index.delete(name, beside)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]()
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* [...this.#index.names(prefix)].sort(compareKeys)
  }
}

/** By another process that is alive. What has this one's number is of one before it. */
function isBeingWritten(name: string): boolean {
  const pid = Number(/^(\d+)\./.exec(name)?.[1] ?? 0)
  if (pid === 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
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
