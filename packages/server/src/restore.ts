/** A data folder from a backup. */
import { createReadStream } from 'node:fs'
import { restoreFolder } from '@sekisho/store'

/**
 * Fills `folder`, which must be empty or not there, from a file that `POST /_sekisho/backup` gave. Credentials are
 * written anew by the next start.
 *
 * @throws RestoreError; ENOENT for a file that is not there
 */
export function restore(file: string, folder: string): Promise<void> {
  return restoreFolder(createReadStream(file), folder)
}
