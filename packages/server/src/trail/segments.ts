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

const namePattern = /^decisions-\d{15}-\d+-\d{6}\.log$/

export class Segments {
  readonly #folder: string
  readonly #retention: Retention
  readonly #now: () => number
  #file: FileHandle | undefined
  #begun = 0

  constructor(folder: string, retention: Retention, now: () => number) {
    this.#folder = folder
    this.#retention = retention
    this.#now = now
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#begin()
    await this.#file.appendFile(bytes)
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

  /** What is appended next begins another segment. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #begin(): Promise<FileHandle> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const time = String(this.#now()).padStart(15, '0')
    const name = `decisions-${time}-${process.pid}-${String(this.#begun++).padStart(6, '0')}.log`
    const file = await open(join(this.#folder, name), 'ax', 0o600)
    await this.sweep()
    return file
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.filter((name) => namePattern.test(name)).sort()
  }
}
