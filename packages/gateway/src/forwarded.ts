/** By which way did a call come? What templates, functions and backends are told of it, whatever its client says. */
import { headerOf } from './headers.ts'
import type { Received } from './pass.ts'

const told: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-port',
  'x-forwarded-proto',
])

/** The headers of a call with its own address behind those that its client names. */
export function withForwarded({ headers, sourceIp, isSecure }: Received): readonly string[] {
  // A method that is only tried is called from nowhere.
  if (!/^[0-9a-f.:]+$/i.test(sourceIp)) return headers
  const all: string[] = []
  const addresses: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const lower = headers[at]!.toLowerCase()
    if (lower === 'x-forwarded-for') addresses.push(headers[at + 1]!)
    if (!told.has(lower)) all.push(headers[at]!, headers[at + 1]!)
  }
  const usual = isSecure ? '443' : '80'
  const [, port = usual] = /:(\d+)$/.exec(headerOf(headers, 'host') ?? '') ?? []
  all.push('X-Forwarded-For', [...addresses, sourceIp].join(', '))
  all.push('X-Forwarded-Port', port, 'X-Forwarded-Proto', isSecure ? 'https' : 'http')
  return all
}
