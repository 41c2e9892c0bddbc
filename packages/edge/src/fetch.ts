/** Asks the origin, again where that is allowed, and the next one of a group where the first fails. */
import { letGo } from './bodies.ts'
import { originRequestOf, type Wanted } from './origin-request.ts'
import { OriginError, type OriginResponse, type Ports } from './ports.ts'
import { Refusal, type RefusalName } from './refusal.ts'
import type { OriginSettings } from './snapshot.ts'

export interface Fetched {
  readonly response: OriginResponse
  readonly origin: OriginSettings
}

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** @throws Refusal  no origin answers */
export async function fetchFromOrigins(wanted: Wanted, ports: Ports): Promise<Fetched> {
  const { behaviour, viewer } = wanted.admitted
  const { origins, failoverStatuses } = behaviour
  const last = origins.length - 1
  const mayFailOver = repeatable.has(viewer.method)
  for (const [at, origin] of origins.entries()) {
    const isLast = at === last || !mayFailOver
    try {
      const response = await attempt(wanted, origin, ports)
      if (isLast || !failoverStatuses.has(response.status)) return { response, origin }
      letGo(response.body)
    } catch (error) {
      if (isLast || !(error instanceof OriginError)) throw refusalOf(error)
    }
  }
  throw new Refusal('INTERNAL', 'the behaviour has no origin')
}

async function attempt(
  wanted: Wanted,
  origin: OriginSettings,
  ports: Ports,
): Promise<OriginResponse> {
  const request = originRequestOf(wanted, origin, ports)
  const attempts = repeatable.has(request.method) ? origin.attempts : 1
  for (let made = 1; ; made++)
    try {
      return await ports.ask(request)
    } catch (error) {
      if (made >= attempts || !(error instanceof OriginError)) throw error
    }
}

const names = {
  UNREACHABLE: 'ORIGIN_UNREACHABLE',
  CONNECT_TIMEOUT: 'ORIGIN_TIMED_OUT',
  READ_TIMEOUT: 'ORIGIN_TIMED_OUT',
  BROKEN: 'ORIGIN_BROKEN',
} as const satisfies Record<OriginError['code'], RefusalName>

export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof OriginError) return new Refusal(names[error.code], error.message)
  return new Refusal('INTERNAL', error instanceof Error ? error.stack : String(error))
}
