/** A copy of everything in one file, and a folder made of it again. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, readdirSync, rmSync } from 'node:fs'
import { link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { formatVersion, versionOf } from './engines/sqlite-format.ts'
import { readTar, type TarEntry, TarError, writeTar } from './tar.ts'

/** The folder cannot be filled from this backup. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError'
  readonly code = 'RESTORE'
}

const stateName = 'state.db'
const copyPrefix = 'backup-'

/**
 * The state as it is at one moment, and every blob that it names, while the store goes on.
 *
 * @param folder  of a `sqlite:` store
 * @returns a tar stream; memory does not grow with the data
 */
export async function* backupFolder(folder: string): AsyncIterable<Uint8Array> {
  const copy = join(folder, `${copyPrefix}${randomUUID()}`)
  await mkdir(copy, { mode: 0o700 })
  try {
    // Links keep what is deleted meanwhile; what is written between the two rounds is in the second.
    await linkBlobs(folder, copy)
    const database = new DatabaseSync(join(folder, stateName), { timeout: 10_000 })
    database.prepare('VACUUM INTO ?').run(join(copy, stateName))
    database.close()
    await linkBlobs(folder, copy)
    yield* writeTar(entriesOf(copy))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** What was left by who was killed within a backup: it would keep all that is deleted since. Nobody may be making one. */
export function sweepBackups(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith(copyPrefix)) rmSync(join(folder, name), { recursive: true, force: true })
}

/**
 * Fills a folder that is empty or not there. What was written before a failure is taken away again.
 *
 * @throws RestoreError  the folder has something in it, or the file is no backup that this version reads
 */
export async function restoreFolder(
  stream: AsyncIterable<Uint8Array>,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0)
    throw new RestoreError(`the folder \`${folder}\` is not empty`)
  const unfinished = join(folder, `restore-${randomUUID()}`)
  try {
    await mkdir(unfinished, { mode: 0o700 })
    await unpack(stream, unfinished)
    checkState(join(unfinished, stateName))
    for (const name of await readdir(unfinished))
      await rename(join(unfinished, name), join(folder, name))
  } catch (error) {
    throw error instanceof TarError ? new RestoreError(error.message, { cause: error }) : error
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Names as this store makes them; nothing else may leave the folder or stand in it. */
const blobFile = /^[0-9a-f]{2}\/[0-9a-f-]{36}$/

async function linkBlobs(folder: string, copy: string): Promise<void> {
  for (const shelf of await readdir(join(folder, 'blobs'))) {
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue
    await mkdir(join(copy, 'blobs', shelf), { recursive: true, mode: 0o700 })
    for (const name of await readdir(join(folder, 'blobs', shelf)))
      await link(join(folder, 'blobs', shelf, name), join(copy, 'blobs', shelf, name)).catch(
        unlessThereOrGone,
      )
  }
}

function unlessThereOrGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error
}

async function* entriesOf(copy: string): AsyncIterable<TarEntry> {
  const statePath = join(copy, stateName)
  const database = new DatabaseSync(statePath, { readOnly: true })
  const rows = database
    .prepare("SELECT value FROM records WHERE collection = 'blobs' ORDER BY key")
    .all() as { value: string }[]
  database.close()
  yield entryOf(stateName, statePath, (await stat(statePath)).size)
  for (const { value } of rows) {
    const { file } = JSON.parse(value) as { file: string }
    const path = join(copy, 'blobs', file)
    yield entryOf(`blobs/${file}`, path, (await stat(path)).size)
  }
}

function entryOf(name: string, path: string, sizeBytes: number): TarEntry {
  return { name, sizeBytes, bytes: sizeBytes === 0 ? nothing() : createReadStream(path) }
}

async function* nothing(): AsyncIterable<Uint8Array> {}

async function unpack(stream: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  for await (const { name, bytes } of readTar(stream)) {
    if (
      name !== stateName &&
      !(name.startsWith('blobs/') && blobFile.test(name.slice('blobs/'.length)))
    )
      throw new RestoreError(`\`${name}\` has no place in a backup`)
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await pipeline(bytes, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }))
  }
}

function checkState(path: string): void {
  let version: number
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    version = versionOf(database)
    database.close()
  } catch (cause) {
    throw new RestoreError('the file is no backup: its state cannot be read', { cause })
  }
  if (version < 1 || version > formatVersion)
    throw new RestoreError(
      `the backup has format ${version}; this version reads up to ${formatVersion}`,
    )
}
