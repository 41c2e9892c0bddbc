/** `$input` and `$util`, as mapping templates know them. */

import { parseJson } from '@sekisho/policy'
import { spend, type Work } from '../work.ts'
import { findJson } from './json-path.ts'
import { copied, printed, spendText, TemplateObject, type TemplateValue } from './values.ts'

export interface InputSource {
  readonly body: string
  readonly path: Readonly<Record<string, string>>
  readonly querystring: Readonly<Record<string, string>>
  readonly header: Readonly<Record<string, string>>
}

/** @see API Gateway Developer Guide, "Mapping template and access logging variable reference" */
export class TemplateInput extends TemplateObject {
  readonly #source: InputSource
  #json: { readonly value: unknown } | undefined

  constructor(source: InputSource) {
    super()
    this.#source = source
  }

  override call(name: string, [argument]: readonly TemplateValue[], work: Work): TemplateValue {
    switch (name) {
      case 'body':
        return this.#source.body === '' ? '{}' : this.#source.body
      case 'json': {
        const found = findJson(this.#parsed(work), printed(argument, work), work)
        const text = found === undefined ? '""' : JSON.stringify(found)
        spendText(text.length, work)
        return text
      }
      case 'path':
        return copied(findJson(this.#parsed(work), printed(argument, work), work) ?? null, work)
      case 'params':
        return argument === undefined ? this.#params() : this.#param(printed(argument, work))
      default:
        return undefined
    }
  }

  override toString(): string {
    return ''
  }

  #parsed(work: Work): unknown {
    spend(work, 1)
    this.#json ??= { value: bodyOf(this.#source.body) }
    return this.#json.value
  }

  #params(): TemplateValue {
    const { path, querystring, header } = this.#source
    return { path: { ...path }, querystring: { ...querystring }, header: { ...header } }
  }

  /** Path first, then query, then header. */
  #param(name: string): TemplateValue {
    const { path, querystring, header } = this.#source
    for (const source of [path, querystring, header])
      if (Object.hasOwn(source, name)) return source[name]
    return ''
  }
}

/** A form, or any other text that does not even begin as JSON, is one text: templates split it. */
function bodyOf(body: string): unknown {
  const value = parsed(body)
  return value === undefined && !/^\s*[{[]/.test(body) ? body : value
}

function parsed(body: string): unknown {
  if (body === '') return {}
  try {
    return parseJson(body)
  } catch {
    return undefined
  }
}

const functions: Readonly<Record<string, (text: string) => TemplateValue>> = {
  base64Decode: (text) => Buffer.from(text, 'base64').toString(),
  base64Encode: (text) => Buffer.from(text).toString('base64'),
  escapeJavaScript,
  parseJson: parsed,
  urlDecode,
  urlEncode: (text) => new URLSearchParams({ '': text }).toString().slice(1),
}

class TemplateUtil extends TemplateObject {
  override call(name: string, [argument]: readonly TemplateValue[], work: Work): TemplateValue {
    if (!Object.hasOwn(functions, name)) return undefined
    const given = printed(argument, work)
    const result = functions[name]!(given)
    spendText(given.length + (typeof result === 'string' ? result.length : 0), work)
    return result
  }

  override toString(): string {
    return ''
  }
}

export const templateUtil: TemplateObject = new TemplateUtil()

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "'": "\\'",
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function escapeJavaScript(text: string): string {
  return text.replace(
    /["'\\/\u0000-\u001f\u007f-\uffff]/g,
    (char) =>
      escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

function urlDecode(text: string): TemplateValue {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
