/** What is a verb of the command, and how are its arguments read? */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Environment } from './environment.ts'
import { type ExitCode, usageError } from './exit-codes.ts'

export interface Option {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** What help calls the value; absent for a switch. */
  readonly value?: string
  readonly help: string
}
export type Options = Readonly<Record<string, Option>>

export type Given<O extends Options> = {
  readonly [Name in keyof O]?: O[Name] extends { multiple: true }
    ? readonly string[]
    : O[Name]['type'] extends 'string'
      ? string
      : boolean
}

export interface VerbDefinition<O extends Options> {
  /** One line for the list of verbs. */
  readonly summary: string
  /** What follows `sekisho VERB`, without options. */
  readonly usage?: string
  /** Paragraphs below the usage line. */
  readonly help: string
  readonly options: O
  run(
    given: Given<O>,
    positionals: readonly string[],
    environment: Environment,
  ): Promise<ExitCode> | ExitCode
}

export interface Verb {
  readonly summary: string
  readonly usage: string
  readonly help: string
  /** For help: reading them may load what the verb needs. */
  options(): Options | Promise<Options>
  run(args: readonly string[], environment: Environment): Promise<ExitCode> | ExitCode
}

/** A verb whose options the command reads by its table; unknown ones are refused by name. */
export function defineVerb<const O extends Options>(definition: VerbDefinition<O>): Verb {
  const { summary, usage = '', help, options } = definition
  return {
    summary,
    usage,
    help,
    options: () => options,
    run(args, environment) {
      const { values, positionals } = read(args, options)
      return definition.run(values as Given<O>, positionals, environment)
    },
  }
}

/** The options that many verbs share, so that they read the same everywhere. */
export const shared = {
  data: {
    type: 'string',
    value: 'DIR',
    help: "the server's data folder (SEKISHO_DATA, or the nearest `.sekisho`, here or above)",
  },
  json: { type: 'boolean', help: 'print JSON' },
} as const satisfies Options

function read(args: readonly string[], options: Options) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  ) satisfies ParseArgsConfig['options']
  try {
    return parseArgs({ args: [...args], options: config, strict: true, allowPositionals: true })
  } catch (cause) {
    throw usageError(sentenceOf(cause as Error), { cause })
  }
}

/** Node's sentence in our form: the first one, lower case, with backticks. */
function sentenceOf({ message }: Error): string {
  const [first = message] = message.split('. ')
  return (first.charAt(0).toLowerCase() + first.slice(1)).replaceAll("'", '`')
}
