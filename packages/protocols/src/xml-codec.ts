/** XML to and from the values of a schema, as restXml bodies and awsQuery answers write it. */
import { type AwsError, commonError } from './aws-error.ts'
import { membersOf, type Schema, timestampFormatOf, traitsOf } from './model.ts'
import { formatTimestamp, readText } from './scalars.ts'
import { escapeXml, notWellFormed, type XmlElement } from './xml.ts'

/** @throws AwsError MalformedXML; SerializationException for a scalar that is none */
export function readXml(schema: Schema, element: XmlElement): unknown {
  if (schema.isStructSchema()) {
    const read: Record<string, unknown> = {}
    for (const [name, member] of membersOf(schema)) {
      const value = readMember(name, member, element)
      if (value !== undefined) read[name] = value
    }
    return read
  }
  if (schema.isListSchema())
    return element.children.map((item) => readXml(schema.getValueSchema(), item))
  if (schema.isMapSchema()) return readMap(schema, element.children)
  if (element.children.length > 0) throw commonError('MalformedXML', notWellFormed)
  return readText(schema, element.text, 'date-time', timestampFormatOf)
}

function readMember(name: string, member: Schema, parent: XmlElement): unknown {
  const traits = traitsOf(member)
  const wireName = traits.xmlName ?? name
  if (traits.xmlAttribute) return parent.attributes[wireName]
  const found = parent.children.filter((child) => localName(child.name) === localName(wireName))
  if (found.length === 0) return undefined
  if (traits.xmlFlattened && member.isListSchema())
    return found.map((item) => readXml(member.getValueSchema(), item))
  if (traits.xmlFlattened && member.isMapSchema()) return readMap(member, found)
  if (found.length > 1) throw commonError('MalformedXML', notWellFormed)
  return readXml(member, found[0]!)
}

function readMap(schema: Schema, entries: readonly XmlElement[]): unknown {
  const keyName = traitsOf(schema.getKeySchema()).xmlName ?? 'key'
  const valueName = traitsOf(schema.getValueSchema()).xmlName ?? 'value'
  return Object.fromEntries(
    entries.map((entry) => {
      const key = entry.children.find(({ name }) => name === keyName)
      const value = entry.children.find(({ name }) => name === valueName)
      return [key?.text ?? '', value && readXml(schema.getValueSchema(), value)]
    }),
  )
}

/** `xsi:type` and `type` alike. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** An element of this name with the value in it; nothing for a value that is undefined. */
export function writeXml(name: string, schema: Schema, value: unknown, namespace?: string): string {
  if (value === undefined || value === null) return ''
  const own = namespace ?? namespaceOf(schema)
  const attributes = (own ? ` xmlns="${escapeXml(own)}"` : '') + writeAttributes(schema, value)
  return `<${name}${attributes}>${writeContent(schema, value)}</${name}>`
}

/** What stands between an element's tags. */
export function writeContent(schema: Schema, value: unknown): string {
  if (schema.isStructSchema()) {
    const object = value as Readonly<Record<string, unknown>>
    let content = ''
    for (const [name, member] of membersOf(schema)) {
      const inner = object[name]
      if (inner !== undefined && inner !== null && !traitsOf(member).xmlAttribute)
        content += writeMember(name, member, inner)
    }
    return content
  }
  if (schema.isListSchema()) {
    const itemName = traitsOf(schema.getValueSchema()).xmlName ?? 'member'
    return (value as readonly unknown[])
      .map((item) => writeXml(itemName, schema.getValueSchema(), item))
      .join('')
  }
  if (schema.isMapSchema()) return writeMap('entry', schema, value)
  if (value instanceof Date) return formatTimestamp(value, timestampFormatOf(schema, 'date-time'))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return escapeXml(String(value))
}

/** Code, message and what else the error has, as all XML protocols write it. */
export function errorContent({ code, message, details }: AwsError): string {
  return Object.entries({ Code: code, Message: message, ...details })
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join('')
}

function writeMember(name: string, member: Schema, value: unknown): string {
  const traits = traitsOf(member)
  const wireName = traits.xmlName ?? name
  if (traits.xmlFlattened && member.isListSchema())
    return (value as readonly unknown[])
      .map((item) => writeXml(wireName, member.getValueSchema(), item))
      .join('')
  if (traits.xmlFlattened && member.isMapSchema()) return writeMap(wireName, member, value)
  return writeXml(wireName, member, value)
}

function writeMap(entryName: string, schema: Schema, value: unknown): string {
  const keyName = traitsOf(schema.getKeySchema()).xmlName ?? 'key'
  const valueName = traitsOf(schema.getValueSchema()).xmlName ?? 'value'
  return Object.entries(value as object)
    .map(
      ([key, item]) =>
        `<${entryName}><${keyName}>${escapeXml(key)}</${keyName}>${writeXml(valueName, schema.getValueSchema(), item)}</${entryName}>`,
    )
    .join('')
}

function writeAttributes(schema: Schema, value: unknown): string {
  if (!schema.isStructSchema() || !hasAttributes(schema)) return ''
  const object = value as Readonly<Record<string, unknown>>
  return membersOf(schema)
    .filter(([name, member]) => traitsOf(member).xmlAttribute && object[name] !== undefined)
    .map(([name, member]) => {
      const wireName = traitsOf(member).xmlName ?? name
      const prefix = wireName.includes(':')
        ? ` xmlns:${wireName.split(':')[0]}="http://www.w3.org/2001/XMLSchema-instance"`
        : ''
      return `${prefix} ${wireName}="${escapeXml(String(object[name]))}"`
    })
    .join('')
}

function hasAttributes(schema: Schema): boolean {
  return membersOf(schema).some(([, member]) => traitsOf(member).xmlAttribute)
}

function namespaceOf(schema: Schema): string | undefined {
  const { xmlNamespace } = traitsOf(schema)
  return typeof xmlNamespace === 'string' ? xmlNamespace : undefined
}
