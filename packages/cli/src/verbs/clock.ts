/** `sekisho clock`: what time is it for the server, and what time shall it be? */
import { dataFolder } from '../data-folder.ts'
import { durationMs } from '../duration.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { askOperator, type OperatorCall } from '../operator.ts'
import { defineVerb, shared } from '../verb.ts'

const deeds = {
  now: { takes: '', call: () => ({ method: 'GET', path: 'clock' }) },
  set: {
    takes: 'TIME',
    call: (text) => ({ method: 'POST', path: 'clock', body: { time: timeOf(text) } }),
  },
  advance: {
    takes: 'DURATION',
    call: (text) => ({ method: 'POST', path: 'clock', body: { advanceMs: stepOf(text) } }),
  },
} as const satisfies Record<
  string,
  { readonly takes: string; readonly call: (text: string) => OperatorCall }
>

export const clock = defineVerb({
  summary: 'move the clock of a server that was started with --test-clock',
  usage: 'now | set TIME | advance DURATION',
  help: `Quotas, schedules, sessions, dates in answers and policies go by this clock. Signatures, the decision log and the
\`Date\` header stay with the machine's: AWS's clients sign by the time of theirs.
TIME is a date (2030-01-31, its first moment in UTC) or a time with its zone (2030-01-31T09:00:00Z).
DURATION is whole numbers with their units: 90m, 1d12h, 2w (w d h m s ms). \`set\` may go back.`,
  options: shared,
  async run(given, [word = '', text = '', ...rest], environment) {
    const deed = Object.hasOwn(deeds, word) ? deeds[word as keyof typeof deeds] : undefined
    if (deed === undefined || rest.length > 0 || (deed.takes !== '') !== (text !== ''))
      throw usageError('say `clock now`, `clock set TIME` or `clock advance DURATION`')
    const folder = dataFolder(given.data, environment)
    const answer = await askOperator<{ readonly now: string }>(folder, deed.call(text))
    environment.print(given.json ? JSON.stringify(answer) : answer.now)
    return exitCodes.done
  },
})

function timeOf(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
  const hasZone = /T.*(?:Z|[+-]\d\d:\d\d)$/.test(time)
  if (!hasZone || Number.isNaN(Date.parse(time)))
    throw usageError(`\`${text}\` is no time; write it like 2030-01-31T09:00:00Z`)
  return time
}

function stepOf(text: string): number {
  const ms = durationMs(text)
  if (ms === undefined) throw usageError(`\`${text}\` is no duration; write it like 90m or 1d12h`)
  return ms
}
