/** Is there a response already, and may this caller have it made anew? */
import { authorize as decide } from '@sekisho/policy'
import { DeniedError } from '../decide.ts'
import { headerOf } from '../headers.ts'
import type { MappedResponse } from '../map-response.ts'
import type { Admitted, Authorization, Authorized, Validated } from '../pass.ts'
import type { Ports } from '../ports.ts'
import { settingsOf } from '../stage-settings.ts'
import { cacheKey } from './keys.ts'

/** How responses of a method are kept. */
export interface Caching {
  readonly ttlMs: number
  /** Of callers that want a response made anew. */
  readonly requiresAuthorization: boolean
  readonly whenUnauthorized: string
}

export interface LookedUp {
  readonly found?: MappedResponse
  /** It was kept, and is not any more: resolves when every process knows. */
  readonly invalidated?: Promise<void>
  /** Keeps what the integration answers instead. */
  readonly keep: (response: MappedResponse) => void
  /** What the caller asked for is not granted, and it is told so. */
  readonly warns: boolean
}

/** @see API Gateway Developer Guide, "Cache settings for REST APIs in API Gateway" (size of a cached response) */
const largestBody = 1_048_576
const defaultTtlSeconds = 300
const warning = '199 Cache-control headers were ignored because the caller was unauthorized.'

/** Undefined: nothing is kept. Of what was set for all methods only GET is meant. */
export function cachingOf({ stage, method, httpMethod }: Admitted): Caching | undefined {
  if (stage.cacheClusterEnabled !== true || method.integration?.streams === true) return undefined
  const settings = settingsOf(stage, method, httpMethod)
  const isEnabled = settings.cachingEnabled ?? httpMethod === 'GET'
  const { cacheTtlInSeconds: ttl = defaultTtlSeconds } = settings
  if (!isEnabled || ttl === 0) return undefined
  return {
    ttlMs: ttl * 1_000,
    requiresAuthorization: settings.requireAuthorizationForCacheControl ?? true,
    whenUnauthorized:
      settings.unauthorizedCacheControlHeaderStrategy ?? 'SUCCEED_WITH_RESPONSE_HEADER',
  }
}

/** @throws DeniedError  the caller wants the response made anew, may not, and the stage refuses that */
export function lookUp(validated: Validated, caching: Caching, { cache, nowMs }: Ports): LookedUp {
  const asks = asksAnew(validated.received.headers)
  const refusal = asks && caching.requiresAuthorization ? refusalOf(validated) : undefined
  if (refusal !== undefined && caching.whenUnauthorized === 'FAIL_WITH_403') throw refusal
  const key = cacheKey(validated)
  const isRenewed = asks && refusal === undefined
  const found = isRenewed ? undefined : cache?.get(key, nowMs())
  const invalidated = isRenewed ? cache?.invalidate(key) : undefined
  return {
    ...(found && { found }),
    ...(invalidated && { invalidated }),
    keep(response) {
      if (isKept(response)) cache?.put(key, response, nowMs() + caching.ttlMs)
    },
    warns: refusal !== undefined && caching.whenUnauthorized === 'SUCCEED_WITH_RESPONSE_HEADER',
  }
}

export function withWarning(response: MappedResponse): MappedResponse {
  return { ...response, headers: [...response.headers, 'Warning', warning] }
}

/** What went wrong behind the method may be right the next time. */
function isKept({ status, headers, body }: MappedResponse): boolean {
  const encoding = headerOf(headers, 'content-encoding') ?? 'identity'
  // Not everybody who gets what is kept can read what the backend compressed for one.
  return status < 400 && encoding === 'identity' && Buffer.byteLength(body) <= largestBody
}

function asksAnew(headers: readonly string[]): boolean {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.length !== 13 || headers[at]!.toLowerCase() !== 'cache-control') continue
    if (/(?:^|,)\s*max-age\s*=\s*"?0+"?\s*(?:,|$)/i.test(headers[at + 1]!)) return true
  }
  return false
}

/**
 * By the same policies as the call itself. Undefined: it may.
 *
 * @see API Gateway Developer Guide, "Invalidate an API Gateway cache entry" (execute-api:InvalidateCache)
 */
function refusalOf(authorized: Authorized): DeniedError | undefined {
  const authorization = authorizationFor(authorized)
  return authorization.decision.allowed ? undefined : new DeniedError(authorization)
}

function authorizationFor({
  authorization,
  caller,
  methodArn,
  deployment,
}: Authorized): Authorization {
  const asked = authorization?.request ?? {
    principal: caller,
    resource: methodArn,
    resourceAccountId: deployment.snapshot.accountId,
    context: new Map(),
  }
  const request = { ...asked, action: 'execute-api:InvalidateCache' }
  const policies = authorization?.policies ?? {}
  return { request, policies, decision: decide(request, policies) }
}
