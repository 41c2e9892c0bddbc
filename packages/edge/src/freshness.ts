/** How long may an answer be kept, and how long may it be served when it is stale? */
import { type Headers, headerOf, listOf } from './headers.ts'
import type { CacheSettings } from './snapshot.ts'

export interface Lifetime {
  /** Seconds from now. */
  readonly fresh: number
  /** Seconds after that. */
  readonly whileRevalidating: number
  /** Seconds after that; Infinity: for as long as it is there. */
  readonly ifError: number
}

export interface Directives {
  readonly maxAge?: number
  readonly sharedMaxAge?: number
  readonly isForbidden: boolean
  readonly mustRevalidate: boolean
  readonly staleWhileRevalidate?: number
  readonly staleIfError?: number
}

/** @param list  all `Cache-Control` headers as one */
export function readDirectives(list: string | undefined): Directives {
  if (list === undefined) return { isForbidden: false, mustRevalidate: false }
  const found = new Map<string, string>()
  for (const [, name = '', quoted, plain] of list.matchAll(directive))
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), quoted ?? plain ?? '')
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
    isForbidden: found.has('no-store') || found.has('no-cache') || found.has('private'),
    mustRevalidate: found.has('must-revalidate') || found.has('proxy-revalidate'),
  }
}

const directive = /([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?\s*(?:,|$)/gi

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

/** Kept for their own minimum, whatever the origin says. @see CloudFront Developer Guide, "How CloudFront processes HTTP 4xx and 5xx status codes" */
const alwaysKept: ReadonlySet<number> = new Set([404, 414, 500, 501, 502, 503, 504])
/** Kept where the origin says for how long. */
const keptWhenTold: ReadonlySet<number> = new Set([400, 403, 405, 412, 415])

/** Of an error. @returns seconds; undefined: it may not be kept */
export function errorLifetime(
  status: number,
  headers: Headers,
  { maxTtl }: CacheSettings,
  cachingMinTtl: number,
): number | undefined {
  if (maxTtl === 0) return undefined
  const { sharedMaxAge, maxAge, isForbidden } = readDirectives(listOf(headers, 'cache-control'))
  const told = sharedMaxAge ?? maxAge
  if (alwaysKept.has(status)) return Math.max(cachingMinTtl, isForbidden ? 0 : (told ?? 0))
  if (!keptWhenTold.has(status) || told === undefined || isForbidden) return undefined
  return Math.max(cachingMinTtl, told)
}

const keptSuccesses: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 307, 308])

export function isKeptSuccess(status: number): boolean {
  return keptSuccesses.has(status)
}

function lifetime(fresh: number, directives: Directives, maxTtl: number): Lifetime {
  const { mustRevalidate, staleWhileRevalidate = 0, staleIfError } = directives
  return {
    fresh: Math.max(0, fresh),
    whileRevalidating: mustRevalidate ? 0 : Math.min(staleWhileRevalidate, maxTtl),
    ifError: mustRevalidate
      ? 0
      : staleIfError === undefined
        ? Number.POSITIVE_INFINITY
        : Math.min(staleIfError, maxTtl),
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
