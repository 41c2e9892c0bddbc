/** The keys of identity providers: from a file or an address that the operator names, and from nowhere else. */
import { readFile } from 'node:fs/promises'
import type { KeySet } from '@sekisho/gateway'

const keptMs = 5 * 60_000
/** However many unknown keys are named, an address is not asked more often; nor one that does not answer. */
const freshMs = 10_000
const retryMs = 1_000
const timeoutMs = 5_000
const mostBytes = 256 * 1024

/** @param configured  `issuer=file or address`, the issuer without its scheme */
export function openWebKeys(
  configured: readonly string[],
  now: () => number,
): (issuer: string, isFresh: boolean) => Promise<KeySet | undefined> {
  const places = new Map(
    configured.map((each) => {
      const at = each.indexOf('=')
      return [each.slice(0, at).replace(/^https:\/\//, ''), each.slice(at + 1)] as const
    }),
  )
  const open = new Map([...places].map(([issuer, place]) => [issuer, openKeySet(place, now)]))
  return (issuer, isFresh) => open.get(issuer)?.(isFresh) ?? Promise.resolve(undefined)
}

/**
 * What could not be read does not take away what was read a short while ago.
 *
 * @param place  a file, or an http(s) address
 */
export function openKeySet(
  place: string,
  now: () => number,
): (isFresh: boolean) => Promise<KeySet | undefined> {
  let known: { readonly keys: KeySet; readonly readAt: number } | undefined
  let asking: Promise<KeySet | undefined> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  const isWithin = (ms: number, since: number) => now() >= since && now() - since < ms
  return (isFresh) => {
    const keys = known && isWithin(keptMs, known.readAt) ? known.keys : undefined
    if (keys !== undefined && !isFresh) return Promise.resolve(keys)
    if (asking !== undefined) return asking
    if (isWithin(keys === undefined ? retryMs : freshMs, askedAt)) return Promise.resolve(keys)
    const readAt = (askedAt = now())
    asking = read(place)
      .then(
        (found) => {
          if (found) known = { keys: found, readAt }
          return found ?? keys
        },
        () => keys,
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }
}

async function read(place: string): Promise<KeySet | undefined> {
  const text = /^https?:\/\//.test(place) ? await fetchText(place) : await readFile(place, 'utf8')
  const value = JSON.parse(text) as Partial<KeySet>
  return Array.isArray(value.keys) ? (value as KeySet) : undefined
}

async function fetchText(url: string): Promise<string> {
  const { status, body } = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (status !== 200 || body === null) throw new Error(`the key set answers ${status}`)
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > mostBytes) throw new Error('the key set is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
