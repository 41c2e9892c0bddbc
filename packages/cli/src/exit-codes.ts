/** What a verb's end tells the script that called it. */

export const exitCodes = {
  done: 0,
  /** The check or the request said no. */
  no: 1,
  /** Bad usage or bad input. */
  usage: 2,
  unreachable: 3,
} as const

/** Our own ends, and whatever a command under `exec` ends with. */
export type ExitCode = number

/** An end with one clear sentence, which goes to stderr. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code = 'CLI'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

export const usageError = (message: string, options?: ErrorOptions) =>
  new CliError(exitCodes.usage, message, options)
