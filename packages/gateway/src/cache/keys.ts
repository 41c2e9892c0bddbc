/** Which parameters tell one cached response of a method from another? */
import { environmentOf } from '../environment.ts'
import { MappingError, readSource, type Source, valueOfSource } from '../mappings.ts'
import type { Validated } from '../pass.ts'

const requestParameter =
  /^method\.request\.(?:path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$/
const mappedParameter = /^integration\.request\.(?:path|querystring|header)\.[^\s]+$/

/** A parameter of the method's request that is declared there, or of the integration's that is mapped to. */
export function isCacheKey(
  name: string,
  declared: Readonly<Record<string, unknown>>,
  mapped: Readonly<Record<string, unknown>>,
): boolean {
  if (requestParameter.test(name)) return Object.hasOwn(declared, name)
  return mappedParameter.test(name) && Object.hasOwn(mapped, name)
}

const sources = new WeakMap<object, readonly Source[]>()

/**
 * Everything that the response is kept under. Nothing that a caller sends ends one part and begins another.
 *
 * @see API Gateway Developer Guide, "Use method or integration parameters as cache keys to index cached responses":
 *   without any, all calls of a method have the same response
 */
export function cacheKey(validated: Validated): string {
  const { deployment, stage, httpMethod, method } = validated
  const { restApiId } = deployment.snapshot
  const { cacheNamespace = method.resource.id } = method.definition.methodIntegration ?? {}
  return JSON.stringify([
    restApiId,
    stage.stageName,
    stage.cacheFlushedAt ?? 0,
    stage.isCanary === true && stage.canarySettings?.useStageCache !== true,
    cacheNamespace,
    httpMethod,
    ...keyValues(validated),
  ])
}

function keyValues(validated: Validated): readonly (string | null)[] {
  const { methodIntegration } = validated.method.definition
  const names = methodIntegration?.cacheKeyParameters ?? []
  if (methodIntegration === undefined || names.length === 0) return []
  let read = sources.get(methodIntegration)
  if (read === undefined) {
    const mapped = methodIntegration.requestParameters ?? {}
    read = names.map((name) => readSource(Object.hasOwn(mapped, name) ? mapped[name]! : name))
    sources.set(methodIntegration, read)
  }
  const env = environmentOf(validated)
  return read.map((source) => {
    try {
      return valueOfSource(source, env) ?? null
    } catch (error) {
      if (error instanceof MappingError) return null
      throw error
    }
  })
}
