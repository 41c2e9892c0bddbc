/** What does a target get of an event: all of it, a part, something constant, or what a template makes of it? */
import { parseJsonPath, valueAt } from './json-path.ts'
import type { EventObject } from './records.ts'

/** At most one of them. */
export interface InputRules {
  /** JSON text. */
  readonly input?: string | undefined
  readonly inputPath?: string | undefined
  readonly transformer?: Transformer | undefined
}

export interface Transformer {
  /** From names to paths. */
  readonly paths: Readonly<Record<string, string>>
  readonly template: string
}

export interface RuleOfInput {
  readonly arn: string
  readonly name: string
  /** When the event came in; epoch milliseconds. */
  readonly receivedAt: number
}

/** JSON text, for the target. */
export function inputFor(rules: InputRules, event: EventObject, rule: RuleOfInput): string {
  if (rules.input !== undefined) return rules.input
  if (rules.inputPath !== undefined)
    return JSON.stringify(valueAt(parseJsonPath(rules.inputPath) ?? [], event) ?? null)
  if (rules.transformer !== undefined) return transformed(rules.transformer, event, rule)
  return JSON.stringify(event)
}

const placeholder = /<([A-Za-z0-9_.-]+)>/g

/** @see EventBridge User Guide, "Amazon EventBridge input transformation" (predefined variables) */
const predefined: Readonly<Record<string, (event: EventObject, rule: RuleOfInput) => unknown>> = {
  'aws.events.rule-arn': (_, { arn }) => arn,
  'aws.events.rule-name': (_, { name }) => name,
  'aws.events.event.ingestion-time': (_, { receivedAt }) => new Date(receivedAt).toISOString(),
  'aws.events.event': ({ detail: _, ...event }) => event,
  'aws.events.event.json': (event) => event,
}

/** A template that is an object or a list is JSON; any other is text, in quotes line by line. */
function isJsonTemplate(template: string): boolean {
  return /^\s*[{[]/.test(template)
}

function transformed({ paths, template }: Transformer, event: EventObject, rule: RuleOfInput) {
  const isJson = isJsonTemplate(template)
  return replaced(template, (name, isQuoted) => {
    const value = Object.hasOwn(predefined, name)
      ? predefined[name]!(event, rule)
      : valueAt(parseJsonPath(paths[name] ?? '') ?? [], event)
    if (isQuoted) return quotable(value)
    return isJson || typeof value !== 'string' ? JSON.stringify(value ?? '') : value
  })
}

/** Inside quotes texts are themselves, escaped; objects and lists lose the quotes of their own. */
function quotable(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1)
  return JSON.stringify(value).replaceAll(/\\.|"/g, '')
}

function replaced(template: string, fill: (name: string, isQuoted: boolean) => string): string {
  let isQuoted = false
  let counted = 0
  return template.replaceAll(placeholder, (_, name: string, at: number) => {
    for (; counted < at; counted++) {
      if (template[counted] === '\\') counted++
      else if (template[counted] === '"') isQuoted = !isQuoted
    }
    return fill(name, isQuoted)
  })
}

/** @see EventBridge API Reference, "InputTransformer" (at most 100 paths; names do not begin with `AWS`) */
const mostPaths = 100

/** Why a target cannot have these rules, in AWS's words; undefined: it can. */
export function whyNoInput(rules: InputRules, targetId: string): string | undefined {
  const given = [rules.input, rules.inputPath, rules.transformer].filter(
    (each) => each !== undefined,
  )
  if (given.length > 1)
    return `Only one of Input, InputPath, or InputTransformer must be provided for target ${targetId}.`
  if (rules.input !== undefined && !isJsonText(rules.input))
    return `JSON syntax error in input for target ${targetId} .`
  if (rules.inputPath !== undefined && parseJsonPath(rules.inputPath) === undefined)
    return `Invalid JSON path in InputPath for target ${targetId} : ${rules.inputPath}`
  return rules.transformer && whyNoTransformer(rules.transformer, targetId)
}

function whyNoTransformer({ paths, template }: Transformer, targetId: string): string | undefined {
  const entries = Object.entries(paths)
  if (entries.length > mostPaths)
    return `InputPathsMap for target ${targetId} has more than ${mostPaths} keys.`
  for (const [name, path] of entries) {
    if (/^aws/i.test(name))
      return `InputPathsMap for target ${targetId} contains reserved key ${name}.`
    if (!/^[A-Za-z0-9_-]+$/.test(name) || parseJsonPath(path) === undefined)
      return `Invalid JSON path in InputPathsMap for target ${targetId} : ${path}`
  }
  const unknown = [...template.matchAll(placeholder)]
    .map(([, name = '']) => name)
    .filter((name) => !Object.hasOwn(predefined, name) && !Object.hasOwn(paths, name))
  if (unknown.length > 0)
    return `InputTemplate for target ${targetId} contains invalid placeholder ${unknown[0]}.`
  const sample = replaced(template, (_, isQuoted) => (isQuoted ? 'x' : 'null'))
  const isValid = isJsonTemplate(template)
    ? isJsonText(sample)
    : sample.split('\n').every((line) => line.trim() === '' || isJsonText(line))
  return isValid && template.trim() !== ''
    ? undefined
    : `Invalid InputTemplate for target ${targetId} : [Source: (String)"${template}"; line: 1, column: 1]`
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
