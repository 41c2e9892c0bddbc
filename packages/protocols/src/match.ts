/** Which operation of its service does a request ask for? */
import type { Labels } from './http-binding.ts'
import type { HttpTrait, OperationModel, ServiceModel } from './model.ts'
import { queryEntries } from './wire.ts'

export interface Match {
  readonly operation: OperationModel
  readonly labels: Labels
}

/** Finds the operation of a REST service by method, path and query literals. */
export interface Router {
  readonly match: (method: string, rawPath: string, rawQuery: string) => Match | undefined
}

interface Route {
  readonly operation: OperationModel
  readonly http: HttpTrait
  readonly segments: readonly Segment[]
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

function buildRouter(model: ServiceModel): Router {
  const routes = [...model.operations.values()]
    .flatMap((operation) =>
      operation.http
        ? [{ operation, http: operation.http, segments: segmentsOf(operation.http.path) }]
        : [],
    )
    .sort(bySpecificity)
  return {
    match(method, rawPath, rawQuery) {
      const parts = rawPath.split('/').slice(1)
      const query = new Map(queryEntries(rawQuery))
      for (const route of routes) {
        if (route.http.method !== method) continue
        if (
          !route.http.query.every(
            ([name, value]) => query.has(name) && (value === '' || query.get(name) === value),
          )
        )
          continue
        const labels = matchSegments(route.segments, parts)
        if (labels) return { operation: route.operation, labels }
      }
      return undefined
    },
  }
}

/** Literals before labels, labels before what takes the rest; of one path, more query literals first. */
function bySpecificity(one: Route, other: Route): number {
  const weight = ({ segments, http }: Route) =>
    `${segments.map((segment) => ('literal' in segment ? 0 : segment.isGreedy ? 2 : 1)).join('')}~${9 - http.query.length}`
  return weight(one) < weight(other) ? -1 : 1
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
