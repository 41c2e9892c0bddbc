/** Which of the three languages is a filter pattern written in, and does it fit a message? */
import { readFieldPattern } from './fields.ts'
import { readJsonPattern } from './json.ts'
import { readTextPattern } from './text.ts'

export interface FilterPattern {
  /** What the pattern names in the message; undefined where it does not fit. */
  readonly match: (message: string) => Readonly<Record<string, string>> | undefined
}

/**
 * @throws AwsError InvalidParameterException
 * @see CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
 *   and Live Tail"
 */
export function readPattern(text: string): FilterPattern {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return readJsonPattern(trimmed)
  if (trimmed.startsWith('[')) return readFieldPattern(trimmed)
  return readTextPattern(trimmed)
}
