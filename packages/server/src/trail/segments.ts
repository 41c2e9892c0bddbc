/** Where lines of the decision log lie: files that are only ever appended to, the oldest deleted in time. */
import { type FileHandle, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export const segmentLimits = {
  segmentBytes: 16 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
} as const

export interface Retention {
  readonly maxAgeMs: number
  readonly totalBytes: number
  readonly segmentBytes: number
}

const namePattern = /^decisions-\d{15}-\d+\.jsonl$/

export class Segments {
  readonly #folder: string
  readonly #retention: Retention
  readonly #now: () => number
  #file: FileHandle | undefined
  #sizeBytes = 0

  constructor(folder: string, retention: Retention, now: () => number) {
    this.#folder = folder
    this.#retention = retention
    this.#now = now
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#file === undefined || this.#sizeBytes >= this.#retention.segmentBytes)
      await this.#begin()
    this.#sizeBytes += bytes.length
    await this.#file!.appendFile(bytes)
  }

  /** Newest first. */
  async *newestFirst(): AsyncGenerator<Buffer> {
    for (const name of (await this.#names()).reverse()) {
      try {
        yield await readFile(join(this.#folder, name))
      } catch (error) {
        // Deleted meanwhile by another process of this server.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }

  /** Deletes what is older, and what is more, than is kept; never the file being written. */
  async sweep(): Promise<void> {
    let keptBytes = 0
    for (const [place, name] of (await this.#names()).reverse().entries()) {
      const path = join(this.#folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) continue
      keptBytes += found.size
      const isOld = this.#now() - found.mtimeMs > this.#retention.maxAgeMs
      const isBeyond = keptBytes > this.#retention.totalBytes
      if (place > 0 && (isOld || isBeyond)) await unlink(path).catch(() => undefined)
    }
  }

  async empty(): Promise<void> {
    await this.close()
    for (const name of await this.#names()) await unlink(join(this.#folder, name))
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #begin(): Promise<void> {
    await this.close()
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const name = `decisions-${String(this.#now()).padStart(15, '0')}-${process.pid}.jsonl`
    this.#file = await open(join(this.#folder, name), 'a', 0o600)
    this.#sizeBytes = 0
    await this.sweep()
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.filter((name) => namePattern.test(name)).sort()
  }
}
