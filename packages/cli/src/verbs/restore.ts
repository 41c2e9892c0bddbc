/** `sekisho restore`: a data folder from a backup, for a server that does not run. */
import { ownDataFolder } from '../data-folder.ts'
import { pathOf } from '../environment.ts'
import { CliError, exitCodes, usageError } from '../exit-codes.ts'
import { defineVerb, shared } from '../verb.ts'

export const restore = defineVerb({
  summary: 'fill an empty data folder from a backup',
  usage: 'FILE',
  help: 'The folder (--data) must be empty or not there. Start the server on it afterwards; keys are those of the backup.',
  options: {
    ...shared,
    data: { ...shared.data, help: 'the folder to fill (SEKISHO_DATA, or `.sekisho`)' },
  },
  async run(given, [file, ...others], environment) {
    if (file === undefined || others.length > 0) throw usageError('give one FILE to read')
    const folder = ownDataFolder(given.data, environment)
    const server = await import('@sekisho/server')
    try {
      await server.restore(pathOf(file, environment), folder)
    } catch (error) {
      throw new CliError(exitCodes.usage, (error as Error).message, { cause: error })
    }
    environment.print(given.json ? JSON.stringify({ folder }) : folder)
    return exitCodes.done
  },
})
