/** `sekisho start`: serve. */
import module from 'node:module'
import { CliError, exitCodes, usageError } from '../exit-codes.ts'
import type { Options, Verb } from '../verb.ts'

interface SystemError extends NodeJS.ErrnoException {
  readonly address: string
  readonly port: number
}

/** By then it serves; what was compiled until then is what the next start needs. */
const flushAfterMs = 1_000
const parentCheckMs = 250

/** Its settings are the server's: one table reads flags, environment and file alike. */
export const start: Verb = {
  summary: 'serve',
  usage: '',
  help: `Every option is also SEKISHO_<NAME> in the environment and a key of sekisho.config.json (or of \`--config FILE\`);
a flag wins over the environment, which wins over the file.`,
  async options() {
    const { settings } = await import('@sekisho/server')
    const rows = Object.entries(settings).map(([name, { value, help, fallback }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        ...(value !== undefined && { value }),
        help: isShown(fallback) ? `${help} (${fallback})` : help,
      },
    ])
    return Object.fromEntries(rows) as Options
  },
  async run(args, { variables }) {
    const { ConfigError, serve } = await import('@sekisho/server')
    if (variables['npm_lifecycle_event'] === 'npx') endWithParent()
    setTimeout(() => module.flushCompileCache(), flushAfterMs).unref()
    try {
      return await serve(args)
    } catch (error) {
      if (error instanceof ConfigError) throw usageError(error.message, { cause: error })
      // A code is the mark of what can be expected: a locked folder, a port in use.
      if (error instanceof Error && 'code' in error)
        throw new CliError(exitCodes.no, sentenceOf(error as SystemError), { cause: error })
      throw error
    }
  },
}

/** What the system says in its own words, in ours. */
const sentences: Readonly<Record<string, (error: SystemError) => string>> = {
  EADDRINUSE: ({ address, port }) =>
    `port ${port} of ${address} is in use; choose another with \`--port\` (0 picks a free one)`,
  EADDRNOTAVAIL: ({ address }) => `this machine has no address ${address}; see \`--host\``,
  EACCES: ({ address, port, path }) =>
    path === undefined
      ? `this user may not listen on port ${port} of ${address}; choose another with \`--port\``
      : `this user may not read and write \`${path}\`; name another folder for the data with \`--data\``,
  EEXIST: ({ path }) => `\`${path}\` is no folder; name one for the data with \`--data\``,
  ENOTDIR: ({ path }) => `\`${path}\` is in no folder; name one for the data with \`--data\``,
}

function sentenceOf(error: SystemError): string {
  return sentences[error.code ?? '']?.(error) ?? error.message
}

/** npx gives a signal to the shell that it runs a command in, which dies of it and would leave the server behind. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
  }, parentCheckMs).unref()
}

function isShown(fallback: unknown): boolean {
  return fallback !== false && String(fallback) !== ''
}
