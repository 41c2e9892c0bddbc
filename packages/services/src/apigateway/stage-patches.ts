/** PATCH of a stage: what may be changed while it serves. */
import { logGroupOf, type MethodSettings } from '@sekisho/gateway'
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
  '/accessLogSettings': {
    ops: ['remove'],
    apply: ({ accessLogSettings: _, ...stage }) => stage,
  },
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

function accessLogSetting(
  stage: StageRecord,
  { op, path, value, parameters: [member] }: Patch,
): StageRecord {
  const { accessLogSettings: before = {}, ...others } = stage
  const isKnown = member === 'destinationArn' || member === 'format'
  if (op === 'remove') {
    if (!isKnown || before[member] === undefined) throw nothingToRemove(path)
    const { [member]: _, ...left } = before
    return Object.keys(left).length > 0 ? { ...others, accessLogSettings: left } : others
  }
  if (!isKnown)
    throw badRequest(
      'Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]',
    )
  if (value === '') throw badRequest('Access Log value must not be empty')
  const set = member === 'format' ? checkedFormat(value) : checkedDestination(value)
  return { ...others, accessLogSettings: { ...before, [member]: set } }
}

/** @see API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway" */
const longestFormat = 3_072

function checkedFormat(format: string): string {
  if (/[\r\n]/.test(format.replace(/\r?\n$/, '')))
    throw badRequest(
      `Access Log format must be single line, new line character is allowed only at end of the format: '${format}'`,
    )
  if (Buffer.byteLength(format) > longestFormat)
    throw badRequest(`Access Log format must not be longer than ${longestFormat} bytes`)
  if (!/\$context\.(?:requestId|extendedRequestId)(?![A-Za-z0-9_])/.test(format))
    throw badRequest(
      'Access Log format must contain either $context.requestId or $context.extendedRequestId',
    )
  return format
}

/** Without the `:*` that some clients end it with. */
function checkedDestination(arn: string): string {
  if (!arn.startsWith('arn:'))
    throw badRequest(`Invalid ARN specified in the request. ARNs must start with 'arn:': ${arn}`)
  if (/^arn:aws[a-z-]*:firehose:/.test(arn)) throw notSupported('Access logging to Firehose')
  const destination = arn.replace(/:\*$/, '')
  if (logGroupOf(destination) === undefined)
    throw badRequest(`Invalid ARN specified in the request: ${arn}`)
  return destination
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

const loggingLevels = ['OFF', 'ERROR', 'INFO'] as const

const kept: Readonly<Record<string, (patch: Patch) => MethodSettings>> = {
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

function removeMethodSettings(
  { methodSettings: settings = {}, ...stage }: StageRecord,
  { path }: Patch,
): StageRecord {
  const { [methodName(path)]: gone, ...others } = settings
  if (gone === undefined) throw nothingToRemove(path)
  return Object.keys(others).length > 0 ? { ...stage, methodSettings: others } : stage
}
