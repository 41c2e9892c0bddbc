/** From words to a verb, and from its end to an exit code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './environment.ts'
import { CliError, type ExitCode, exitCodes } from './exit-codes.ts'
import { describeVerb, listVerbs } from './help.ts'
import { packageFolder } from './package-folder.ts'
import { laterVerbs, verbs } from './verbs/index.ts'

/** @param args  what follows `sekisho` */
export async function run(args: readonly string[], environment: Environment): Promise<ExitCode> {
  try {
    return await dispatch(args, environment)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    environment.warn(`sekisho: ${error.message}`)
    return error.exitCode
  }
}

function dispatch(args: readonly string[], environment: Environment) {
  const [word, ...rest] = args
  if (word === undefined) {
    environment.warn(listVerbs(verbs))
    return exitCodes.usage
  }
  if (word === 'help' || word === '--help' || word === '-h') return help(rest[0], environment)
  if (word === '--version') return version(environment)
  const verb = find(word)
  return asksForHelp(rest) ? help(word, environment) : verb.run(rest, environment)
}

async function help(word: string | undefined, { print }: Environment): Promise<ExitCode> {
  print(word === undefined ? listVerbs(verbs) : await describeVerb(word, find(word)))
  return exitCodes.done
}

function version({ print }: Environment): ExitCode {
  const manifest = readFileSync(join(packageFolder(), 'package.json'), 'utf8')
  print((JSON.parse(manifest) as { version: string }).version)
  return exitCodes.done
}

function find(word: string) {
  if (Object.hasOwn(verbs, word)) return verbs[word as keyof typeof verbs]
  const problem = (laterVerbs as readonly string[]).includes(word)
    ? `\`${word}\` is not supported yet`
    : `unknown verb \`${word}\``
  throw new CliError(exitCodes.usage, `${problem}; see \`sekisho help\``)
}

/** What stands behind `--` is another command's. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}
