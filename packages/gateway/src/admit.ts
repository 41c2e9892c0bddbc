/** May this caller call now? API keys and usage plans come here. */
import { GatewayError } from './gateway-responses.ts'
import type { Admitted, Authorized } from './pass.ts'

/** No key can be valid while there are no keys: a method that wants one refuses everybody. */
export function admit(authorized: Authorized): Admitted {
  if (authorized.method.apiKeyRequired) throw new GatewayError('INVALID_API_KEY')
  return { ...authorized, admitted: true }
}
