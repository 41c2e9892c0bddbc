/** What memory has no room for, in files: bounded, forgotten from what has not been asked for the longest, and forgotten whole where it is not to be kept. */
import { hash } from 'node:crypto'
import fs, { mkdirSync, rmSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRecent, createRing, type Spill, storedOf } from '@sekisho/edge'

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

/** Waiting in memory to be written; beyond it the oldest are gone. */
const mostWaitingBytes = 4 * 1024 * 1024
/** Beyond it one waits by itself, and others of its size are gone meanwhile. */
const largeBytes = 1024 * 1024
/** Files are remembered by name: that costs memory too. */
const mostFiles = 65_536

// Those of `fs/promises` leave several times as much garbage behind, of the kind that is collected last.
const readFile = promisify(fs.readFile)
const rename = promisify(fs.rename)
const unlink = promisify(fs.unlink)
const writeFile = promisify(fs.writeFile)

/** What is being written, or the next to be. */
interface Job {
  readonly name: string
  readonly bytes: Uint8Array
  /** Meanwhile it was dropped, or a newer one came. */
  isOver: boolean
}

export function openDiskCache(options: DiskCacheOptions): DiskCache {
  const { folder, limitBytes, keeps, onFailure } = options
  if (!keeps) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = createRecent<true>()
  // In memory of its own: what waits for a slow disk grows old, and old garbage is found late.
  const waiting = createRing(mostWaitingBytes, (name) => forget(name))
  let large: Job | undefined
  let current: Job | undefined
  let writing: Promise<void> | undefined

  const settle = (name: string) => {
    if (current?.name === name) current.isOver = true
    if (large?.name === name) large = undefined
    waiting.drop(name)
  }
  const held = (name: string): Uint8Array | undefined => {
    if (current?.name === name && !current.isOver) return current.bytes
    return large?.name === name ? large.bytes : waiting.find(name)
  }
  const take = (): Job | undefined => {
    const next = large
    large = undefined
    if (next !== undefined) return next
    const [name] = waiting.keys()
    const bytes = name === undefined ? undefined : waiting.find(name)
    if (name === undefined || bytes === undefined) return undefined
    waiting.drop(name)
    return { name, bytes, isOver: false }
  }
  const erase = (name: string) => {
    unlink(join(folder, name)).catch(() => {})
  }
  const forget = (name: string) => {
    if (files.find(name) === undefined) return
    files.remove(name)
    erase(name)
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
    for (let job = take(); job !== undefined; job = take()) {
      current = job
      const { name, bytes } = job
      const path = join(folder, name)
      try {
        await writeFile(`${path}.new`, bytes, { mode: 0o600 })
        await rename(`${path}.new`, path)
        if (!job.isOver) add(name, bytes.length)
        else if (held(name) === undefined) await unlink(path)
      } catch (error) {
        // Whatever is there of them from before is older.
        for (const lost of [name, large?.name, ...waiting.keys()])
          if (lost !== undefined) {
            waiting.drop(lost)
            forget(lost)
          }
        large = undefined
        onFailure(error)
      }
      current = undefined
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
      else if (current?.name !== called && held(called) === undefined) erase(name)
    }
    for (const { name, size } of known.sort((one, other) => one.mtimeMs - other.mtimeMs))
      if (files.find(name) === undefined) add(name, size)
  }

  const drop = (key: string) => {
    const name = nameOf(key)
    settle(name)
    forget(name)
  }

  return {
    ready: keeps ? found().catch(onFailure) : Promise.resolve(),
    find(key) {
      const name = nameOf(key)
      const bytes = held(name)
      if (bytes !== undefined) return Promise.resolve(storedOf(bytes, key))
      if (files.find(name) === undefined) return undefined
      return readFile(join(folder, name)).then(
        (read) => storedOf(read, key),
        () => {
          files.remove(name)
          return undefined
        },
      )
    },
    keep(key, bytes) {
      const isLarge = bytes.length > largeBytes
      // What is there from before is older.
      if (isLarge && large !== undefined) return drop(key)
      const name = nameOf(key)
      settle(name)
      if (isLarge) large = { name, bytes, isOver: false }
      else waiting.keep(name, bytes)
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
