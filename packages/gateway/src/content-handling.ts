/** Is a payload text, bytes, or base64 that has to become one of them? */
import { GatewayError } from './gateway-responses.ts'

type Handling = string | undefined
type Conversion = 'as it is' | 'decode' | 'encode'

/** `undefined` stands for an integration that says nothing. */
const conversions = {
  request: {
    text: { unset: 'as it is', CONVERT_TO_BINARY: 'decode', CONVERT_TO_TEXT: 'as it is' },
    binary: { unset: 'as it is', CONVERT_TO_BINARY: 'as it is', CONVERT_TO_TEXT: 'encode' },
  },
  /** By payload, then by what the client accepts first. */
  response: {
    'text for text': {
      unset: 'as it is',
      CONVERT_TO_BINARY: 'decode',
      CONVERT_TO_TEXT: 'as it is',
    },
    'text for binary': {
      unset: 'decode',
      CONVERT_TO_BINARY: 'decode',
      CONVERT_TO_TEXT: 'as it is',
    },
    'binary for text': {
      unset: 'encode',
      CONVERT_TO_BINARY: 'as it is',
      CONVERT_TO_TEXT: 'encode',
    },
    'binary for binary': {
      unset: 'as it is',
      CONVERT_TO_BINARY: 'as it is',
      CONVERT_TO_TEXT: 'encode',
    },
  },
} as const satisfies Record<
  string,
  Record<string, Record<'unset' | 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT', Conversion>>
>

/**
 * @param contentType  of the request, as sent
 * @throws GatewayError API_CONFIGURATION_ERROR  what should be base64 is not
 * @see API Gateway Developer Guide, "Content type conversions in API Gateway"
 */
export function convertRequest(
  body: Uint8Array,
  contentType: string,
  binaryMediaTypes: readonly string[],
  handling: Handling,
): Uint8Array {
  if (body.length === 0) return body
  const row = conversions.request[isBinary(contentType, binaryMediaTypes) ? 'binary' : 'text']
  return convert(body, row[columnOf(handling)])
}

/** @param accept  the client's Accept header; its first entry counts */
export function convertResponse(
  body: Uint8Array,
  contentType: string,
  accept: string,
  binaryMediaTypes: readonly string[],
  handling: Handling,
): Uint8Array {
  const first = accept.split(',')[0] ?? ''
  const payload = isBinary(contentType, binaryMediaTypes) ? 'binary' : 'text'
  const wanted = isBinary(first, binaryMediaTypes) ? 'binary' : 'text'
  return convert(body, conversions.response[`${payload} for ${wanted}`][columnOf(handling)])
}

function columnOf(handling: Handling): 'unset' | 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT' {
  return handling === 'CONVERT_TO_BINARY' || handling === 'CONVERT_TO_TEXT' ? handling : 'unset'
}

/** Media types alone are compared; the list may hold `image/*` and everything. */
export function isBinary(contentType: string, binaryMediaTypes: readonly string[]): boolean {
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  return (
    type !== '' &&
    binaryMediaTypes.some(
      (each) =>
        each === '*/*' ||
        each.toLowerCase() === type ||
        each.toLowerCase() === `${type.split('/')[0]}/*`,
    )
  )
}

function convert(body: Uint8Array, conversion: Conversion): Uint8Array {
  if (conversion === 'as it is' || body.length === 0) return body
  if (conversion === 'encode') return Buffer.from(Buffer.from(body).toString('base64'))
  const text = new TextDecoder().decode(body).trim()
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: 'the payload is not base64 and cannot be converted to binary',
    })
  return Buffer.from(text, 'base64')
}
