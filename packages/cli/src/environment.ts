/** What surrounds the command: its variables, its folder and its terminal. Read here and nowhere else. */
import { resolve } from 'node:path'

export type Variables = Readonly<Record<string, string | undefined>>

export interface Environment {
  readonly variables: Variables
  readonly cwd: string
  /** Whether stdout is a terminal that takes colours. */
  readonly hasColours: boolean
  /** Writes one line (or several) to stdout. */
  print(line: string): void
  /** Writes one line to stderr. */
  warn(line: string): void
}

export function readEnvironment(): Environment {
  const { env, stdout, stderr } = process
  return {
    variables: env,
    cwd: process.cwd(),
    hasColours: Boolean(stdout.isTTY) && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    print: (line) => void stdout.write(`${harmless(line)}\n`),
    warn: (line) => void stderr.write(`${harmless(line)}\n`),
  }
}

/** Paths and headers are what strangers sent: they may not steer a terminal. Colours are ours. */
export function harmless(text: string): string {
  return text.replace(/(\x1b\[\d{1,2}m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char, colour) =>
    colour ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A path as the user means it. */
export function pathOf(given: string, { cwd }: Environment): string {
  return resolve(cwd, given)
}
