/** Blobs as files in a folder: whole or not there at all. */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareKeys } from '../optimistic.ts'
import type { Blobs } from '../store.ts'

/** Which file holds which blob; kept where records are kept, so that a name needs no place in the file system. */
export interface BlobIndex {
  names(prefix: string): readonly string[]
  file(name: string): string | undefined
  set(name: string, file: string): Promise<void>
  delete(name: string): Promise<void>
}

export class BlobFolder implements Blobs {
  readonly #folder: string
  readonly #index: BlobIndex

  private constructor(folder: string, index: BlobIndex) {
    this.#folder = folder
    this.#index = index
  }

  static async open(folder: string, index: BlobIndex): Promise<BlobFolder> {
    await mkdir(join(folder, 'unfinished'), { recursive: true, mode: 0o700 })
    // What a crash left half written belongs to nobody.
    for (const name of await readdir(join(folder, 'unfinished')))
      await rm(join(folder, 'unfinished', name), { force: true })
    return new BlobFolder(folder, index)
  }

  async put(
    name: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<{ sizeBytes: number }> {
    const unfinished = join(this.#folder, 'unfinished', randomUUID())
    const file = `${createHash('sha256').update(name).digest('hex').slice(0, 2)}/${randomUUID()}`
    const target = join(this.#folder, file)
    let sizeBytes = 0
    try {
      await using handle = await open(unfinished, 'wx', 0o600)
      for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
        await handle.writeFile(part)
        sizeBytes += part.length
      }
      await handle.sync()
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(unfinished, target)
      await syncFolder(dirname(target))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    const before = this.#index.file(name)
    await this.#index.set(name, file)
    if (before !== undefined) await rm(join(this.#folder, before), { force: true })
    return { sizeBytes }
  }

  async get(
    name: string,
    range?: { start: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = this.#index.file(name)
    if (file === undefined) return undefined
    const path = join(this.#folder, file)
    const { size } = await stat(path)
    const start = range?.start ?? 0
    const end = Math.min(range?.end ?? size, size)
    return end <= start ? nothing() : createReadStream(path, { start, end: end - 1 })
  }

  async delete(name: string): Promise<void> {
    const file = this.#index.file(name)
    if (file === undefined) return
    await this.#index.delete(name)
    await rm(join(this.#folder, file), { force: true })
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* [...this.#index.names(prefix)].sort(compareKeys)
  }
}

/** A rename is on disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

async function* nothing(): AsyncIterable<Uint8Array> {}
