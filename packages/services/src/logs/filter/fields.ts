/** Does a message of fields between spaces fit `[ip, user, ..., status = 4*, bytes > 100]`? */
import { invalidPattern, readExpression, type Test } from './expressions.ts'
import type { FilterPattern } from './pattern.ts'

interface Field {
  /** Undefined: whatever the field is. */
  readonly name: string | undefined
  readonly test: Test
}

/** @throws AwsError InvalidParameterException */
export function readFieldPattern(text: string): FilterPattern {
  if (!text.endsWith(']')) throw invalidPattern()
  const parts = split(text.slice(1, -1)).map((part) => part.trim())
  const rest = parts.indexOf('...')
  if (rest !== parts.lastIndexOf('...')) throw invalidPattern()
  const head = (rest < 0 ? parts : parts.slice(0, rest)).map(readField)
  const tail = (rest < 0 ? [] : parts.slice(rest + 1)).map(readField)
  return {
    match(message) {
      const values = fieldsOf(message)
      const isLong =
        rest < 0 ? values.length === head.length : values.length >= head.length + tail.length
      if (!isLong) return undefined
      const extracted: Record<string, string> = {}
      const begin = values.length - tail.length
      const all = [
        ...head.map((field, at) => ({ field, value: values[at]!, number: at + 1 })),
        ...tail.map((field, at) => ({ field, value: values[begin + at]!, number: begin + at + 1 })),
      ]
      for (const { field, value, number } of all) {
        if (!field.test(() => value)) return undefined
        extracted[`$${field.name ?? number}`] = value
      }
      return extracted
    },
  }
}

/** At commas that stand in no quotes. */
function split(text: string): readonly string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%|[^,])+/gs) ?? []
}

function readField(part: string): Field {
  if (part === '*' || part === '') return { name: undefined, test: () => true }
  const isName = (word: string) => /^[\p{L}\p{N}_.\-$]+$/u.test(word)
  const { test, selectors } = readExpression(part, isName, true)
  if (new Set(selectors).size !== 1) throw invalidPattern()
  return { name: selectors[0], test }
}

/** What stands in square brackets or double quotes is one field. */
function fieldsOf(message: string): readonly string[] {
  return [...message.matchAll(/\[([^\]]*)\]|"([^"]*)"|(\S+)/g)].map(
    ([, bracketed, quoted, bare]) => bracketed ?? quoted ?? bare ?? '',
  )
}
