/** Is the request what the method asks for? */

import { parseJson } from '@sekisho/policy'
import type { Model, RequiredParameter } from './compiled-validation.ts'
import { GatewayError } from './gateway-responses.ts'
import { headerOf } from './headers.ts'
import type { Admitted, Validated } from './pass.ts'

/**
 * Required parameters have to be there, with something in them; then the body has to fit the model for its content type.
 * @throws GatewayError BAD_REQUEST_PARAMETERS, BAD_REQUEST_BODY, API_CONFIGURATION_ERROR
 * @see API Gateway Developer Guide, "Request validation for REST APIs in API Gateway"
 */
export function validate(admitted: Admitted, body: Uint8Array): Validated {
  const { checks } = admitted.method
  if (checks === undefined) return { ...admitted, body }
  refuseMissing(checks.required, admitted)
  if (checks.models === undefined) return { ...admitted, body }
  const type = headerOf(admitted.received.headers, 'content-type') ?? 'application/json'
  const model =
    checks.models.get(type.split(';')[0]!.trim().toLowerCase()) ?? checks.models.get('$default')
  if (model !== undefined) refuseUnfit(model, body)
  return { ...admitted, body }
}

function refuseMissing(
  required: readonly RequiredParameter[],
  { received, pathParameters }: Admitted,
): void {
  const query = new URLSearchParams(received.rawQuery)
  const missing = required.filter(({ place, name }) => {
    const value =
      place === 'path'
        ? Object.hasOwn(pathParameters, name) && pathParameters[name]
        : place === 'querystring'
          ? query.get(name)
          : headerOf(received.headers, name.toLowerCase())
    return !value || value.trim() === ''
  })
  if (missing.length === 0) return
  throw new GatewayError('BAD_REQUEST_PARAMETERS', {
    message: `Missing required request parameters: [${missing.map(({ name }) => name).join(', ')}]`,
  })
}

/** An empty body is an empty object. */
function refuseUnfit(model: Model, body: Uint8Array): void {
  if ('unreadable' in model)
    throw new GatewayError('API_CONFIGURATION_ERROR', { detail: model.unreadable })
  const faults = model.faultsOf(body.length === 0 ? {} : jsonOf(body))
  if (faults.length > 0) throw unfit(faults)
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder().decode(body))
  } catch (error) {
    throw unfit([`Could not parse request body into json: ${(error as Error).message}`])
  }
}

function unfit(faults: readonly string[]): GatewayError {
  const validationError = `[${faults.join(', ')}]`
  return new GatewayError('BAD_REQUEST_BODY', { validationError, detail: validationError })
}
