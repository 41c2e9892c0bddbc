/** What is set for a method of a stage: its own settings, and where they are silent those for all methods. */
import type { CompiledMethod } from './deployment.ts'
import type { MethodSettings, StageSettings } from './snapshot.ts'

/** @see API Gateway API Reference, "MethodSetting", and recorded answers of AWS to the first setting of a stage */
export const methodDefaults = {
  cacheDataEncrypted: false,
  cacheTtlInSeconds: 300,
  dataTraceEnabled: false,
  metricsEnabled: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: 'SUCCEED_WITH_RESPONSE_HEADER',
} as const satisfies MethodSettings

/** What `ANY` stands for. */
const httpMethods: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
])

const nothing: MethodSettings = Object.freeze({})

/** Stages are replaced as a whole when anything of them changes. */
const settled = new WeakMap<StageSettings, Map<CompiledMethod, Map<string, MethodSettings>>>()

export function settingsOf(
  stage: StageSettings,
  method: CompiledMethod,
  httpMethod: string,
): MethodSettings {
  const { methodSettings } = stage
  if (methodSettings === undefined) return nothing
  let methods = settled.get(stage)
  if (methods === undefined) settled.set(stage, (methods = new Map()))
  let byName = methods.get(method)
  if (byName === undefined) methods.set(method, (byName = new Map()))
  // Whatever else a client calls its method, it is one of all methods.
  const name = httpMethods.has(httpMethod) ? httpMethod : 'ANY'
  let settings = byName.get(name)
  if (settings === undefined) byName.set(name, (settings = merged(methodSettings, method, name)))
  return settings
}

/** Settings by method are keyed by the resource's path with `~1` for `/`, with or without the first one. */
function merged(
  methodSettings: Readonly<Record<string, MethodSettings>>,
  { resource, name }: CompiledMethod,
  httpMethod: string,
): MethodSettings {
  const path = resource.path.replaceAll('/', '~1')
  const own = [httpMethod, name]
    .flatMap((each) => [
      methodSettings[`${path}/${each}`],
      methodSettings[`${path.slice(2)}/${each}`],
    ])
    .find((each) => each !== undefined)
  const { cachingEnabled, ...all } = methodSettings['*/*'] ?? {}
  // Of all methods only those that change nothing are meant.
  const isMeant = httpMethod === 'GET' && cachingEnabled !== undefined
  return { ...all, ...(isMeant && { cachingEnabled }), ...own }
}
