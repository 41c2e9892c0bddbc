/** May this caller call now? The API key, the plan that it belongs to, and the limits of plan, stage and account. */
import type { GatewayResponseType } from '@aws-sdk/client-api-gateway'
import { GatewayError } from './gateway-responses.ts'
import type { Admitted, ApiKey, Authorized } from './pass.ts'
import type { Draw, KeyHolder, Ports } from './ports.ts'
import type { Throttle } from './snapshot.ts'
import { settingsOf } from './stage-settings.ts'
import { dayOf, periodName, type Quota, usageCounts } from './usage.ts'

/** What an API is held to where nothing lower is said. @see API Gateway Developer Guide, "Quotas for API Gateway account" */
export const accountThrottle = { rateLimit: 10_000, burstLimit: 5_000 } as const

/** Keys are 20 to 128 characters. */
const longestKey = 128

/**
 * At once where keys and counters are in this process.
 *
 * @throws GatewayError INVALID_API_KEY, THROTTLED, QUOTA_EXCEEDED
 * @see API Gateway Developer Guide, "Throttle requests to your REST APIs": plan, then stage, then account
 */
export function admit(authorized: Authorized, ports: Ports): Admitted | Promise<Admitted> {
  if (!authorized.method.apiKeyRequired) return drawn(authorized, undefined, ports)
  const value = keyValue(authorized)
  if (value === undefined || value === '' || value.length > longestKey) throw invalidKey()
  const { snapshot } = authorized.deployment
  const found = ports.findKey(value, snapshot, authorized.stage.stageName)
  const withHolder = (holder: KeyHolder | undefined) => {
    if (holder === undefined) throw invalidKey()
    return drawn(authorized, { value, holder }, ports)
  }
  return found instanceof Promise ? found.then(withHolder) : withHolder(found)
}

const invalidKey = () => new GatewayError('INVALID_API_KEY')

/** @see API Gateway Developer Guide, "API key source": with AUTHORIZER the header is not looked at */
function keyValue({ received, deployment, usageIdentifierKey }: Authorized): string | undefined {
  if (deployment.snapshot.apiKeySource === 'AUTHORIZER') return usageIdentifierKey
  const { headers } = received
  let value: string | undefined
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.length === 9 && headers[at]!.toLowerCase() === 'x-api-key') {
      // Of two nobody can say which is meant.
      if (value !== undefined) return undefined
      value = headers[at + 1]!
    }
  return value
}

interface Presented {
  readonly value: string
  readonly holder: KeyHolder
}

type Limited = readonly [Draw, GatewayResponseType]

function drawn(
  authorized: Authorized,
  presented: Presented | undefined,
  ports: Ports,
): Admitted | Promise<Admitted> {
  const nowMs = ports.nowMs()
  const limits = presented ? planLimits(authorized, presented.holder, nowMs) : []
  const ofStage = stageLimit(authorized)
  if (ofStage) limits.push(ofStage)
  const ofAccount = accountLimit(authorized, ports)
  if (ofAccount) limits.push(ofAccount)
  const apiKey = presented && { id: presented.holder.keyId, value: presented.value }
  if (limits.length === 0) return admitted(authorized, apiKey)
  const refusing = ports.draw(
    limits.map(([draw]) => draw),
    nowMs,
  )
  const settle = (position: number) => {
    if (position >= 0) throw new GatewayError(limits[position]?.[1] ?? 'THROTTLED')
    return admitted(authorized, apiKey)
  }
  return refusing instanceof Promise ? refusing.then(settle) : settle(refusing)
}

function admitted(authorized: Authorized, apiKey: ApiKey | undefined): Admitted {
  return { ...authorized, admitted: true, ...(apiKey && { apiKey }) }
}

/** A key's limits are its own, over all stages of the plan; those of a method stand in the place of the plan's. */
function planLimits(
  { deployment: { snapshot }, stage, method }: Authorized,
  { keyId, plan }: KeyHolder,
  nowMs: number,
): Limited[] {
  const counts = usageCounts(snapshot, plan.id, keyId)
  const name = `plan/${snapshot.accountId}/${snapshot.region}/${plan.id}/${keyId}`
  const path = `${method.resource.path}/${method.name}`
  const own = Object.hasOwn(plan.methods, path) ? plan.methods[path] : undefined
  const limits: Limited[] = []
  if (own) limits.push(throttled(`${name}/${snapshot.restApiId}/${stage.stageName}${path}`, own))
  else if (plan.throttle) limits.push(throttled(name, plan.throttle))
  if (plan.quota)
    limits.push([
      { count: counts.quota, period: periodOf(plan.quota, nowMs), limit: plan.quota.limit },
      'QUOTA_EXCEEDED',
    ])
  limits.push([{ count: counts.used, period: today(nowMs) }, 'QUOTA_EXCEEDED'])
  return limits
}

const dayMs = 86_400_000
/** Most calls are made on the day of the call before. */
let lastDay = { number: Number.NaN, name: '', periods: new Map<string, string>() }

function today(nowMs: number): string {
  const number = Math.floor(nowMs / dayMs)
  if (number !== lastDay.number) lastDay = { number, name: dayOf(nowMs), periods: new Map() }
  return lastDay.name
}

/** A period begins with a day. */
function periodOf(quota: Quota, nowMs: number): string {
  today(nowMs)
  const kind = quota.period + quota.offset
  let name = lastDay.periods.get(kind)
  if (name === undefined) lastDay.periods.set(kind, (name = periodName(quota, nowMs)))
  return name
}

/** Each method of a stage has the limit for itself, whether it was set for all or for one. */
function stageLimit(authorized: Authorized): Limited | undefined {
  const throttle = stageThrottle(authorized)
  if (throttle === undefined) return undefined
  const { deployment, stage, method } = authorized
  const { restApiId } = deployment.snapshot
  const name = `stage/${restApiId}/${stage.stageName}${method.resource.path}/${method.name}`
  return throttled(name, throttle)
}

function stageThrottle({ stage, method, httpMethod }: Authorized): Throttle | undefined {
  const settings = settingsOf(stage, method, httpMethod)
  const { throttlingRateLimit: rateLimit, throttlingBurstLimit: burstLimit } = settings
  if (rateLimit === undefined && burstLimit === undefined) return undefined
  // −1 is how AWS's clients say that a method is not throttled.
  if ((rateLimit ?? 0) < 0 || (burstLimit ?? 0) < 0) return undefined
  return {
    ...(rateLimit !== undefined && { rateLimit }),
    ...(burstLimit !== undefined && { burstLimit }),
  }
}

function accountLimit(
  { deployment: { snapshot } }: Authorized,
  { accountThrottle: throttle }: Ports,
): Limited | undefined {
  return throttle && throttled(`account/${snapshot.accountId}/${snapshot.region}`, throttle)
}

function throttled(
  bucket: string,
  {
    rateLimit: ratePerSecond = accountThrottle.rateLimit,
    burstLimit: burst = accountThrottle.burstLimit,
  }: Throttle,
): Limited {
  return [{ bucket, ratePerSecond, burst }, 'THROTTLED']
}
