/** By which TLS may the clients of an API or a domain name speak? */
import { badRequest, notSupported } from './errors.ts'

/** AWS's newer policies ask for more than its two classic ones; TLS 1.2 is the least that is spoken here. */
export const securityPolicies = ['TLS_1_0', 'TLS_1_2'] as const
export type SecurityPolicy = (typeof securityPolicies)[number]

/** @throws AwsError BadRequestException */
export function checkSecurityPolicy(given: string): SecurityPolicy {
  const found = securityPolicies.find((policy) => policy === given)
  if (found !== undefined) return found
  if (/^SecurityPolicy_/.test(given)) throw notSupported(`Security policy '${given}'`)
  throw badRequest(
    `Invalid SecurityPolicy specified. Valid options are ${securityPolicies.join(',')}`,
  )
}

/**
 * What the clients of an API speak where nobody says.
 * @see API Gateway Developer Guide, "Supported security policies" (default security policies)
 */
export function defaultSecurityPolicy(endpointTypes: readonly string[]): SecurityPolicy {
  return endpointTypes.includes('PRIVATE') ? 'TLS_1_2' : 'TLS_1_0'
}

/**
 * Private APIs speak nothing older.
 *
 * @returns undefined: what goes with the endpoint type
 * @throws AwsError BadRequestException
 */
export function apiSecurityPolicy(
  given: string,
  endpointTypes: readonly string[],
): SecurityPolicy | undefined {
  const policy = checkSecurityPolicy(given)
  if (policy === defaultSecurityPolicy(endpointTypes)) return undefined
  if (policy === 'TLS_1_0')
    throw badRequest('Invalid SecurityPolicy specified. Private APIs require TLS_1_2')
  return policy
}
