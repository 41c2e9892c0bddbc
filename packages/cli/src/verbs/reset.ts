/** `sekisho reset`: begin again, for test suites. */
import { dataFolder } from '../data-folder.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { askOperator } from '../operator.ts'
import { defineVerb, shared } from '../verb.ts'

export const reset = defineVerb({
  summary: 'empty a server that was started with --allow-reset',
  help: 'Everything goes but the first account and its root key.',
  options: shared,
  async run(given, positionals, environment) {
    if (positionals.length > 0) throw usageError(`unexpected argument \`${positionals[0]}\``)
    const folder = dataFolder(given.data, environment)
    const answer = await askOperator(folder, { method: 'POST', path: 'reset' })
    environment.print(given.json ? JSON.stringify(answer) : 'empty')
    return exitCodes.done
  },
})
