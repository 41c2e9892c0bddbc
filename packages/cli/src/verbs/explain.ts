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
  help: `REQUEST-ID is the answer's \`x-amzn-RequestId\` or \`X-Amz-Cf-Id\`, or stands in \`sekisho log\`. Every policy asked is shown, every
statement, and which element or condition matched or did not, with the values compared.`,
  options: {
    lang: { type: 'string', value: 'en|ja', help: 'language of the explanation (LANG)' },
    ...shared,
  },
  async run(given, [requestId, ...rest], environment) {
    if (requestId === undefined || rest.length > 0) throw usageError('say `explain REQUEST-ID`')
    const language = chooseLanguage(given.lang, environment.variables)
    const path = `explain/${encodeURIComponent(requestId).replaceAll('%3D', '=')}`
    const folder = dataFolder(given.data, environment)
    const explanation = await askOperator<Explanation>(folder, { method: 'GET', path })
    if (given.json) {
      environment.print(JSON.stringify(explanation))
      return exitCodes.done
    }
    const { origin, viewer } = explanation
    const say = messages[language]
    environment.print(paragraphsOf(explanation, language).join('\n\n'))
    const halves = [
      [say.atTheOrigin, origin],
      [say.atTheViewer, viewer],
    ] as const
    for (const [word, half] of halves)
      if (half) environment.print(`\n${word} ${paragraphsOf(half, language).join('\n\n')}`)
    return exitCodes.done
  },
})

function paragraphsOf(
  { record, trace, notes }: Explanation,
  language: keyof typeof messages,
): readonly string[] {
  const say = messages[language]
  return [
    say.ended(record),
    ...(trace ? [explainTrace(trace, language)] : []),
    ...notes.map((note) => sentenceOf(note, say)),
  ]
}

function sentenceOf(note: Note, { notes }: Messages): string {
  const say = notes[note.note] as ((note: Note) => string) | undefined
  // A newer server may know more notes than this command.
  return say ? say(note) : JSON.stringify(note)
}
