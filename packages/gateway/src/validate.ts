/** Is the request what the method asks for? */
import { GatewayError } from './gateway-responses.ts'
import type { Admitted, Validated } from './pass.ts'

/**
 * Required parameters have to be there, with something in them.
 * @throws GatewayError BAD_REQUEST_PARAMETERS
 */
export function validate(admitted: Admitted, body: Uint8Array): Validated {
  const { required } = admitted.method
  if (required.length === 0) return { ...admitted, body }
  const query = new URLSearchParams(admitted.received.rawQuery)
  const missing = required.filter(({ place, name }) => {
    const value =
      place === 'path'
        ? admitted.pathParameters[name]
        : place === 'querystring'
          ? query.get(name)
          : headerOf(admitted.received.headers, name)
    return value === undefined || value === null || value.trim() === ''
  })
  if (missing.length === 0) return { ...admitted, body }
  throw new GatewayError('BAD_REQUEST_PARAMETERS', {
    message: `Missing required request parameters: [${missing.map(({ name }) => name).join(', ')}]`,
  })
}

function headerOf(headers: readonly string[], name: string): string | undefined {
  const lower = name.toLowerCase()
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === lower)
  return at < 0 ? undefined : headers[at + 1]
}
