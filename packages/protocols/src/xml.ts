/** XML in and out: elements, attributes, text; no entities but the five, no document types. */
import { commonError } from './aws-error.ts'

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const maxDepth = 64
export const notWellFormed =
  'The XML you provided was not well-formed or did not validate against our published schema'
/** Attributes are counted: a pattern that repeats without end is a stack without end. */
const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_][\w:.-]*)((?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*')){0,64})\s*(\/?)>|([^<]+)/y
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

interface Open {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: XmlElement[]
  text: string
}

/**
 * @throws AwsError MalformedXML  also for document types and unknown entities: nothing is ever expanded
 */
export function parseXml(text: string): XmlElement {
  const root: Open = { name: '', attributes: {}, children: [], text: '' }
  const open: Open[] = [root]
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (match === null) throw malformed(notWellFormed)
    const [, cdata, slash, name, attributes = '', selfClosing, characters] = match
    const current = open.at(-1)!
    if (cdata !== undefined) current.text += cdata
    else if (characters !== undefined) current.text += unescapeXml(characters)
    else if (name === undefined) continue
    else if (slash === '/') {
      if (open.length < 2 || current.name !== name) throw malformed(notWellFormed)
      open.pop()
      open.at(-1)!.children.push(current)
    } else {
      const element: Open = { name, attributes: readAttributes(attributes), children: [], text: '' }
      if (selfClosing === '/') current.children.push(element)
      else open.push(element)
      if (open.length > maxDepth) throw malformed('The XML you provided is nested too deeply')
    }
  }
  const [element, ...others] = root.children
  if (open.length > 1 || element === undefined || others.length > 0 || root.text.trim() !== '')
    throw malformed(notWellFormed)
  return element
}

function readAttributes(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(attribute)].map(([, name, double, single]) => [
      name!,
      unescapeXml(double ?? single ?? ''),
    ]),
  )
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    if (Object.hasOwn(entities, name)) return entities[name]!
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
    const point = code ? Number.parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : Number.NaN
    if (!(point <= 0x10ffff) || !whole.endsWith(';')) throw malformed(notWellFormed)
    return String.fromCodePoint(point)
  })
}

const special = /[&<>"\x00-\x08\x0b-\x1f\u0085\u2028]/

export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(allSpecial, escapeCharacter) : text
}

const allSpecial = new RegExp(special, 'g')
const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function escapeCharacter(character: string): string {
  return named[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
}

function malformed(message: string) {
  return commonError('MalformedXML', message)
}
