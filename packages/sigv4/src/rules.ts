/** What does each service ask of a signature? */

/** How one service reads signatures. `serviceRules` makes them; spread to change one. */
export interface ServiceRules {
  /** Signing names that the credential scope may hold; messages name the first. */
  readonly services: readonly string[]
  /** The region that the credential scope must hold. Absent: any. */
  readonly region?: string
  /**
   * `normalized`: dot segments and repeated slashes removed, then encoded once more.
   * `asSent`: the path as it came, decoded once and encoded once (an object's key may hold `//`).
   */
  readonly path: 'normalized' | 'asSent'
  /** `body`: the hash of the body itself. `s3`: what `x-amz-content-sha256` says, checked. */
  readonly payload: 'body' | 's3'
  /** Whether the session token is signed, or added to the request after signing. */
  readonly sessionToken: 'signed' | 'afterSigning'
  /** How far the time of signing may lie from now, either way. */
  readonly windowMinutes: number
  /** Whether `X-Amz-Expires` rules how long a presigned request lives, or the window does. */
  readonly presigned: 'expires' | 'window'
  /** Headers that must be signed when they are sent. */
  readonly mustBeSigned: 'every x-amz-*' | readonly string[]
}

/**
 * Headers that steer a request beside `host`: unsigned, they could be exchanged on the way.
 * x-amz-date is part of the signature in any case.
 *
 * @see IAM User Guide, "Elements of an AWS API request signature": all `x-amz-*` must be signed
 */
const steering = ['x-amz-target', 'x-amz-security-token'] as const

const general = {
  path: 'normalized',
  payload: 'body',
  sessionToken: 'signed',
  windowMinutes: 15,
  presigned: 'expires',
  mustBeSigned: steering,
} as const satisfies Omit<ServiceRules, 'services' | 'region'>

const s3 = {
  ...general,
  path: 'asSent',
  payload: 's3',
  mustBeSigned: 'every x-amz-*',
} as const satisfies Omit<ServiceRules, 'services' | 'region'>

/** Services that differ from the general rules, by signing name. */
const exceptions: Readonly<Record<string, Omit<ServiceRules, 'services' | 'region'>>> = {
  s3,
  s3express: s3,
  's3-outposts': s3,
  's3-object-lambda': s3,
  // Observed in the messages of deployed APIs: 5 minutes, where the services' own APIs say 15.
  // X-HTTP-Method-Override changes their method: unsigned, it would change a signed request.
  'execute-api': {
    ...general,
    windowMinutes: 5,
    mustBeSigned: [...steering, 'x-http-method-override'],
  },
  // GetCallerIdentity presigned for EKS says 60 seconds and is accepted for 15 minutes.
  sts: { ...general, presigned: 'window' },
  iotdevicegateway: {
    ...general,
    sessionToken: 'afterSigning',
    mustBeSigned: ['x-amz-target'],
  },
}

/**
 * The rules of a service by its signing name (`iam`, `execute-api`, `s3`).
 *
 * @param region  the region that signatures must name; absent, any is accepted.
 */
export function serviceRules(service: string, region?: string): ServiceRules {
  const rules = Object.hasOwn(exceptions, service) ? exceptions[service]! : general
  return region === undefined
    ? { services: [service], ...rules }
    : { services: [service], region, ...rules }
}
