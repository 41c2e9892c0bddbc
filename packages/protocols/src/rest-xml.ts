/** restXml: S3, CloudFront. */
import { callingUnreadable } from './aws-error.ts'
import { readBindings, writeBindings } from './http-binding.ts'
import { membersOf, type Schema, traitsOf } from './model.ts'
import type { AnswerContext, Protocol, Values } from './protocol.ts'
import type { WireRequest, WireResponse } from './wire.ts'
import { parseXml } from './xml.ts'
import { errorContent, readXml, writeContent, writeXml } from './xml-codec.ts'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** @see Smithy 2.0 specification, "AWS restXml protocol" */
export const restXml: Protocol = {
  decode(operation, request, labels) {
    const { values, payload, bodyMembers } = callingUnreadable('InvalidArgument', () =>
      readBindings(operation, labels, request),
    )
    if (payload) {
      const [name, schema] = payload
      const value = readPayload(schema, request)
      return value === undefined ? values : { ...values, [name]: value }
    }
    if (bodyMembers.length === 0 || request.body.length === 0) return values
    const body = readBody(operation.input, request) as Values
    for (const [name] of bodyMembers) if (body[name] !== undefined) values[name] = body[name]
    return values
  },

  encode(operation, output, { requestId, xmlNamespace }) {
    const { status: usual, headers, payload, bodyMembers } = writeBindings(operation, output)
    const status = output['ContentRange'] === undefined ? usual : partialContent
    const common = [...idHeaders(requestId, xmlNamespace), ...headers]
    if (payload) {
      const [schema, value] = payload
      if (schema.isBlobSchema() || schema.isStringSchema())
        return { status, headers: common, body: (value as WireResponse['body'] | undefined) ?? '' }
      const name = traitsOf(schema).xmlName ?? schema.getName(false) ?? 'Result'
      return {
        status,
        headers: [...common, 'Content-Type', 'application/xml'],
        body: declaration + writeXml(name, schema, value ?? {}, xmlNamespace),
      }
    }
    if (bodyMembers.length === 0) return { status, headers: common, body: '' }
    const name = traitsOf(operation.output).xmlName ?? operation.output.getName(false) ?? 'Result'
    const only = unwrapped.has(operation.name) ? bodyMembers[0] : undefined
    const body = only
      ? writeContent(only[1], output[only[0]] ?? '')
      : bodyOf(operation.output, bodyMembers, output)
    const namespace = xmlNamespace ? ` xmlns="${xmlNamespace}"` : ''
    return {
      status,
      headers: [...common, 'Content-Type', 'application/xml'],
      body: `${declaration}<${name}${namespace}>${body}</${name}>`,
    }
  },

  encodeError(error, { requestId, xmlNamespace }) {
    return {
      status: error.status,
      headers: [
        ...idHeaders(requestId, xmlNamespace),
        ...error.headers,
        'Content-Type',
        'application/xml',
      ],
      body:
        declaration +
        (isS3(xmlNamespace)
          ? `<Error>${errorContent(error)}<RequestId>${requestId}</RequestId><HostId>${requestId}</HostId></Error>`
          : `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${error.status >= 500 ? 'Receiver' : 'Sender'}</Type>${errorContent(error)}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`),
    }
  },
}

/** Whatever says which part of a whole it is, is one. @see RFC 9110, "206 Partial Content" */
const partialContent = 206

/** Their one member stands in the root without an element of its own, which the schemas do not say. */
const unwrapped: ReadonlySet<string> = new Set(['GetBucketLocation'])

function readPayload(schema: Schema, request: WireRequest): unknown {
  if (schema.isStreaming()) return request.stream ?? request.body
  if (schema.isBlobSchema()) return request.body
  if (request.body.length === 0) return undefined
  return schema.isStringSchema()
    ? new TextDecoder().decode(request.body)
    : readBody(schema, request)
}

function readBody(schema: Schema, { body }: WireRequest): unknown {
  return callingUnreadable('MalformedXML', () =>
    readXml(schema, parseXml(new TextDecoder().decode(body))),
  )
}

/** S3 answers with the error alone and names of its own for the request's id; CloudFront wraps it. */
function isS3(xmlNamespace: string | undefined): boolean {
  return xmlNamespace === undefined || xmlNamespace.includes('s3.')
}

function idHeaders(requestId: string, xmlNamespace: AnswerContext['xmlNamespace']): string[] {
  return isS3(xmlNamespace)
    ? ['x-amz-request-id', requestId, 'x-amz-id-2', requestId]
    : ['x-amzn-RequestId', requestId]
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
