/** The line that a stage's access log writes of a call: its format, with the values of its variables. */
import { memberOf } from '../mappings.ts'
import type { GatewayReply } from '../pass.ts'
import type { Progress } from '../progress.ts'
import { logContextOf } from './context.ts'

export type AccessLine = (progress: Progress, reply: GatewayReply) => string

/** @see API Gateway Developer Guide, "Variables for access logging for API Gateway" */
const variable = /\$context((?:\.[A-Za-z0-9_]+)+)/g

const formats = new Map<string, AccessLine>()
const mostFormats = 1_000

/** Compiled once. */
export function accessLineOf(format: string): AccessLine {
  let line = formats.get(format)
  if (line === undefined) {
    if (formats.size >= mostFormats) formats.clear()
    formats.set(format, (line = compileFormat(format)))
  }
  return line
}

function compileFormat(written: string): AccessLine {
  const format = written.replace(/\r?\n$/, '')
  const guard = guardOf(format)
  const parts: ({ readonly text: string } | { readonly path: readonly string[] })[] = []
  let end = 0
  for (const found of format.matchAll(variable)) {
    parts.push({ text: format.slice(end, found.index) }, { path: found[1]!.slice(1).split('.') })
    end = found.index + found[0].length
  }
  parts.push({ text: format.slice(end) })
  return (progress, reply) => {
    const context = logContextOf(progress, reply)
    return parts
      .map((part) =>
        'text' in part ? part.text : shown(part.path.reduce(memberOf, context), part.path, guard),
      )
      .join('')
  }
}

/** Without a value, or with one that is a map: a dash. */
function shown(value: unknown, path: readonly string[], guard: (text: string) => string): string {
  if (value === undefined || value === null || value === '' || typeof value === 'object') return '-'
  // Quoted already: the format has no quotes around it.
  if (path.at(-1) === 'messageString') return String(value)
  return guard(String(value))
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' } as const

/** What a caller sends cannot end a value or begin another line. */
function guardOf(format: string): (text: string) => string {
  if (format.startsWith('{')) return (text) => JSON.stringify(text).slice(1, -1)
  if (format.startsWith('<'))
    return (text) =>
      withoutControls(text).replace(/[&<>"']/g, (each) => entities[each as keyof typeof entities])
  return withoutControls
}

function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
