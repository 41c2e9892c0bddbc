/** What is set for a method of a stage: its own settings, and where they are silent those for all methods. */
import type { CompiledMethod } from './deployment.ts'
import type { MethodSettings, StageSettings } from './snapshot.ts'

/** @see API Gateway API Reference, "MethodSetting", and recorded answers of AWS to the first setting of a stage */
export const methodDefaults = {
  dataTraceEnabled: false,
  metricsEnabled: false,
} as const satisfies MethodSettings

const nothing: MethodSettings = Object.freeze({})

/** Stages are replaced as a whole when anything of them changes. */
const settled = new WeakMap<StageSettings, Map<CompiledMethod, MethodSettings>>()

export function settingsOf(stage: StageSettings, method: CompiledMethod): MethodSettings {
  const { methodSettings } = stage
  if (methodSettings === undefined) return nothing
  let methods = settled.get(stage)
  if (methods === undefined) settled.set(stage, (methods = new Map()))
  let settings = methods.get(method)
  if (settings === undefined) methods.set(method, (settings = merged(methodSettings, method)))
  return settings
}

/** Settings by method are keyed by the resource's path with `~1` for `/`, with or without the first one. */
function merged(
  methodSettings: Readonly<Record<string, MethodSettings>>,
  { resource, name }: CompiledMethod,
): MethodSettings {
  const path = resource.path.replaceAll('/', '~1')
  return {
    ...methodSettings['*/*'],
    ...(methodSettings[`${path}/${name}`] ?? methodSettings[`${path.slice(2)}/${name}`]),
  }
}
