/** What the process has to say, one JSON object a line, to stderr. */
import { type LogLevel, logLevels } from './config-settings.ts'

export type Log = Readonly<
  Record<LogLevel, (message: string, fields?: Readonly<Record<string, unknown>>) => void>
>

export function createLog(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  const least = logLevels.indexOf(level)
  const at = (each: LogLevel): Log[LogLevel] =>
    logLevels.indexOf(each) > least
      ? () => {}
      : (message, fields) =>
          write(
            `${JSON.stringify({ time: new Date().toISOString(), level: each, message, ...fields })}\n`,
          )
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

/** What may be said of an unexpected failure. */
export function failureFields(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof Error
    ? { error: error.name, reason: error.message, stack: error.stack }
    : { reason: String(error) }
}
