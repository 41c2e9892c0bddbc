/** Which operation of its service does a request ask for? */
import type { Labels } from './http-binding.ts'
import {
  type HttpTrait,
  membersOf,
  type OperationModel,
  requiredMembersOf,
  type ServiceModel,
  traitsOf,
} from './model.ts'
import { headerOf, queryEntries } from './wire.ts'

export interface Match {
  readonly operation: OperationModel
  readonly labels: Labels
}

/** Finds the operation of a REST service by method, path and query literals. */
export interface Router {
  readonly match: (request: RoutedRequest) => Match | undefined
}

export interface RoutedRequest {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: readonly string[]
}

interface Route {
  readonly operation: OperationModel
  /** Of the path's segments: literals before labels, labels before what takes the rest. */
  readonly rank: string
  readonly http: HttpTrait
  readonly segments: readonly Segment[]
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Of members that the model requires: without them it is another operation. */
  readonly requiredQuery: readonly string[]
  readonly requiredHeaders: readonly string[]
}

type Segment = { readonly literal: string } | { readonly label: string; readonly isGreedy: boolean }

const routers = new WeakMap<ServiceModel, Router>()

export function routerOf(model: ServiceModel): Router {
  let router = routers.get(model)
  if (router === undefined) {
    router = buildRouter(model)
    routers.set(model, router)
  }
  return router
}

type Level = 'account' | 'bucket' | 'object'

const bucketRouters = new WeakMap<ServiceModel, Record<Level, Router>>()

/** S3's models leave the bucket out of their paths: what is asked of a bucket is told apart by its being named. */
export function matchBucket(model: ServiceModel, request: RoutedRequest): Match | undefined {
  const { account, bucket: ofBucket, object: ofObject } = bucketRoutersOf(model)
  const address = bucketAddressOf(request.rawPath, headerOf(request.headers, 'host'))
  if (address === undefined) return account.match(request)
  const Bucket = decode(address.bucket)
  if (Bucket === undefined) return undefined
  // Whatever stands behind the first slash is a key, another slash too.
  const level = address.rawPath === '/' ? ofBucket : ofObject
  const found = level.match({ ...request, rawPath: address.rawPath })
  return found && { ...found, labels: { ...found.labels, Bucket } }
}

function bucketRoutersOf(model: ServiceModel): Record<Level, Router> {
  let routers = bucketRouters.get(model)
  if (routers === undefined) {
    const levelOf = ({ input, http }: OperationModel): Level => {
      if (!membersOf(input).some(([name]) => name === 'Bucket')) return 'account'
      return http?.path === '/' ? 'bucket' : 'object'
    }
    const part = (level: Level) =>
      buildRouter({
        ...model,
        operations: new Map(
          [...model.operations].filter(([, operation]) => levelOf(operation) === level),
        ),
      })
    routers = { account: part('account'), bucket: part('bucket'), object: part('object') }
    bucketRouters.set(model, routers)
  }
  return routers
}

/** The bucket that a request to S3 names, if any: told without knowing what is asked of it. */
export function bucketNamed({ rawPath, headers }: RoutedRequest): string | undefined {
  const address = bucketAddressOf(rawPath, headerOf(headers, 'host'))
  return address && decode(address.bucket)
}

interface BucketAddress {
  /** Still percent-encoded. */
  readonly bucket: string
  /** What follows the bucket. */
  readonly rawPath: string
}

/** The bucket stands before `.s3.` of the host, or first in the path. */
function bucketAddressOf(rawPath: string, host: string | undefined): BucketAddress | undefined {
  const bucket = host === undefined ? undefined : bucketOfHost(host)
  if (bucket !== undefined) return { bucket, rawPath }
  const [, first = '', rest = ''] = /^\/([^/]*)(\/.*)?$/s.exec(rawPath) ?? []
  return first === '' ? undefined : { bucket: first, rawPath: rest === '' ? '/' : rest }
}

/**
 * `photos` of `photos.s3.localhost:4566` and `photos.s3.eu-west-1.amazonaws.com`; none of `s3.localhost`.
 *
 * @see Amazon S3 User Guide, "Virtual hosting of general purpose buckets"
 */
export function bucketOfHost(host: string): string | undefined {
  return /^(.+)\.s3(?:[.-][a-z0-9-]+)?\.(?:localhost|amazonaws\.com)(?::\d+)?$/.exec(
    host.toLowerCase(),
  )?.[1]
}

/** Written by newer clients as a hint; older ones leave it out. */
const hint = 'x-id'

function buildRouter(model: ServiceModel): Router {
  const routes = [...model.operations.values()].flatMap((operation) =>
    operation.http ? [routeOf(operation, operation.http)] : [],
  )
  routes.sort(bySpecificity)
  return {
    match(request) {
      const parts = request.rawPath.split('/').slice(1)
      const query = firstValues(queryEntries(request.rawQuery))
      let lacking: (Match & { readonly rank: string }) | undefined
      for (const route of routes) {
        if (route.http.method !== request.method || !hasLiterals(route, query)) continue
        const labels = matchSegments(route.segments, parts)
        if (labels === undefined) continue
        const { operation, rank } = route
        if (lacking !== undefined && lacking.rank !== rank) break
        if (hasRequired(route, query, request.headers)) return { operation, labels }
        // The last of one path asks for the least: its validation says what is missing.
        lacking = { operation, labels, rank }
      }
      return lacking && { operation: lacking.operation, labels: lacking.labels }
    },
  }
}

type FirstValues = ReadonlyMap<string, string>

function firstValues(entries: readonly (readonly [string, string])[]): FirstValues {
  const first = new Map<string, string>()
  for (const [name, value] of entries) if (!first.has(name)) first.set(name, value)
  return first
}

function hasLiterals(route: Route, query: FirstValues): boolean {
  return route.query.every(
    ([name, value]) => query.has(name) && (value === '' || query.get(name) === value),
  )
}

function hasRequired(route: Route, query: FirstValues, headers: readonly string[]): boolean {
  return (
    route.requiredQuery.every((name) => query.has(name)) &&
    route.requiredHeaders.every((name) => headerOf(headers, name) !== undefined)
  )
}

function routeOf(operation: OperationModel, http: HttpTrait): Route {
  const required = new Set(requiredMembersOf(operation.input))
  const bound = membersOf(operation.input).filter(([name]) => required.has(name))
  const segments = segmentsOf(http.path)
  return {
    operation,
    rank: rankOf(segments),
    http,
    segments,
    query: http.query.filter(([name]) => name !== hint),
    requiredQuery: bound.flatMap(([, member]) => traitsOf(member).httpQuery ?? []),
    requiredHeaders: bound.flatMap(
      ([, member]) => traitsOf(member).httpHeader?.toLowerCase() ?? [],
    ),
  }
}

/** By rank; of one path, whatever asks for more first. */
function bySpecificity(one: Route, other: Route): number {
  const asked = ({ query, requiredQuery, requiredHeaders }: Route) =>
    query.length + requiredQuery.length + requiredHeaders.length
  return one.rank === other.rank ? asked(other) - asked(one) : one.rank < other.rank ? -1 : 1
}

function rankOf(segments: readonly Segment[]): string {
  return segments.map((segment) => ('literal' in segment ? 0 : segment.isGreedy ? 2 : 1)).join('')
}

function segmentsOf(path: string): readonly Segment[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => {
      const label = /^\{(.+?)(\+?)\}$/.exec(part)
      return label ? { label: label[1]!, isGreedy: label[2] === '+' } : { literal: part }
    })
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Labels | undefined {
  const labels: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const part = parts[index]
    if (part === undefined) return undefined
    if ('literal' in segment) {
      if (segment.literal !== part) return undefined
    } else if (segment.isGreedy) {
      const text = decode(parts.slice(index).join('/'))
      if (text === undefined || text === '') return undefined
      labels[segment.label] = text
      return labels
    } else {
      const text = decode(part)
      if (text === undefined || text === '') return undefined
      labels[segment.label] = text
    }
  }
  const rest = parts.slice(segments.length)
  return rest.length === 0 || (rest.length === 1 && rest[0] === '') ? labels : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
