/** Is this folder ours alone? */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another server has the folder. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly code = 'LOCKED'
}

/**
 * Takes the folder until disposed. The lock is the operating system's, on a file of its own: a process that is killed
 * leaves none behind.
 *
 * @throws LockedError
 */
export function lockFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new LockedError(`the data folder \`${folder}\` is in use by another server`, { cause })
  }
  return { [Symbol.dispose]: () => database.close() }
}
