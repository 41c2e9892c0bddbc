/** What memory has no room for, in files: bounded, forgotten from what has not been asked for the longest, and forgotten whole where it is not to be kept. */
import { hash } from 'node:crypto'
import fs, { mkdirSync, rmSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRecent, type Spill, storedOf } from '@sekisho/edge'

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

/** Waiting in memory to be written; beyond it what memory lets go of is gone. What waits long is garbage that is found late. A single one may be larger. */
const mostWaitingBytes = 1024 * 1024
/** Files are remembered by name: that costs memory too. */
const mostFiles = 65_536

// Those of `fs/promises` leave several times as much garbage behind, of the kind that is collected last.
const readFile = promisify(fs.readFile)
const rename = promisify(fs.rename)
const unlink = promisify(fs.unlink)
const writeFile = promisify(fs.writeFile)

export function openDiskCache(options: DiskCacheOptions): DiskCache {
  const { folder, limitBytes, keeps, onFailure } = options
  if (!keeps) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = createRecent<true>()
  const waiting = new Map<string, Uint8Array>()
  let waitingBytes = 0
  let writing: Promise<void> | undefined

  const settle = (name: string) => {
    waitingBytes -= waiting.get(name)?.length ?? 0
    waiting.delete(name)
  }
  const erase = (name: string) => {
    unlink(join(folder, name)).catch(() => {})
  }
  const add = (name: string, sizeBytes: number) => {
    files.add(name, true, sizeBytes)
    while (files.sizeBytes() > limitBytes || files.count() > mostFiles) {
      const oldest = files.takeOldest()
      if (oldest === undefined) break
      erase(oldest.key)
    }
  }
  const write = async () => {
    for (const [name, bytes] of waiting) {
      const path = join(folder, name)
      try {
        await writeFile(`${path}.new`, bytes, { mode: 0o600 })
        await rename(`${path}.new`, path)
        // Meanwhile it may have been dropped, or taken back.
        if (waiting.get(name) === bytes) {
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
    const known: { readonly name: string; readonly size: number; readonly mtimeMs: number }[] = []
    for (const name of await readdir(folder)) {
      const [called = '', ...rest] = name.split('.')
      if (rest.length === 0 && isName.test(name))
        known.push({ name, ...(await stat(join(folder, name))) })
      // What an earlier server was writing when it died, or called otherwise.
      else if (!waiting.has(called)) erase(name)
    }
    for (const { name, size } of known.sort((one, other) => one.mtimeMs - other.mtimeMs))
      if (files.find(name) === undefined) add(name, size)
  }

  const drop = (key: string) => {
    const name = nameOf(key)
    settle(name)
    if (files.find(name) === undefined) return
    files.remove(name)
    erase(name)
  }

  return {
    ready: keeps ? found().catch(onFailure) : Promise.resolve(),
    find(key) {
      const name = nameOf(key)
      const held = waiting.get(name)
      if (held !== undefined) return Promise.resolve(storedOf(held, key))
      if (files.find(name) === undefined) return undefined
      return readFile(join(folder, name)).then(
        (bytes) => storedOf(bytes, key),
        () => {
          files.remove(name)
          return undefined
        },
      )
    },
    keep(key, bytes) {
      // What is there from before is older.
      if (waiting.size > 0 && waitingBytes + bytes.length > mostWaitingBytes) return drop(key)
      const name = nameOf(key)
      settle(name)
      waitingBytes += bytes.length
      waiting.set(name, bytes)
      writing ??= write()
    },
    drop,
    async flush() {
      while (writing !== undefined) await writing
    },
    sizeBytes: files.sizeBytes,
  }
}

/** Keys are chosen by viewers: none of them is a name of a file. */
function nameOf(key: string): string {
  return hash('sha256', key, 'buffer').toString('hex', 0, 16)
}

const isName = /^[0-9a-f]{32}$/
