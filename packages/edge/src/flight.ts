/** One way to the origin and back: what the viewer gets of it, and what is kept for the next. */
import { letGo, readUpTo } from './bodies.ts'
import { compressed, isCompressible } from './compress.ts'
import { type Fetched, fetchFromOrigins, refusalOf } from './fetch.ts'
import {
  ageOf,
  errorLifetime,
  isKeptSuccess,
  type Lifetime,
  lifetimeOf,
  unkeptOf,
} from './freshness.ts'
import { headerOf, kept } from './headers.ts'
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

/** What is asked for. */
export interface Asking {
  readonly admitted: Admitted
  /** Raw path, with the default root object in its place. */
  readonly path: string
  /** Normalised. */
  readonly encoding: string
  readonly ports: Ports
}

export interface Flight extends Asking {
  /** Under which it is kept. */
  readonly key: string
  /** What is kept and no longer fresh. */
  readonly stale: Stored | undefined
}

export interface Flown {
  readonly answer: Answer
  /** What everybody else with this key gets; absent: it was for this viewer alone. */
  readonly shared?: Answer
}

const noBody = new Uint8Array()

export async function fly(flight: Flight): Promise<Flown> {
  const { admitted, path, encoding, key, stale, ports } = flight
  const { behaviour, viewer, distribution } = admitted
  const isHead = viewer.method === 'HEAD'
  // That nothing has changed can be said of what is there, not of an error.
  const conditions = stale && stale.status < 400 && !behaviour.sendsCookies ? validators(stale) : []
  const survived = distribution.snapshot.invalidated
  let fetched: Fetched
  let body: Body
  try {
    const wanted = { admitted, path, encoding, body: noBody, isForCache: true, conditions }
    fetched = await fetchFromOrigins(wanted, ports)
    body = await readUpTo(fetched.response.body, ports.cache.largestBytes, ports.cache.room)
  } catch (error) {
    return failed(flight, survived, refusalOf(error))
  }
  const { response, origin } = fetched
  const { status } = response
  const nowMs = ports.nowMs()
  if (status === 304 && stale !== undefined && conditions.length > 0)
    return revalidated(flight, stale, fetched, survived, nowMs)
  if (status >= 500 && stale !== undefined && mayServeStale(stale, admitted, nowMs)) {
    letGo(body)
    return postponed(flight, stale, nowMs)
  }
  const headers = cleaned(response.headers, admitted, nowMs)
  const from = { originId: origin.id, ...requestIdOf(response.headers) }
  if (isHead || !(body instanceof Uint8Array)) {
    if (!isHead && headerOf(viewer.headers, 'range') !== undefined) {
      // Too long to be kept: the viewer's range is the origin's affair.
      letGo(body)
      return { answer: await passOn(flight) }
    }
    const length = lengthOf(response.headers)
    return { answer: { status, headers, body, result: 'Miss', ...length, ...from } }
  }
  const isMeasured =
    response.body instanceof Uint8Array ||
    headerOf(response.headers, 'content-length') !== undefined
  const content =
    isMeasured && isCompressible({ status, headers, body }, admitted)
      ? await compressed({ status, headers, body }, encoding)
      : { status, headers, body }
  const lifetime = lifetimeFor(response.headers, status, admitted, nowMs)
  const answer: Answer = { ...content, result: 'Miss', ...from }
  if (lifetime === undefined) return { answer }
  const stored: Stored = {
    ...content,
    headers: without(content.headers, unkeptOf(response.headers)),
    ...times(lifetime, nowMs),
    initialAge: ageOf(response.headers, 2_147_483_648),
    survived,
    uri: uriOf(admitted, path),
    ...from,
  }
  ports.cache.keep(key, stored)
  if (lifetime.fresh === 0) return { answer }
  return { answer, shared: { ...answer, headers: stored.headers, result: 'Hit' } }
}

/** Nothing is kept of it; bodies go through as they come. */
export async function passOn({ admitted, path, encoding, ports }: Asking): Promise<Answer> {
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
    return answerOfRefusal(refusalOf(error))
  }
}

export function replay(stored: Stored, nowMs: number, result: ResultType = 'Hit'): Answer {
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

/** Nothing has changed: what is kept is fresh again. */
function revalidated(
  { admitted, key, ports }: Flight,
  stale: Stored,
  { response, origin }: Fetched,
  survived: number,
  nowMs: number,
): Flown {
  const { cache } = admitted.behaviour.settings
  // How long depends on what viewers are not told, too: `Age`, and all of `Vary`.
  const lifetime = lifetimeOf(freshened(stale.headers, response.headers), cache, nowMs)
  const headers = freshened(stale.headers, cleaned(response.headers, admitted, nowMs))
  const stored: Stored = {
    ...stale,
    headers: without(headers, unkeptOf(headers)),
    ...times(lifetime ?? { fresh: 0, whileRevalidating: 0, ifError: 0 }, nowMs),
    initialAge: ageOf(response.headers, 2_147_483_648),
    survived,
    originId: origin.id,
    ...requestIdOf(response.headers),
  }
  if (lifetime === undefined) ports.cache.drop(key)
  else ports.cache.keep(key, stored)
  const answer = replay({ ...stored, headers }, nowMs, 'RefreshHit')
  return lifetime !== undefined && lifetime.fresh > 0
    ? { answer, shared: replay(stored, nowMs) }
    : { answer }
}

/** No origin answered: what is stale is better than nothing, and the next may wait before asking again. */
function failed(flight: Flight, survived: number, refusal: Refusal): Flown {
  const { admitted, path, key, stale, ports } = flight
  const nowMs = ports.nowMs()
  if (stale !== undefined && mayServeStale(stale, admitted, nowMs))
    return postponed(flight, stale, nowMs)
  const answer = answerOfRefusal(refusal)
  const { status, code } = refusal
  const { cache } = admitted.behaviour.settings
  const fresh = errorLifetime(status, [], cache, errorTtl(admitted, status), nowMs)
  if (fresh === undefined || admitted.viewer.method === 'HEAD') return { answer }
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
  return fresh > 0 ? { answer, shared: { ...answer, result: 'Hit' } } : { answer }
}

function answerOfRefusal({ status, code, message }: Refusal): Answer {
  return { status, headers: [], body: noBody, result: 'Error', refusal: code, detail: message }
}

function mayServeStale(stale: Stored, { behaviour }: Admitted, nowMs: number): boolean {
  const { minTtl, maxTtl } = behaviour.settings.cache
  return stale.status < 400 && nowMs < stale.errorUntil && (minTtl > 0 || maxTtl > 0)
}

function postponed({ admitted, key, ports }: Flight, stale: Stored, nowMs: number): Flown {
  const untilMs = nowMs + errorTtl(admitted, 504) * 1_000
  ports.cache.keep(key, { ...stale, freshUntil: Math.min(untilMs, stale.errorUntil) })
  const answer = replay(stale, nowMs)
  return { answer, shared: answer }
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
  if (isKeptSuccess(status, headers)) return lifetimeOf(headers, cache, nowMs)
  if (status < 400) return undefined
  const fresh = errorLifetime(status, headers, cache, errorTtl(admitted, status), nowMs)
  return fresh === undefined ? undefined : { fresh, whileRevalidating: 0, ifError: 0 }
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

function without(headers: readonly string[], names: readonly string[]): readonly string[] {
  return names.length === 0 ? headers : kept(headers, (name) => !names.includes(name))
}

function uriOf({ viewer }: Admitted, path: string): string {
  return viewer.rawQuery === '' ? path : `${path}?${viewer.rawQuery}`
}

function lengthOf(headers: readonly string[]): { bodyBytes?: number } {
  const length = headerOf(headers, 'content-length')
  return length !== undefined && /^\d{1,15}$/.test(length) ? { bodyBytes: Number(length) } : {}
}

function requestIdOf(headers: readonly string[]): { originRequestId?: string } {
  const id = headerOf(headers, 'x-amzn-requestid')
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? { originRequestId: id } : {}
}
