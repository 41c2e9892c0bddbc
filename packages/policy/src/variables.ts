/** Which text stands where a policy says `${aws:username}`? */
import type { ContextValues } from './request.ts'
import type { PatternPart } from './wildcard.ts'
import { splitWildcards } from './wildcard.ts'

/** A reference to a condition key of the request. */
export interface Variable {
  /** Lower case. */
  readonly key: string
  /** Stands in only when the request has no such key. */
  readonly defaultValue?: string
}

export type TemplatePart = PatternPart | { readonly variable: Variable }

/** A value of a policy: text, wildcards that act (where they do) and variables. */
export interface Template {
  readonly parts: readonly TemplatePart[]
  readonly hasVariables: boolean
}

/** The text after `${` is not a key, a default or an escape. */
export class VariableError extends Error {
  override readonly name = 'VariableError'
  readonly code = 'INVALID_VARIABLE'
}

const reference = /^([^,'{}$]+?)(?:, ?'([^']*)')?$/

/**
 * Reads `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}`.
 *
 * @param withVariables  false for documents of version 2008-10-17 and for elements without variables: `${` is literal
 * @throws VariableError
 * @see IAM User Guide, "IAM policy elements: Variables and tags"
 */
export function parseTemplate(text: string, withVariables: boolean): Template {
  if (!withVariables || !text.includes('${'))
    return { parts: splitWildcards(text), hasVariables: false }
  const parts: TemplatePart[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('${')
    if (start < 0) break
    const end = rest.indexOf('}', start)
    if (end < 0) throw new VariableError(`\`${rest.slice(start)}\` has no closing brace`)
    parts.push(...splitWildcards(rest.slice(0, start)), readVariable(rest.slice(start + 2, end)))
    rest = rest.slice(end + 1)
  }
  parts.push(...splitWildcards(rest))
  return {
    parts,
    hasVariables: parts.some((part) => typeof part === 'object' && 'variable' in part),
  }
}

/**
 * Puts the request's values in. What is put in is text: a wildcard in a tag's value does not act.
 *
 * @returns undefined when a key is absent (or holds several values) and there is no default
 */
export function resolveTemplate(
  template: Template,
  context: ContextValues,
): readonly PatternPart[] | undefined {
  const parts: PatternPart[] = []
  for (const part of template.parts) {
    if (typeof part === 'string' || 'literal' in part) parts.push(part)
    else {
      const value = variableValue(part.variable, context)
      if (value === undefined) return undefined
      parts.push({ literal: value })
    }
  }
  return parts
}

/** The text with wildcards as plain characters, for operators that have none. */
export function textOf(parts: readonly PatternPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.literal)).join('')
}

export function variableKeys(template: Template): readonly string[] {
  return template.parts.flatMap((part) =>
    typeof part === 'object' && 'variable' in part ? [part.variable.key] : [],
  )
}

function readVariable(text: string): TemplatePart {
  if (text === '*' || text === '?' || text === '$') return { literal: text }
  const match = reference.exec(text)
  if (!match)
    throw new VariableError(
      `\`\${${text}}\` is no policy variable; write \`\${key}\` or \`\${key, 'default'}\``,
    )
  const [, key, defaultValue] = match
  return {
    variable: { key: key!.toLowerCase(), ...(defaultValue !== undefined && { defaultValue }) },
  }
}

function variableValue(variable: Variable, context: ContextValues): string | undefined {
  const value = context.get(variable.key)
  if (value === undefined) return variable.defaultValue
  if (typeof value === 'string') return value
  return value.length === 1 ? value[0] : undefined
}
