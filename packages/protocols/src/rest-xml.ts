/** restXml: S3, CloudFront. */
import { readBindings, writeBindings } from './http-binding.ts'
import { membersOf, type Schema, traitsOf } from './model.ts'
import type { Protocol, Values } from './protocol.ts'
import { escapeXml, parseXml } from './xml.ts'
import { readXml, writeContent, writeXml } from './xml-codec.ts'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** @see Smithy 2.0 specification, "AWS restXml protocol" */
export const restXml: Protocol = {
  decode(operation, request, labels) {
    const { values, payload, bodyMembers } = readBindings(operation, labels, request)
    if (payload) {
      const [name, schema] = payload
      if (schema.isBlobSchema()) return { ...values, [name]: request.body }
      if (request.body.length === 0) return values
      const text = new TextDecoder().decode(request.body)
      return { ...values, [name]: schema.isStringSchema() ? text : readXml(schema, parseXml(text)) }
    }
    if (bodyMembers.length === 0 || request.body.length === 0) return values
    const body = readXml(
      operation.input,
      parseXml(new TextDecoder().decode(request.body)),
    ) as Values
    for (const [name] of bodyMembers) if (body[name] !== undefined) values[name] = body[name]
    return values
  },

  encode(operation, output, { requestId, xmlNamespace }) {
    const { status, headers, payload, bodyMembers } = writeBindings(operation, output)
    const common = ['x-amz-request-id', requestId, ...headers]
    if (payload) {
      const [schema, value] = payload
      if (schema.isBlobSchema() || schema.isStringSchema())
        return { status, headers: common, body: (value as Uint8Array | string | undefined) ?? '' }
      const name = traitsOf(schema).xmlName ?? schema.getName(false) ?? 'Result'
      return {
        status,
        headers: [...common, 'Content-Type', 'application/xml'],
        body: declaration + writeXml(name, schema, value ?? {}, xmlNamespace),
      }
    }
    if (bodyMembers.length === 0) return { status, headers: common, body: '' }
    const name = traitsOf(operation.output).xmlName ?? operation.output.getName(false) ?? 'Result'
    const body = bodyOf(operation.output, bodyMembers, output)
    const namespace = xmlNamespace ? ` xmlns="${xmlNamespace}"` : ''
    return {
      status,
      headers: [...common, 'Content-Type', 'application/xml'],
      body: `${declaration}<${name}${namespace}>${body}</${name}>`,
    }
  },

  encodeError(error, { requestId, xmlNamespace }) {
    const details = Object.entries(error.details)
      .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
      .join('')
    const code = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>${details}`
    // S3 answers with the error alone, CloudFront wraps it.
    const isS3 = xmlNamespace === undefined || xmlNamespace.includes('s3.')
    const body = isS3
      ? `<Error>${code}<RequestId>${requestId}</RequestId><HostId>${requestId}</HostId></Error>`
      : `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${error.status >= 500 ? 'Receiver' : 'Sender'}</Type>${code}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`
    return {
      status: error.status,
      headers: ['x-amz-request-id', requestId, 'Content-Type', 'application/xml'],
      body: declaration + body,
    }
  },
}

function bodyOf(
  schema: Schema,
  bodyMembers: readonly (readonly [string, Schema])[],
  output: Values,
): string {
  const inBody = new Set(bodyMembers.map(([name]) => name))
  const kept = Object.fromEntries(
    membersOf(schema)
      .filter(([name]) => inBody.has(name))
      .map(([name]) => [name, output[name]]),
  )
  return writeContent(schema, kept)
}
