/** awsQuery: IAM, STS, CloudFormation. */
import { callingUnreadable, commonError } from './aws-error.ts'
import { encodeAsJson, encodeErrorAsJson, wantsJson } from './aws-query-json.ts'
import { fieldsOf } from './form.ts'
import { membersOf, type Schema, timestampFormatOf, traitsOf } from './model.ts'
import type { Protocol, Values } from './protocol.ts'
import { readText } from './scalars.ts'
import type { WireRequest } from './wire.ts'
import { errorContent, writeContent } from './xml-codec.ts'

/** @see Smithy 2.0 specification, "AWS query protocol" */
export const awsQuery: Protocol = {
  decode(operation, request) {
    return callingUnreadable('MalformedInput', () =>
      readStructure(operation.input, treeOf(request)),
    )
  },

  encode(operation, output, context) {
    if (wantsJson(context)) return encodeAsJson(operation, output, context)
    const { requestId, xmlNamespace } = context
    const { name } = operation
    // Python clients ask for the element of an answer that has nothing in it, but not of one that the model lacks.
    const result = operation.output.isUnitSchema()
      ? ''
      : `<${name}Result>${writeContent(operation.output, output)}</${name}Result>`
    return {
      status: 200,
      headers: ['x-amzn-RequestId', requestId, 'Content-Type', 'text/xml'],
      body: `<${name}Response xmlns="${xmlNamespace}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`,
    }
  },

  encodeError(error, context) {
    if (wantsJson(context)) return encodeErrorAsJson(error, context)
    const { requestId, xmlNamespace } = context
    const type = error.status >= 500 ? 'Receiver' : 'Sender'
    return {
      status: error.status,
      headers: ['x-amzn-RequestId', requestId, 'Content-Type', 'text/xml'],
      body: `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${type}</Type>${errorContent(error)}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    }
  },
}

const maxDepth = 32

/** Parameters as a tree: `Tags.member.1.Key` lies at Tags → member → 1 → Key. */
interface Tree {
  value?: string
  readonly children: Map<string, Tree>
}

/** @throws AwsError MalformedQueryString, MalformedInput */
function treeOf(request: WireRequest): Tree {
  const root: Tree = { children: new Map() }
  for (const [name, value] of fieldsOf(request)) {
    const parts = name.split('.', maxDepth + 1)
    if (parts.length > maxDepth)
      throw commonError('MalformedInput', 'The request is nested too deeply.')
    let node = root
    for (const part of parts) {
      let child = node.children.get(part)
      if (child === undefined) {
        child = { children: new Map() }
        node.children.set(part, child)
      }
      node = child
    }
    node.value = value
  }
  return root
}

function readValue(schema: Schema, tree: Tree): unknown {
  if (schema.isStructSchema()) return readStructure(schema, tree)
  if (schema.isListSchema()) return readList(schema, tree)
  if (schema.isMapSchema()) return readMap(schema, tree)
  return tree.value === undefined
    ? undefined
    : readText(schema, tree.value, 'date-time', timestampFormatOf)
}

function readStructure(schema: Schema, tree: Tree): Values {
  const read: Record<string, unknown> = {}
  for (const [name, member] of membersOf(schema)) {
    const traits = traitsOf(member)
    const child = tree.children.get(traits.xmlName ?? name)
    if (child === undefined) continue
    const value =
      traits.xmlFlattened && member.isListSchema()
        ? numbered(child).map((item) => readValue(member.getValueSchema(), item))
        : readValue(member, child)
    if (value !== undefined) read[name] = value
  }
  return read
}

/** `Tags.member.1`; an empty value alone (`Tags=`) is an empty list. */
function readList(schema: Schema, tree: Tree): unknown {
  const items = tree.children.get(traitsOf(schema.getValueSchema()).xmlName ?? 'member')
  if (items === undefined) return tree.value === '' ? [] : undefined
  return numbered(items).map((item) => readValue(schema.getValueSchema(), item))
}

function readMap(schema: Schema, tree: Tree): unknown {
  const keyName = traitsOf(schema.getKeySchema()).xmlName ?? 'key'
  const valueName = traitsOf(schema.getValueSchema()).xmlName ?? 'value'
  const entries = numbered(tree.children.get('entry') ?? tree)
  return Object.fromEntries(
    entries.map((entry) => {
      const value = entry.children.get(valueName)
      return [
        entry.children.get(keyName)?.value ?? '',
        value && readValue(schema.getValueSchema(), value),
      ]
    }),
  )
}

function numbered(tree: Tree): readonly Tree[] {
  return [...tree.children]
    .filter(([key]) => /^\d{1,6}$/.test(key))
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([, child]) => child)
}
