/** Where does a request come from? The peer, unless it is a proxy that is trusted to say so. */
import { createBlocks, normalizeAddress } from './addresses.ts'

export interface Source {
  readonly address: string
  /** Came over TLS, to this process or to a trusted proxy before it. */
  readonly isSecure: boolean
}

/** A trusted proxy passed on something that is no address. */
export class ForwardedForError extends Error {
  override readonly name = 'ForwardedForError'
  readonly code = 'FORWARDED_FOR'
}

/** @param isSecure  the connection itself came over TLS */
export type FindSource = (peer: string, headers: readonly string[], isSecure: boolean) => Source

/**
 * @param trusted  CIDR blocks of proxies
 * @returns a function that reads X-Forwarded-For from the right, to the first address that is not trusted. Several
 *          headers are one list. It throws ForwardedForError when it meets an entry that is no address.
 */
export function createFindSource(trusted: readonly string[]): FindSource {
  if (trusted.length === 0) return (address, _, isSecure) => ({ address, isSecure })
  const isTrusted = createBlocks(trusted)
  return (peer, headers, isDirectlySecure) => {
    if (!isTrusted(peer)) return { address: peer, isSecure: isDirectlySecure }
    // How the client reached the proxy is the proxy's to say.
    const isSecure = listOf(headers, 'x-forwarded-proto').at(-1)?.toLowerCase() === 'https'
    let address = peer
    for (const entry of listOf(headers, 'x-forwarded-for').reverse()) {
      const next = normalizeAddress(entry)
      if (next === undefined)
        throw new ForwardedForError('X-Forwarded-For holds what is no address')
      address = next
      if (!isTrusted(next)) break
    }
    return { address, isSecure }
  }
}

function listOf(headers: readonly string[], lowerCaseName: string): string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === lowerCaseName)
      values.push(...headers[at + 1]!.split(',').map((value) => value.trim()))
  return values
}
