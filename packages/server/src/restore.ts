/** A data folder from a backup. */
import { open } from 'node:fs/promises'
import { restoreFolder } from '@sekisho/store'

/**
 * Fills `folder`, which must be empty or not there, from a file that `POST /_sekisho/backup` gave. Credentials are
 * written anew by the next start.
 *
 * @throws RestoreError; ENOENT for a file that is not there
 */
export async function restore(file: string, folder: string): Promise<void> {
  await using backup = await open(file)
  await restoreFolder(backup.createReadStream(), folder)
}
