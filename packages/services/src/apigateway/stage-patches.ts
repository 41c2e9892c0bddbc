/** PATCH of a stage: what may be changed while it serves. */
import type { MethodSettings } from '@sekisho/gateway'
import { badRequest, notSupported } from './errors.ts'
import {
  booleanOf,
  entryRow,
  integerOf,
  type Patch,
  type PatchRow,
  type PatchTable,
  type PatchWording,
  textRow,
} from './patch.ts'
import type { StageRecord } from './records.ts'

/** What can be set for a method, or for all (`*` in both places). @see API Gateway API Reference, "Patch operations" (UpdateStage) */
const methodSettings = [
  'metrics/enabled',
  'logging/dataTrace',
  'logging/loglevel',
  'throttling/burstLimit',
  'throttling/rateLimit',
  'caching/ttlInSeconds',
  'caching/enabled',
  'caching/dataEncrypted',
  'caching/requireAuthorizationForCacheControl',
  'caching/unauthorizedCacheControlHeaderStrategy',
] as const

/** AWS's list, with the separators that it lacks. */
const settablePaths = [
  ...[
    '/deploymentId',
    '/description',
    '/cacheClusterEnabled',
    '/cacheClusterSize',
    '/clientCertificateId',
    '/accessLogSettings',
    '/accessLogSettings/destinationArn',
    '/accessLogSettings/format',
  ].map((path) => `${path}, `),
  ...methodSettings.map((setting) => {
    const isUnseparated = setting.startsWith('throttling/')
    return `/{resourcePath}/{httpMethod}/${setting}${isUnseparated ? '' : ', '}`
  }),
  ...methodSettings.map((setting) => {
    const isUnseparated = setting.startsWith('throttling/')
    return `/*/*/${setting}${isUnseparated ? ' ' : ', '}`
  }),
  '/variables/{variable_name}, ',
  '/tracingEnabled',
].join('')

const unknownPath = (path: string) =>
  badRequest(`Invalid method setting path: ${path}. Must be one of: [${settablePaths}]`)

/** The space at the end is AWS's. */
const nothingToRemove = (path: string) =>
  badRequest(
    `Cannot remove method setting ${path.slice(1)} because there is no method setting for this method `,
  )

const copies = [
  ['/deploymentId', '/canarySettings/deploymentId'],
  ['/variables', '/canarySettings/stageVariableOverrides'],
] as const

export const stageWording: PatchWording = {
  unknownPath: (path, op) =>
    op === 'remove' && path.split('/').length === 3 ? nothingToRemove(path) : unknownPath(path),
  unsupportedOp: (path, op) => badRequest(`Invalid ${op} operation with path: ${path}`),
  otherOp({ op, path, from }) {
    if (op !== 'copy')
      return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    if (copies.some(([to, source]) => to === path && source === from))
      return badRequest('Promotion not available. Canary does not exist.')
    return badRequest(
      `Invalid copy operation with path: ${path} and from ${from ?? null}. Valid copy:path are [${copies.map(([to]) => to).join(', ')}] and valid copy:from are [${copies.map(([, source]) => source).join(', ')}]`,
    )
  },
}

/** There is none of it, so that taking it away changes nothing, and setting it is refused. */
function unsupported(what: string, ops: PatchRow<StageRecord>['ops']): PatchRow<StageRecord> {
  return {
    ops,
    apply(stage, { op, parameters, path }) {
      if (op !== 'remove') throw notSupported(what)
      if (parameters.length > 0) throw nothingToRemove(path)
      return stage
    },
  }
}

/** @see API Gateway API Reference, "Patch operations" (UpdateStage) */
export const stagePatches: PatchTable<StageRecord> = {
  '/deploymentId': {
    ops: ['replace'],
    apply: (stage, { value }) => ({ ...stage, deploymentId: value }),
  },
  '/description': textRow(({ description: _, ...stage }, description) => ({
    ...stage,
    ...(description !== undefined && { description }),
  })),
  '/variables/{name}': entryRow<StageRecord, string>(
    (stage) => stage.variables,
    (stage, variables = {}) => ({ ...stage, variables }),
    ({ value }) => value,
  ),
  '/variables': { ops: ['remove'], apply: (stage) => ({ ...stage, variables: {} }) },
  '/tracingEnabled': {
    ops: ['replace'],
    apply(stage, patch) {
      if (booleanOf(patch, 'tracingEnabled')) throw notSupported('Tracing')
      return stage
    },
  },
  '/cacheClusterEnabled': {
    ops: ['replace'],
    apply(stage, patch) {
      if (booleanOf(patch, 'cacheClusterEnabled')) throw notSupported('A stage cache')
      return stage
    },
  },
  '/cacheClusterSize': unsupported('A stage cache', ['replace']),
  '/clientCertificateId': unsupported('A client certificate', ['replace']),
  '/documentationVersion': unsupported('A documentation version', ['replace']),
  '/accessLogSettings': unsupported('Access logging', ['remove']),
  '/accessLogSettings/{member}': { ops: ['add', 'replace', 'remove'], apply: accessLogSetting },
  '/canarySettings': unsupported('A canary', ['remove']),
  '/canarySettings/{member}': unsupported('A canary', ['replace', 'remove']),
  '/canarySettings/stageVariableOverrides/{name}': unsupported('A canary', ['replace', 'remove']),
  '/{resourcePath}/{httpMethod}/{group}/{setting}': {
    ops: ['replace'],
    apply: methodSetting,
  },
  '/{resourcePath}/{httpMethod}': { ops: ['remove'], apply: removeMethodSettings },
}

function accessLogSetting(_stage: StageRecord, { op, path, value, parameters }: Patch): never {
  if (op === 'remove') throw nothingToRemove(path)
  if (parameters[0] !== 'destinationArn' && parameters[0] !== 'format')
    throw badRequest(
      'Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]',
    )
  if (value === '') throw badRequest('Access Log value must not be empty')
  throw notSupported('Access logging')
}

/** What is not honoured by the data plane yet is not kept. */
function methodSetting(stage: StageRecord, patch: Patch): StageRecord {
  const { path, parameters } = patch
  const setting = parameters.slice(2).join('/')
  if (!methodSettings.some((known) => known === setting)) throw unknownPath(path)
  const set = Object.hasOwn(kept, setting) ? kept[setting] : undefined
  if (set === undefined) throw notSupported(`Method setting '${setting}'`)
  const name = methodName(path)
  const settings = stage.methodSettings ?? {}
  return {
    ...stage,
    methodSettings: { ...settings, [name]: { ...settings[name], ...set(patch) } },
  }
}

const kept: Readonly<Record<string, (patch: Patch) => MethodSettings>> = {
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

function removeMethodSettings(
  { methodSettings: settings = {}, ...stage }: StageRecord,
  { path }: Patch,
): StageRecord {
  const { [methodName(path)]: gone, ...others } = settings
  if (gone === undefined) throw nothingToRemove(path)
  return Object.keys(others).length > 0 ? { ...stage, methodSettings: others } : stage
}
