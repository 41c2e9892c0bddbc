/** `sekisho explain`: why was that request let in or turned away? */
import { explain as explainTrace } from '@sekisho/policy'
import type { Explanation, Note } from '@sekisho/server'
import { dataFolder } from '../data-folder.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { chooseLanguage, messages } from '../language.ts'
import type { Messages } from '../messages/messages.ts'
import { askOperator } from '../operator.ts'
import { defineVerb, shared } from '../verb.ts'

export const explain = defineVerb({
  summary: 'say why a request was let in or turned away',
  usage: 'REQUEST-ID',
  help: `REQUEST-ID is the answer's \`x-amzn-RequestId\`, or stands in \`sekisho log\`. Every policy asked is shown, every
statement, and which element or condition matched or did not, with the values compared.`,
  options: {
    lang: { type: 'string', value: 'en|ja', help: 'language of the explanation (LANG)' },
    ...shared,
  },
  async run(given, [requestId, ...rest], environment) {
    if (requestId === undefined || rest.length > 0) throw usageError('say `explain REQUEST-ID`')
    const language = chooseLanguage(given.lang, environment.variables)
    const path = `explain/${encodeURIComponent(requestId)}`
    const folder = dataFolder(given.data, environment)
    const explanation = await askOperator<Explanation>(folder, { method: 'GET', path })
    if (given.json) {
      environment.print(JSON.stringify(explanation))
      return exitCodes.done
    }
    const { record, trace, notes } = explanation
    const say = messages[language]
    environment.print(say.ended(record))
    if (trace) environment.print(`\n${explainTrace(trace, language)}`)
    for (const note of notes) environment.print(`\n${sentenceOf(note, say)}`)
    return exitCodes.done
  },
})

function sentenceOf(note: Note, { notes }: Messages): string {
  const say = notes[note.note] as ((note: Note) => string) | undefined
  // A newer server may know more notes than this command.
  return say ? say(note) : JSON.stringify(note)
}
