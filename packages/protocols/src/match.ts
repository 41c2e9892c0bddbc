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

const bucketRouters = new WeakMap<ServiceModel, Record<'account' | 'bucket', Router>>()

/** S3's models leave the bucket out of their paths: what is asked of a bucket is told apart by its being named. */
export function matchBucket(model: ServiceModel, request: RoutedRequest): Match | undefined {
  let split = bucketRouters.get(model)
  if (split === undefined) {
    const hasBucket = (operation: OperationModel) =>
      membersOf(operation.input).some(([name]) => name === 'Bucket')
    const part = (wanted: boolean) =>
      buildRouter({
        ...model,
        operations: new Map(
          [...model.operations].filter(([, operation]) => hasBucket(operation) === wanted),
        ),
      })
    split = { account: part(false), bucket: part(true) }
    bucketRouters.set(model, split)
  }
  const [, bucket = '', rest = ''] = /^\/([^/]*)(\/.*)?$/s.exec(request.rawPath) ?? []
  if (bucket === '') return split.account.match(request)
  const found = split.bucket.match({ ...request, rawPath: rest === '' ? '/' : rest })
  return found && { ...found, labels: { ...found.labels, Bucket: decode(bucket) ?? bucket } }
}

/** Written by newer clients as a hint; older ones leave it out. */
const hint = 'x-id'

function buildRouter(model: ServiceModel): Router {
  const routes = [...model.operations.values()].flatMap((operation) =>
    operation.http ? [routeOf(operation, operation.http)] : [],
  )
  routes.sort(bySpecificity)
  return {
    match({ method, rawPath, rawQuery, headers }) {
      const parts = rawPath.split('/').slice(1)
      const query = new Map(queryEntries(rawQuery))
      for (const route of routes) {
        if (route.http.method !== method) continue
        if (
          !route.query.every(
            ([name, value]) => query.has(name) && (value === '' || query.get(name) === value),
          )
        )
          continue
        if (!route.requiredQuery.every((name) => query.has(name))) continue
        if (!route.requiredHeaders.every((name) => headerOf(headers, name) !== undefined)) continue
        const labels = matchSegments(route.segments, parts)
        if (labels) return { operation: route.operation, labels }
      }
      return undefined
    },
  }
}

function routeOf(operation: OperationModel, http: HttpTrait): Route {
  const required = new Set(requiredMembersOf(operation.input))
  const bound = membersOf(operation.input).filter(([name]) => required.has(name))
  return {
    operation,
    http,
    segments: segmentsOf(http.path),
    query: http.query.filter(([name]) => name !== hint),
    requiredQuery: bound.flatMap(([, member]) => traitsOf(member).httpQuery ?? []),
    requiredHeaders: bound.flatMap(
      ([, member]) => traitsOf(member).httpHeader?.toLowerCase() ?? [],
    ),
  }
}

/** Literals before labels, labels before what takes the rest; of one path, whatever asks for more first. */
function bySpecificity(one: Route, other: Route): number {
  const asked = ({ query, requiredQuery, requiredHeaders }: Route) =>
    query.length + requiredQuery.length + requiredHeaders.length
  const path = ({ segments }: Route) =>
    segments.map((segment) => ('literal' in segment ? 0 : segment.isGreedy ? 2 : 1)).join('')
  return path(one) === path(other) ? asked(other) - asked(one) : path(one) < path(other) ? -1 : 1
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
