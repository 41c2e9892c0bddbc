/** Asks the origin, again where that is allowed, and the next one of a group where the first fails. */
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
      await discard(response)
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

/** Lets go of a body that nobody wants. */
export async function discard({ body }: Pick<OriginResponse, 'body'>): Promise<void> {
  if (body instanceof Uint8Array) return
  await body[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {})
}

/**
 * The whole body, as long as it is no longer than `limit`; else what there is of it and the rest to come.
 *
 * @throws OriginError
 */
export async function readUpTo(
  body: OriginResponse['body'],
  limit: number,
): Promise<OriginResponse['body']> {
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const rest = body[Symbol.asyncIterator]()
  for (;;) {
    const { value, done } = await rest.next()
    if (done === true) return chunks.length === 1 ? chunks[0]! : joined(chunks, sizeBytes)
    chunks.push(value)
    sizeBytes += value.length
    if (sizeBytes > limit) return continued(chunks, rest)
  }
}

async function* continued(
  chunks: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
    for (;;) {
      const { value, done } = await rest.next()
      if (done === true) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
