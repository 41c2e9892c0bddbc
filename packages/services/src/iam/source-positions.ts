/** Where does a value of a JSON text end? */

interface Position {
  /** Counted from 1. */
  readonly line: number
  readonly column: number
}

/** @param start  of an object in a text that has been parsed already @returns the place behind its last character */
export function endOfValue(text: string, start: Position): Position {
  let at = 0
  for (let line = 1; line < start.line; line++) at = text.indexOf('\n', at) + 1
  at += start.column - 1
  let { line, column } = start
  let depth = 0
  let isInString = false
  for (; at < text.length; at++) {
    const character = text[at]!
    column++
    if (character === '\n') {
      line++
      column = 1
    }
    if (isInString) {
      if (character === '\\') {
        at++
        column++
      } else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      depth--
      if (depth === 0) break
    }
  }
  return { line, column }
}
