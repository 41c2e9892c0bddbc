/** How long may an answer be kept, and how long may it be served when it is stale? */
import { type Headers, headerOf, listOf, tokensOf } from './headers.ts'
import type { CacheSettings } from './snapshot.ts'

export interface Lifetime {
  /** Seconds from now. */
  readonly fresh: number
  /** Seconds after that. */
  readonly whileRevalidating: number
  /** Seconds after the first; the maximum TTL, where the origin does not say. */
  readonly ifError: number
}

export interface Directives {
  readonly maxAge?: number
  readonly sharedMaxAge?: number
  readonly isForbidden: boolean
  /** Lower-case names of headers that are for whoever asked, and for nobody else. */
  readonly unkept: readonly string[]
  readonly mustRevalidate: boolean
  readonly staleWhileRevalidate?: number
  readonly staleIfError?: number
}

/** @param list  all `Cache-Control` headers as one */
export function readDirectives(list: string | undefined): Directives {
  if (list === undefined) return { isForbidden: false, unkept: [], mustRevalidate: false }
  const found = new Map<string, string>()
  const unkept: string[] = []
  let isForbidden = false
  for (const [, given = '', quoted, plain] of list.matchAll(directive)) {
    const name = given.toLowerCase()
    if (!found.has(name)) found.set(name, quoted ?? plain ?? '')
    if (!forbidding.has(name)) continue
    const names = name === 'no-store' ? [] : tokensOf(quoted ?? '')
    if (names.length > 0) unkept.push(...names)
    else isForbidden = true
  }
  const seconds = (name: string) => secondsOf(found.get(name))
  const maxAge = seconds('max-age')
  const sharedMaxAge = seconds('s-maxage')
  const staleWhileRevalidate = seconds('stale-while-revalidate')
  const staleIfError = seconds('stale-if-error')
  return {
    ...(maxAge !== undefined && { maxAge }),
    ...(sharedMaxAge !== undefined && { sharedMaxAge }),
    ...(staleWhileRevalidate !== undefined && { staleWhileRevalidate }),
    ...(staleIfError !== undefined && { staleIfError }),
    isForbidden,
    unkept,
    mustRevalidate: found.has('must-revalidate') || found.has('proxy-revalidate'),
  }
}

/** With names of headers, two of them speak of these headers alone. @see RFC 9111, section 5.2.2 */
const forbidding: ReadonlySet<string> = new Set(['no-cache', 'no-store', 'private'])

/** Tried once for each name, not for each of its letters: what an origin sends may be long. */
const directive = /(?<![a-z-])([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?\s*(?:,|$)/gi

/** Of an answer: which of its headers are not kept. */
export function unkeptOf(headers: Headers): readonly string[] {
  return readDirectives(listOf(headers, 'cache-control')).unkept
}

/** A number that is none says nothing may be assumed: it is over at once. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^\d+$/.test(text) ? Math.min(Number(text), 2_147_483_648) : 0
}

/**
 * Of an answer that is no error.
 *
 * @returns undefined: it may not be kept
 * @see CloudFront Developer Guide, "Manage how long content stays in the cache (expiration)"
 */
export function lifetimeOf(
  headers: Headers,
  { minTtl, defaultTtl, maxTtl }: CacheSettings,
  nowMs: number,
): Lifetime | undefined {
  if (maxTtl === 0) return undefined
  const directives = readDirectives(listOf(headers, 'cache-control'))
  if (directives.isForbidden) return minTtl > 0 ? lifetime(minTtl, directives, maxTtl) : undefined
  const asked = askedSeconds(headers, directives, nowMs)
  const clamped = Math.min(Math.max(asked ?? defaultTtl, minTtl), maxTtl)
  const isForNobodyElse = listOf(headers, 'vary')?.includes('*') === true && minTtl === 0
  return lifetime(isForNobodyElse ? 0 : clamped - ageOf(headers, clamped), directives, maxTtl)
}

/** Kept for their own minimum at least. @see CloudFront Developer Guide, "How CloudFront processes HTTP 4xx and 5xx status codes" */
const alwaysKept: ReadonlySet<number> = new Set([404, 414, 500, 501, 502, 503, 504])
/** But for these, where the origin forbids it. @see CloudFront Developer Guide, "Control how long CloudFront caches errors" */
const forbiddable: ReadonlySet<number> = new Set([404, 414, 501])
/** Kept where the origin says for how long. */
const keptWhenTold: ReadonlySet<number> = new Set([400, 403, 405, 412, 415])

/** Of an error. @returns seconds; undefined: it may not be kept */
export function errorLifetime(
  status: number,
  headers: Headers,
  { maxTtl }: CacheSettings,
  cachingMinTtl: number,
  nowMs: number,
): number | undefined {
  if (maxTtl === 0) return undefined
  const directives = readDirectives(listOf(headers, 'cache-control'))
  const { isForbidden, sharedMaxAge, maxAge } = directives
  if (alwaysKept.has(status)) {
    if (isForbidden) return forbiddable.has(status) ? undefined : cachingMinTtl
    return longerOf(cachingMinTtl, askedSeconds(headers, directives, nowMs), maxTtl)
  }
  const told = sharedMaxAge ?? maxAge
  if (!keptWhenTold.has(status) || told === undefined || isForbidden) return undefined
  return longerOf(cachingMinTtl, told, maxTtl)
}

function longerOf(minTtl: number, asked: number | undefined, maxTtl: number): number {
  return Math.max(minTtl, Math.min(asked ?? 0, maxTtl))
}

const keptSuccesses: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302])
/** Kept where the origin says for how long. @see CloudFront Developer Guide, "How CloudFront processes HTTP 3xx status codes" */
const keptRedirects: ReadonlySet<number> = new Set([307, 308])

export function isKeptSuccess(status: number, headers: Headers): boolean {
  return (
    keptSuccesses.has(status) ||
    (keptRedirects.has(status) && headerOf(headers, 'cache-control') !== undefined)
  )
}

function lifetime(fresh: number, directives: Directives, maxTtl: number): Lifetime {
  const { mustRevalidate, staleWhileRevalidate = 0, staleIfError } = directives
  return {
    fresh: Math.max(0, fresh),
    whileRevalidating: mustRevalidate ? 0 : Math.min(staleWhileRevalidate, maxTtl),
    ifError: mustRevalidate ? 0 : Math.min(staleIfError ?? maxTtl, maxTtl),
  }
}

function askedSeconds(
  headers: Headers,
  { sharedMaxAge, maxAge }: Directives,
  nowMs: number,
): number | undefined {
  if (sharedMaxAge !== undefined || maxAge !== undefined) return sharedMaxAge ?? maxAge
  const expires = headerOf(headers, 'expires')
  if (expires === undefined) return undefined
  const at = Date.parse(expires)
  // Until that moment, by our own clock: how long ago the answer was made is not asked.
  return Number.isNaN(at) ? 0 : Math.max(0, Math.floor((at - nowMs) / 1_000))
}

/** How old the answer was when it came, as caches before us say. */
export function ageOf(headers: Headers, most: number): number {
  const age = Number(/^\d{1,10}$/.exec(headerOf(headers, 'age') ?? '')?.[0] ?? 0)
  return Math.min(age, most)
}
