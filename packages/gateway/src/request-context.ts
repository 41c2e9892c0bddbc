/** The condition keys of a call to a deployed API, read only when a policy asks. */
import type { ContextValue, ContextValues } from '@sekisho/policy'
import type { Received } from './pass.ts'

/** @see API Gateway Developer Guide, "AWS condition keys that can be used in API Gateway resource policies" */
export const executeApiKeys = {
  'aws:currenttime': ({ receivedAtMs }) => new Date(receivedAtMs).toISOString(),
  'aws:epochtime': ({ receivedAtMs }) => String(Math.floor(receivedAtMs / 1000)),
  'aws:referer': ({ headers }) => header(headers, 'referer'),
  'aws:securetransport': ({ isSecure }) => String(isSecure),
  // Within a VPC an address goes by another key.
  'aws:sourceip': ({ sourceIp, vpcEndpoint }) => (vpcEndpoint ? undefined : sourceIp),
  'aws:sourcevpc': ({ vpcEndpoint }) => vpcEndpoint?.vpcId,
  'aws:sourcevpce': ({ vpcEndpoint }) => vpcEndpoint?.id,
  'aws:useragent': ({ headers }) => header(headers, 'user-agent'),
  'aws:vpcsourceip': ({ sourceIp, vpcEndpoint }) => (vpcEndpoint ? sourceIp : undefined),
} satisfies Record<string, (received: Received) => string | undefined>

export class RequestContext implements ContextValues {
  readonly #received: Received
  readonly #callerKeys: ReadonlyMap<string, ContextValue> | undefined

  /** @param callerKeys  of methods with IAM authorization alone: with any other they are absent, signed or not */
  constructor(received: Received, callerKeys?: ReadonlyMap<string, ContextValue>) {
    this.#received = received
    this.#callerKeys = callerKeys
  }

  get(lowerCaseKey: string): ContextValue | undefined {
    // By far the most asked; the tables decide the rest.
    if (lowerCaseKey === 'aws:sourceip') return executeApiKeys['aws:sourceip'](this.#received)
    if (Object.hasOwn(executeApiKeys, lowerCaseKey))
      return executeApiKeys[lowerCaseKey as keyof typeof executeApiKeys](this.#received)
    return this.#callerKeys?.get(lowerCaseKey)
  }
}

/** The value of a header that was sent once; several are joined, so that none is overlooked. */
function header(headers: readonly string[], lowerCaseName: string): string | undefined {
  let value: string | undefined
  for (let at = 0; at < headers.length; at += 2)
    if (
      headers[at]!.length === lowerCaseName.length &&
      headers[at]!.toLowerCase() === lowerCaseName
    )
      value = value === undefined ? headers[at + 1]! : `${value},${headers[at + 1]}`
  return value
}
