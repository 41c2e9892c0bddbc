/** What a stage sets for one of its methods, or for all of them. */
import type { MethodSettings } from '@sekisho/gateway'
import { badRequest } from './errors.ts'
import { booleanOf, integerOf, type Patch } from './patch.ts'
import type { StageRecord } from './records.ts'
import { methodSettings, nothingToRemove, unknownPath } from './stage-wording.ts'

export function methodSetting(stage: StageRecord, patch: Patch): StageRecord {
  const { path, parameters } = patch
  const setting = methodSettings.find((known) => known === parameters.slice(2).join('/'))
  if (setting === undefined) throw unknownPath(path)
  const name = methodName(path)
  const settings = stage.methodSettings ?? {}
  return {
    ...stage,
    methodSettings: { ...settings, [name]: { ...settings[name], ...setters[setting](patch) } },
  }
}

type Setter = (patch: Patch) => MethodSettings

const cacheStrategies = [
  'FAIL_WITH_403',
  'SUCCEED_WITH_RESPONSE_HEADER',
  'SUCCEED_WITHOUT_RESPONSE_HEADER',
] as const

const loggingLevels = ['OFF', 'ERROR', 'INFO'] as const

const setters: Readonly<Record<(typeof methodSettings)[number], Setter>> = {
  'caching/enabled': (patch) => ({ cachingEnabled: booleanOf(patch, 'caching/enabled') }),
  'caching/dataEncrypted': (patch) => ({
    cacheDataEncrypted: booleanOf(patch, 'caching/dataEncrypted'),
  }),
  'caching/requireAuthorizationForCacheControl': (patch) => ({
    requireAuthorizationForCacheControl: booleanOf(
      patch,
      'caching/requireAuthorizationForCacheControl',
    ),
  }),
  'caching/ttlInSeconds': (patch) => {
    const cacheTtlInSeconds = integerOf(patch, 'caching/ttlInSeconds')
    if (cacheTtlInSeconds < 0 || cacheTtlInSeconds > 3_600)
      throw badRequest('Invalid caching/ttlInSeconds, must be between 0 and 3600')
    return { cacheTtlInSeconds }
  },
  'caching/unauthorizedCacheControlHeaderStrategy': ({ value }) => {
    const strategy = cacheStrategies.find((known) => known === value)
    if (strategy === undefined)
      throw badRequest(
        `Invalid unauthorizedCacheControlHeaderStrategy specified: '${value}'. Must be one of: [${cacheStrategies.join(', ')}]`,
      )
    return { unauthorizedCacheControlHeaderStrategy: strategy }
  },
  'metrics/enabled': (patch) => ({ metricsEnabled: booleanOf(patch, 'metrics/enabled') }),
  'logging/dataTrace': (patch) => ({ dataTraceEnabled: booleanOf(patch, 'logging/dataTrace') }),
  'logging/loglevel': ({ value }) => {
    const loggingLevel = loggingLevels.find((level) => level === value)
    if (loggingLevel === undefined)
      throw badRequest(
        `Invalid logging level specified: '${value}'. Must be one of: [${loggingLevels.join(', ')}]`,
      )
    return { loggingLevel }
  },
  'throttling/rateLimit': ({ value }) => {
    if (!/^(-1(\.0+)?|\d{1,12}(\.\d{1,12})?)$/.test(value))
      throw badRequest(`Invalid value '${value}' for throttling/rateLimit, must be a number`)
    return { throttlingRateLimit: Number(value) }
  },
  'throttling/burstLimit': (patch) => {
    const throttlingBurstLimit = integerOf(patch, 'throttling/burstLimit')
    if (throttlingBurstLimit < -1)
      throw badRequest('Invalid throttling/burstLimit, must not be negative')
    return { throttlingBurstLimit }
  },
}

/** As it was given, with what it escapes: `~1pets/GET`. */
function methodName(path: string): string {
  return path.split('/').slice(1, 3).join('/')
}

export function removeMethodSettings(
  { methodSettings: settings = {}, ...stage }: StageRecord,
  { path }: Patch,
): StageRecord {
  const { [methodName(path)]: gone, ...others } = settings
  if (gone === undefined) throw nothingToRemove(path)
  return Object.keys(others).length > 0 ? { ...stage, methodSettings: others } : stage
}
