/** From the cache, or from the origin: once for all who ask for the same at the same time. */
import { cacheKeyOf, encodingOf } from './cache-key.ts'
import { compressed, isCompressible } from './compress.ts'
import { discard, type Fetched, fetchFromOrigins, readUpTo, refusalOf } from './fetch.ts'
import { ageOf, errorLifetime, isKeptSuccess, type Lifetime, lifetimeOf } from './freshness.ts'
import { headerOf } from './headers.ts'
import { isInvalidated } from './invalidated.ts'
import type { Wanted } from './origin-request.ts'
import type { Body, Ports } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { freshened, type Stored, validators, viewerHeaders } from './stored.ts'
import type { Admitted, ResultType } from './viewer.ts'

/** An answer, wherever it comes from. */
export interface Answer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Body
  readonly result: ResultType
  /** Seconds; absent for what has just come. */
  readonly age?: number
  readonly refusal?: Refusal['code']
  readonly detail?: string
  readonly originId?: string
  readonly originRequestId?: string
  /** Of a body that is not here as a whole: how long it is. */
  readonly bodyBytes?: number
  /** The origin has seen the viewer's conditions and ranges. */
  readonly isPassedOn?: true
}

/** What is under way, and what has shown that it cannot be shared. Of one process. */
export interface Flights {
  readonly open: Map<string, Promise<Answer | undefined>>
  /** Until when the requests for a key go each its own way; epoch milliseconds. */
  readonly apart: Map<string, number>
}

export function createFlights(): Flights {
  return { open: new Map(), apart: new Map() }
}

export interface Lookup {
  readonly admitted: Admitted
  /** Raw path, with the default root object in its place. */
  readonly path: string
  readonly ports: Ports
  readonly flights: Flights
}

const noBody = new Uint8Array()

export function answerOf(lookup: Lookup): Answer | Promise<Answer> {
  const { admitted, path, ports } = lookup
  const { behaviour, viewer } = admitted
  const encoding = encodingOf(admitted)
  if (behaviour.isUncached || !behaviour.cached.has(viewer.method)) return passOn(lookup, encoding)
  const key = cacheKeyOf(admitted, path, encoding, ports.countryOf)
  const found = ports.cache.find(key)
  return found instanceof Promise
    ? found.then((stored) => withStored(lookup, key, encoding, stored))
    : withStored(lookup, key, encoding, found)
}

function withStored(
  lookup: Lookup,
  key: string,
  encoding: string,
  stored: Stored | undefined,
): Answer | Promise<Answer> {
  const { admitted, ports } = lookup
  if (stored === undefined) return collapse(lookup, key, encoding, undefined)
  if (isInvalidated(stored, admitted.distribution.snapshot)) {
    ports.cache.drop(key)
    return collapse(lookup, key, encoding, undefined)
  }
  const nowMs = ports.nowMs()
  if (nowMs < stored.freshUntil) return replay(stored, nowMs)
  if (nowMs < stored.revalidateUntil) {
    // The next one gets the new one; what a HEAD brings is nothing to keep.
    const viewer = { ...admitted.viewer, method: 'GET' }
    const behind = { ...lookup, admitted: { ...admitted, viewer } }
    Promise.resolve(collapse(behind, key, encoding, stored)).catch(ports.onFailure)
    return replay(stored, nowMs)
  }
  return collapse(lookup, key, encoding, stored)
}

function replay(stored: Stored, nowMs: number, result: ResultType = 'Hit'): Answer {
  const { status, headers, body, refusal, originId, originRequestId } = stored
  return {
    status,
    headers,
    body,
    result,
    age: stored.initialAge + Math.max(0, Math.floor((nowMs - stored.storedAt) / 1_000)),
    ...(refusal !== undefined && { refusal }),
    ...(originId !== undefined && { originId }),
    ...(originRequestId !== undefined && { originRequestId }),
  }
}

/** How long the requests for what could not be kept go apart. */
const apartMs = 10_000
const mostApart = 10_000

/** Waits for the one that is under way, or is the one. */
async function collapse(
  lookup: Lookup,
  key: string,
  encoding: string,
  stale: Stored | undefined,
): Promise<Answer> {
  const { admitted, ports, flights } = lookup
  // What one viewer's cookies or a HEAD brought is no answer for others.
  const isAlone =
    admitted.behaviour.sendsCookies ||
    admitted.viewer.method === 'HEAD' ||
    (flights.apart.get(key) ?? 0) > ports.nowMs()
  if (isAlone) return (await fly(lookup, key, encoding, stale)).answer
  const underWay = flights.open.get(key)
  if (underWay !== undefined)
    return (await underWay) ?? (await fly(lookup, key, encoding, stale)).answer
  const flight = fly(lookup, key, encoding, stale)
  flights.open.set(
    key,
    flight.then(
      ({ answer, isShared }) => (isShared ? { ...answer, result: 'Hit' as const } : undefined),
      () => undefined,
    ),
  )
  try {
    const { answer, isShared } = await flight
    if (!isShared) {
      if (flights.apart.size >= mostApart) flights.apart.clear()
      flights.apart.set(key, ports.nowMs() + apartMs)
    }
    return answer
  } finally {
    flights.open.delete(key)
  }
}

interface Flown {
  readonly answer: Answer
  /** Kept, and so for everybody with this key. */
  readonly isShared: boolean
}

async function fly(
  lookup: Lookup,
  key: string,
  encoding: string,
  stale: Stored | undefined,
): Promise<Flown> {
  const { admitted, path, ports } = lookup
  const { behaviour, viewer } = admitted
  const conditions = stale && !behaviour.sendsCookies && !stale.refusal ? validators(stale) : []
  const wanted: Wanted = {
    admitted,
    path,
    encoding,
    body: noBody,
    isForCache: viewer.method !== 'HEAD',
    conditions,
  }
  const survived = admitted.distribution.snapshot.invalidated
  let fetched: Fetched
  let body: Body
  try {
    fetched = await fetchFromOrigins(wanted, ports)
    body = await readUpTo(fetched.response.body, ports.cache.largestBytes)
  } catch (error) {
    return failed(lookup, key, stale, survived, refusalOf(error))
  }
  const { response, origin } = fetched
  const { status } = response
  const nowMs = ports.nowMs()
  if (status === 304 && stale !== undefined && conditions.length > 0)
    return revalidated(lookup, key, stale, fetched, survived, nowMs)
  if (status >= 500 && stale !== undefined && mayServeStale(stale, admitted, nowMs)) {
    await discard({ body })
    return postponed(lookup, key, stale, nowMs)
  }
  const headers = cleaned(response.headers, admitted, nowMs)
  const origins = {
    originId: origin.id,
    ...requestIdOf(response.headers),
  }
  if (!(body instanceof Uint8Array) || viewer.method === 'HEAD') {
    const isTooLong = viewer.method !== 'HEAD' && hasConditions(admitted)
    if (isTooLong) {
      // Too long to be kept: the viewer's range is the origin's affair.
      await discard({ body })
      return { answer: await passOn(lookup, encoding), isShared: false }
    }
    const answer: Answer = {
      status,
      headers,
      body,
      result: 'Miss',
      ...lengthOf(response.headers),
      ...origins,
    }
    return { answer, isShared: false }
  }
  const isMeasured =
    response.body instanceof Uint8Array ||
    headerOf(response.headers, 'content-length') !== undefined
  const content =
    isMeasured && isCompressible({ status, headers, body }, admitted)
      ? await compressed({ status, headers, body }, encoding)
      : { status, headers, body }
  const lifetime = lifetimeFor(response.headers, status, admitted, nowMs)
  const answer: Answer = { ...content, result: 'Miss', ...origins }
  if (lifetime === undefined) return { answer, isShared: false }
  const stored: Stored = {
    ...content,
    ...times(lifetime, nowMs),
    initialAge: ageOf(response.headers, 2_147_483_648),
    survived,
    uri: uriOf(admitted, path),
    ...origins,
  }
  ports.cache.keep(key, stored)
  return { answer, isShared: lifetime.fresh > 0 }
}

function hasConditions({ viewer }: Admitted): boolean {
  return headerOf(viewer.headers, 'range') !== undefined
}

function uriOf({ viewer }: Admitted, path: string): string {
  return viewer.rawQuery === '' ? path : `${path}?${viewer.rawQuery}`
}

function times({ fresh, whileRevalidating, ifError }: Lifetime, nowMs: number) {
  const freshUntil = nowMs + fresh * 1_000
  return {
    storedAt: nowMs,
    freshUntil,
    revalidateUntil: freshUntil + whileRevalidating * 1_000,
    errorUntil: freshUntil + ifError * 1_000,
  }
}

const defaultErrorTtl = 10

function errorTtl({ distribution }: Admitted, status: number): number {
  return distribution.errorResponses.get(status)?.cachingMinTtl ?? defaultErrorTtl
}

function lifetimeFor(
  headers: readonly string[],
  status: number,
  admitted: Admitted,
  nowMs: number,
): Lifetime | undefined {
  const { cache } = admitted.behaviour.settings
  if (isKeptSuccess(status)) return lifetimeOf(headers, cache, nowMs)
  if (status < 400) return undefined
  const fresh = errorLifetime(status, headers, cache, errorTtl(admitted, status))
  return fresh === undefined ? undefined : { fresh, whileRevalidating: 0, ifError: 0 }
}

/** Nothing has changed: what is kept is fresh again. */
function revalidated(
  { admitted, ports }: Lookup,
  key: string,
  stale: Stored,
  { response, origin }: Fetched,
  survived: number,
  nowMs: number,
): Flown {
  const { cache } = admitted.behaviour.settings
  const headers = freshened(stale, cleaned(response.headers, admitted, nowMs))
  const lifetime = lifetimeOf(headers, cache, nowMs)
  const stored: Stored = {
    ...stale,
    headers,
    ...times(lifetime ?? { fresh: 0, whileRevalidating: 0, ifError: 0 }, nowMs),
    initialAge: ageOf(response.headers, 2_147_483_648),
    survived,
    originId: origin.id,
  }
  if (lifetime === undefined) ports.cache.drop(key)
  else ports.cache.keep(key, stored)
  return {
    answer: replay(stored, nowMs, 'RefreshHit'),
    isShared: lifetime !== undefined && lifetime.fresh > 0,
  }
}

/** No origin answered: what is stale is better than nothing, and the next may wait before asking again. */
function failed(
  lookup: Lookup,
  key: string,
  stale: Stored | undefined,
  survived: number,
  refusal: Refusal,
): Flown {
  const { admitted, path, ports } = lookup
  const nowMs = ports.nowMs()
  if (stale !== undefined && mayServeStale(stale, admitted, nowMs))
    return postponed(lookup, key, stale, nowMs)
  const { status, code, message } = refusal
  const answer: Answer = {
    status,
    headers: [],
    body: noBody,
    result: 'Error',
    refusal: code,
    detail: message,
  }
  const { cache } = admitted.behaviour.settings
  const fresh = errorLifetime(status, [], cache, errorTtl(admitted, status))
  if (fresh === undefined || admitted.viewer.method === 'HEAD') return { answer, isShared: false }
  ports.cache.keep(key, {
    status,
    headers: [],
    body: noBody,
    ...times({ fresh, whileRevalidating: 0, ifError: 0 }, nowMs),
    initialAge: 0,
    survived,
    uri: uriOf(admitted, path),
    refusal: code,
  })
  return { answer, isShared: fresh > 0 }
}

function mayServeStale(stale: Stored, { behaviour }: Admitted, nowMs: number): boolean {
  const { minTtl, maxTtl } = behaviour.settings.cache
  return stale.status < 400 && nowMs < stale.errorUntil && (minTtl > 0 || maxTtl > 0)
}

function postponed({ admitted, ports }: Lookup, key: string, stale: Stored, nowMs: number): Flown {
  const untilMs = nowMs + errorTtl(admitted, 504) * 1_000
  ports.cache.keep(key, { ...stale, freshUntil: Math.min(untilMs, stale.errorUntil) })
  return { answer: replay(stale, nowMs), isShared: true }
}

/** Nothing is kept of it; bodies go through as they come. */
async function passOn(lookup: Lookup, encoding: string): Promise<Answer> {
  const { admitted, path, ports } = lookup
  const { viewer } = admitted
  try {
    const body = viewer.hasBody ? await viewer.readBody() : noBody
    const wanted = { admitted, path, encoding, body, isForCache: false, conditions: [] }
    const { response, origin } = await fetchFromOrigins(wanted, ports)
    return {
      status: response.status,
      headers: cleaned(response.headers, admitted, ports.nowMs()),
      body: response.body,
      result: 'Miss',
      isPassedOn: true,
      originId: origin.id,
      ...lengthOf(response.headers),
      ...requestIdOf(response.headers),
    }
  } catch (error) {
    const { status, code, message } = refusalOf(error)
    return { status, headers: [], body: noBody, result: 'Error', refusal: code, detail: message }
  }
}

function cleaned(headers: readonly string[], admitted: Admitted, nowMs: number): string[] {
  const { behaviour } = admitted
  const clean = viewerHeaders(
    headers,
    behaviour.sendsCookies,
    (name) =>
      name === 'accept-encoding' ||
      (name === 'cookie' && behaviour.sendsCookies) ||
      (name !== 'cookie' && behaviour.sends(name)),
  )
  if (headerOf(clean, 'date') === undefined) clean.push('Date', new Date(nowMs).toUTCString())
  return clean
}

function lengthOf(headers: readonly string[]): { bodyBytes?: number } {
  const length = headerOf(headers, 'content-length')
  return length !== undefined && /^\d{1,15}$/.test(length) ? { bodyBytes: Number(length) } : {}
}

function requestIdOf(headers: readonly string[]): { originRequestId?: string } {
  const id = headerOf(headers, 'x-amzn-requestid')
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? { originRequestId: id } : {}
}
