/** Which trace does a call belong to? The one that its client names, or one of its own. */
import type { Matched } from './pass.ts'

const header = 'x-amzn-trace-id'
const rooted = /(?:^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;|$)/i
const plain = /^[A-Za-z0-9=;:, ._-]{1,512}$/

/**
 * `Root=1-…`, made of the time and of the request's id; where the stage traces, with who asks next.
 *
 * @see API Gateway Developer Guide, "Trace user requests to REST APIs using X-Ray"
 */
export function traceOf({ received, stage }: Pick<Matched, 'received' | 'stage'>): string {
  const { headers, receivedAtMs, requestId } = received
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1]!
    const isTrace = headers[at]!.length === header.length && headers[at]!.toLowerCase() === header
    if (isTrace && rooted.test(value) && plain.test(value)) return value
  }
  const seconds = Math.floor(receivedAtMs / 1_000)
    .toString(16)
    .padStart(8, '0')
  const unique = hexOf(requestId)
  const root = `Root=1-${seconds}-${unique.slice(0, 24)}`
  return stage.tracingEnabled ? `${root};Parent=${unique.slice(-16)};Sampled=1` : root
}

/** Thirty-two digits; ids are mostly UUIDs. */
export function hexOf(id: string): string {
  if (id.length === 36 && id[8] === '-')
    return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24)
  return id
    .replaceAll(/[^0-9a-f]/gi, '')
    .toLowerCase()
    .padStart(32, '0')
}

/** Integrations whose answers say it too. */
const telling: ReadonlySet<string> = new Set(['AWS', 'AWS_PROXY', 'HTTP'])

export function traceHeaders(matched: Matched): readonly string[] {
  return telling.has(matched.method.integration?.type ?? '')
    ? ['X-Amzn-Trace-Id', traceOf(matched)]
    : []
}
