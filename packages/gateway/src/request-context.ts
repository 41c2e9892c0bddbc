/** The condition keys of a call to a deployed API, read only when a policy asks. */
import type { ContextValue, ContextValues, Principal } from '@sekisho/policy'
import type { Received } from './pass.ts'

/** @see API Gateway Developer Guide, "AWS condition keys that can be used in API Gateway resource policies" */
export const executeApiKeys = {
  'aws:currenttime': ({ receivedAtMs }) => new Date(receivedAtMs).toISOString(),
  'aws:epochtime': ({ receivedAtMs }) => String(Math.floor(receivedAtMs / 1000)),
  'aws:referer': ({ headers }) => header(headers, 'referer'),
  'aws:securetransport': ({ isSecure }) => String(isSecure),
  'aws:sourceip': ({ sourceIp }) => sourceIp,
  'aws:useragent': ({ headers }) => header(headers, 'user-agent'),
} satisfies Record<string, (received: Received) => string | undefined>

const principalTypes = {
  anonymous: 'Anonymous',
  root: 'Account',
  user: 'User',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
  federated: 'FederatedUser',
  service: 'Service',
} as const satisfies Record<Principal['type'], string>

/** Only for methods with IAM authorization: with any other, these keys are absent, signed or not. */
export const principalKeys = {
  'aws:principalaccount': (caller) => ('accountId' in caller ? caller.accountId : undefined),
  'aws:principalarn': (caller) =>
    caller.type === 'assumed-role' ? caller.roleArn : 'arn' in caller ? caller.arn : undefined,
  'aws:principaltype': (caller) => principalTypes[caller.type],
  'aws:userid': userIdOf,
  'aws:username': (caller) => (caller.type === 'user' ? caller.arn.split('/').at(-1) : undefined),
} satisfies Record<string, (caller: Principal) => string | undefined>

/** @see IAM User Guide, "AWS global condition context keys" (aws:userid) */
function userIdOf(caller: Principal): string | undefined {
  if (caller.type === 'root') return caller.accountId
  if (caller.type === 'user') return caller.userId
  if (caller.type === 'assumed-role') return `${caller.roleId}:${caller.arn.split('/').at(-1)}`
  return caller.type === 'federated-user'
    ? `${caller.accountId}:${caller.arn.split('/').at(-1)}`
    : undefined
}

export class RequestContext implements ContextValues {
  readonly #received: Received
  readonly #caller: Principal | undefined

  /** @param caller  of a method with IAM authorization */
  constructor(received: Received, caller?: Principal) {
    this.#received = received
    this.#caller = caller
  }

  get(lowerCaseKey: string): ContextValue | undefined {
    // By far the most asked; the tables decide the rest.
    if (lowerCaseKey === 'aws:sourceip') return this.#received.sourceIp
    if (Object.hasOwn(executeApiKeys, lowerCaseKey))
      return executeApiKeys[lowerCaseKey as keyof typeof executeApiKeys](this.#received)
    if (this.#caller !== undefined && Object.hasOwn(principalKeys, lowerCaseKey))
      return principalKeys[lowerCaseKey as keyof typeof principalKeys](this.#caller)
    return undefined
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
