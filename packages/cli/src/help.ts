/** Which verbs are there, and how is each used? */
import type { Options, Verb } from './verb.ts'

export function listVerbs(verbs: Readonly<Record<string, Verb>>): string {
  const rows = [
    ...Object.entries(verbs).map(([name, { summary }]) => [name, summary] as const),
    ['help', 'this list, or `help VERB` about one of them'],
    ['--version', 'which version this is'],
  ] as const
  return [
    'sekisho VERB [OPTIONS]',
    '',
    ...columns(rows),
    '',
    'Exit codes: 0 done, 1 the check or request said no, 2 bad usage or bad input, 3 no server reached.',
  ].join('\n')
}

export async function describeVerb(name: string, verb: Verb): Promise<string> {
  const usage = ['sekisho', name, '[OPTIONS]', verb.usage].filter(Boolean).join(' ')
  const rows = optionRows(await verb.options())
  return [usage, '', verb.help, ...(rows.length > 0 ? ['', ...columns(rows)] : [])].join('\n')
}

function optionRows(options: Options): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, { value, help }]) => [
    value ? `--${name} ${value}` : `--${name}`,
    help,
  ])
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)
}
