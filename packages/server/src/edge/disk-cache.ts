/** What memory has no room for, in files: bounded, forgotten from the oldest, and forgotten whole where it is not to be kept. */
import { hash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Spill, type Stored, sizeOf } from '@sekisho/edge'

export interface DiskCache extends Spill {
  /** Resolves when the files that were there before are known. */
  readonly ready: Promise<void>
  /** Resolves when everything that was handed over is on disk, or given up. */
  readonly flush: () => Promise<void>
  readonly sizeBytes: () => number
}

export interface DiskCacheOptions {
  readonly folder: string
  readonly limitBytes: number
  /** What is there from before may be served. */
  readonly keeps: boolean
  readonly onFailure: (error: unknown) => void
}

interface Waiting {
  readonly key: string
  readonly stored: Stored
  readonly sizeBytes: number
}

/** Waiting in memory to be written; beyond it what memory lets go of is gone. A single one may be larger. */
const mostWaitingBytes = 8 * 1024 * 1024
/** Files are remembered by name: that costs memory too. */
const mostFiles = 100_000

export function openDiskCache(options: DiskCacheOptions): DiskCache {
  const { folder, limitBytes, keeps, onFailure } = options
  if (!keeps) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // In the order of their making, the oldest first.
  const files = new Map<string, number>()
  const waiting = new Map<string, Waiting>()
  let total = 0
  let waitingBytes = 0
  let writing: Promise<void> | undefined

  const forget = (name: string) => {
    total -= files.get(name) ?? 0
    files.delete(name)
  }
  const settle = (name: string) => {
    waitingBytes -= waiting.get(name)?.sizeBytes ?? 0
    waiting.delete(name)
  }
  const remove = (name: string) => {
    forget(name)
    unlink(join(folder, name)).catch(() => {})
  }
  const add = (name: string, sizeBytes: number) => {
    forget(name)
    files.set(name, sizeBytes)
    total += sizeBytes
    for (const oldest of files.keys()) {
      if (total <= limitBytes && files.size <= mostFiles) break
      remove(oldest)
    }
  }
  const write = async () => {
    for (const [name, { key, stored }] of waiting) {
      const bytes = encode(key, stored)
      const path = join(folder, name)
      try {
        await writeFile(`${path}.new`, bytes, { mode: 0o600 })
        await rename(`${path}.new`, path)
        // Meanwhile it may have been dropped, or taken back.
        if (waiting.get(name)?.stored === stored) {
          settle(name)
          add(name, bytes.length)
        } else if (!waiting.has(name)) await unlink(path)
      } catch (error) {
        waiting.clear()
        waitingBytes = 0
        onFailure(error)
      }
    }
    writing = undefined
  }
  const found = async () => {
    const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name))
    const known = await Promise.all(
      names.map(async (name) => ({ name, ...(await stat(join(folder, name))) })),
    )
    for (const { name, size } of known.sort((one, other) => one.mtimeMs - other.mtimeMs))
      if (!files.has(name)) add(name, size)
  }

  const drop = (key: string) => {
    const name = nameOf(key)
    settle(name)
    if (files.has(name)) remove(name)
  }

  return {
    ready: keeps ? found().catch(onFailure) : Promise.resolve(),
    find(key) {
      const name = nameOf(key)
      const held = waiting.get(name)
      if (held !== undefined) return Promise.resolve(held.stored)
      if (!files.has(name)) return undefined
      return readFile(join(folder, name)).then(
        (bytes) => decode(bytes, key),
        () => {
          forget(name)
          return undefined
        },
      )
    },
    keep(key, stored) {
      const sizeBytes = sizeOf(key, stored)
      // What is there from before is older.
      if (waiting.size > 0 && waitingBytes + sizeBytes > mostWaitingBytes) return drop(key)
      const name = nameOf(key)
      settle(name)
      waitingBytes += sizeBytes
      waiting.set(name, { key, stored, sizeBytes })
      writing ??= write()
    },
    drop,
    async flush() {
      while (writing !== undefined) await writing
    },
    sizeBytes: () => total,
  }
}

/** Keys are chosen by viewers: none of them is a name of a file. */
function nameOf(key: string): string {
  return hash('sha256', key)
}

/** Four bytes of length, what is known of it as JSON, the body. */
function encode(key: string, { body, ...rest }: Stored): Uint8Array {
  // JSON has no infinity.
  const errorUntil = Number.isFinite(rest.errorUntil) ? rest.errorUntil : undefined
  const head = Buffer.from(JSON.stringify({ key, ...rest, errorUntil }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  return Buffer.concat([length, head, body])
}

/** @returns undefined for what is another's, or broken */
function decode(bytes: Buffer, key: string): Stored | undefined {
  try {
    const end = 4 + bytes.readUInt32BE(0)
    const { key: kept, ...head } = JSON.parse(bytes.toString('utf8', 4, end)) as Stored & {
      readonly key: string
    }
    if (kept !== key) return undefined
    const { errorUntil = Number.POSITIVE_INFINITY } = head
    return { ...head, errorUntil, body: new Uint8Array(bytes.subarray(end)) }
  } catch {
    return undefined
  }
}
