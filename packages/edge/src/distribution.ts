/** A distribution made ready to serve: what can be thought once is not thought again for each call. */
import { compileInvalidations, type Invalidations } from './invalidated.ts'
import { compilePattern, normalizedPath } from './paths.ts'
import { eitherOf } from './selections.ts'
import type {
  BehaviourSettings,
  DistributionSnapshot,
  ErrorResponse,
  OriginGroup,
  OriginSettings,
  Selection,
} from './snapshot.ts'

export interface Distribution {
  readonly snapshot: DistributionSnapshot
  readonly behaviours: readonly Behaviour[]
  readonly errorResponses: ReadonlyMap<number, ErrorResponse>
  readonly countries: ReadonlySet<string>
  readonly invalidations: Invalidations
}

export interface Behaviour {
  readonly settings: BehaviourSettings
  readonly matches: (path: string) => boolean
  readonly allowed: ReadonlySet<string>
  readonly cached: ReadonlySet<string>
  /** One after the other; more than one only in a group. */
  readonly origins: readonly OriginSettings[]
  readonly failoverStatuses: ReadonlySet<number>
  /** Nothing is ever kept. */
  readonly isUncached: boolean
  /**
   * Of all its keys: a path that was rewritten may be that of another behaviour, which lets others see it; and the values
   * of headers are those of the headers that were asked for.
   */
  readonly keyBeginning: string
  /** The key is the path alone, and perhaps the encoding. */
  readonly hasPlainKey: boolean
  readonly keyHeaders: readonly string[]
  /** What the origin is sent of them, key and request policy together. */
  readonly query: Selection
  readonly cookies: Selection
  readonly sendsCookies: boolean
  /** Whether the viewer's header of that lower-case name goes to the origin. */
  readonly sends: (name: string) => boolean
  /** Names of headers that CloudFront makes. */
  readonly made: readonly string[]
  /** Normalised encodings are part of the key. */
  readonly keysEncoding: boolean
}

export function compileDistribution(snapshot: DistributionSnapshot): Distribution {
  return {
    snapshot,
    behaviours: snapshot.behaviours.map((settings) => compileBehaviour(settings, snapshot)),
    errorResponses: new Map(snapshot.errorResponses.map((each) => [each.status, each])),
    countries: new Set(snapshot.geo.countries),
    invalidations: compileInvalidations(snapshot),
  }
}

/** The first that matches; the last one matches all. */
export function behaviourOf({ behaviours }: Distribution, rawPath: string): Behaviour {
  if (behaviours.length === 1) return behaviours[0]!
  const path = normalizedPath(rawPath)
  return behaviours.find(({ matches }) => matches(path)) ?? behaviours.at(-1)!
}

function compileBehaviour(
  settings: BehaviourSettings,
  { id, origins, groups }: DistributionSnapshot,
): Behaviour {
  const { cache, request, targetId } = settings
  const group = groups.find((each) => each.id === targetId)
  const cookies = eitherOf(cache.cookies, request.cookies)
  const keysEncoding = cache.gzip || cache.brotli
  const listed = new Set(cache.headers)
  const isMade = (name: string) => name.startsWith('cloudfront-')
  return {
    settings,
    matches: compilePattern(settings.pathPattern),
    allowed: new Set(settings.allowedMethods),
    cached: new Set(settings.cachedMethods),
    origins: originsOf(targetId, group, origins),
    failoverStatuses: new Set(group?.statuses),
    isUncached: cache.maxTtl === 0,
    keyBeginning: `${id}\n${settings.pathPattern}\n${cache.headers.join()}\n`,
    hasPlainKey:
      cache.headers.length === 0 && cache.cookies.mode === 'none' && cache.query.mode === 'none',
    keyHeaders: cache.headers,
    query: eitherOf(cache.query, request.query),
    cookies,
    sendsCookies: cookies.mode !== 'none',
    sends: senderOf(request.headers, listed),
    made: [...new Set([...cache.headers.filter(isMade), ...request.madeHeaders])],
    keysEncoding,
  }
}

function originsOf(
  targetId: string,
  group: OriginGroup | undefined,
  origins: readonly OriginSettings[],
): readonly OriginSettings[] {
  const ids = group?.members ?? [targetId]
  return ids.flatMap((id) => origins.filter((origin) => origin.id === id))
}

function senderOf(selection: Selection, listed: ReadonlySet<string>): (name: string) => boolean {
  if (selection.mode === 'none') return (name) => listed.has(name)
  if (selection.mode === 'all') return () => true
  const names = new Set(selection.names)
  return selection.mode === 'only'
    ? (name) => names.has(name) || listed.has(name)
    : (name) => !names.has(name) || listed.has(name)
}
