/** A function's configuration: what may be set, how it is kept, and how it is shown. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { AwsError } from '@sekisho/protocols'
import { isTrusted } from '../iam/issue.ts'
import { iamCollections, keyOf as iamKeyOf, type RoleRecord } from '../iam/records.ts'
import type { Call } from '../service.ts'
import { checkDeadLetter } from './destinations.ts'
import { invalidParameter, notSupported, validation } from './errors.ts'
import { arnOf } from './names.ts'
import type { FunctionRecord } from './records.ts'

export const configurationConstraints = {
  Timeout: { min: 1, max: 900 },
  MemorySize: { min: 128, max: 10_240 },
  Handler: [{ maxLength: 128 }, { pattern: /[^\s]+/ }],
  Description: { maxLength: 256 },
  'EphemeralStorage.Size': { min: 512, max: 10_240 },
  'LoggingConfig.LogFormat': { enum: ['JSON', 'Text'] },
  'LoggingConfig.LogGroup': [{ minLength: 1, maxLength: 512 }, { pattern: /[.\-_/#A-Za-z0-9]+/ }],
  'LoggingConfig.ApplicationLogLevel': {
    enum: ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  },
  'LoggingConfig.SystemLogLevel': { enum: ['DEBUG', 'INFO', 'WARN'] },
  'TracingConfig.Mode': { enum: ['Active', 'PassThrough'] },
} as const

/** Members that would be kept without effect. */
const unsupported = [
  'CapacityProviderConfig',
  'CodeSigningConfigArn',
  'DurableConfig',
  'FileSystemConfigs',
  'ImageConfig',
  'KMSKeyArn',
  'TenancyConfig',
  'VpcConfig',
] as const

/** What CreateFunction and UpdateFunctionConfiguration have in common. */
export type GivenConfiguration = Pick<
  Sdk.UpdateFunctionConfigurationCommandInput,
  | 'DeadLetterConfig'
  | 'Description'
  | 'Environment'
  | 'EphemeralStorage'
  | 'Handler'
  | 'LoggingConfig'
  | 'MemorySize'
  | 'Role'
  | 'Runtime'
  | 'SnapStart'
  | 'Timeout'
  | 'TracingConfig'
>

export type Configuration = Pick<
  FunctionRecord,
  | 'applicationLogLevel'
  | 'deadLetterArn'
  | 'description'
  | 'environment'
  | 'ephemeralStorageMb'
  | 'handler'
  | 'logFormat'
  | 'logGroup'
  | 'memoryMb'
  | 'role'
  | 'runtime'
  | 'systemLogLevel'
  | 'timeoutSeconds'
  | 'tracing'
>

/** @throws AwsError InvalidParameterValueException, AccessDeniedException */
export async function checkConfiguration(given: GivenConfiguration, call: Call): Promise<void> {
  refuseUnsupported(given)
  if (given.SnapStart?.ApplyOn === 'PublishedVersions') throw notSupported('SnapStart')
  if (given.Runtime !== undefined) checkRuntime(given.Runtime, call)
  if (given.Role !== undefined) await checkRole(call, given.Role)
  checkEnvironment(given.Environment?.Variables)
  checkDeadLetter(given.DeadLetterConfig?.TargetArn)
}

/** What is kept after a change: what is not given stays as it was. */
export function configured(given: GivenConfiguration, before: Configuration): Configuration {
  const { deadLetterArn, applicationLogLevel: _, systemLogLevel: __, ...rest } = before
  const deadLetter = given.DeadLetterConfig?.TargetArn ?? deadLetterArn
  return {
    ...rest,
    runtime: given.Runtime ?? before.runtime,
    role: given.Role ?? before.role,
    handler: given.Handler ?? before.handler,
    description: given.Description ?? before.description,
    timeoutSeconds: given.Timeout ?? before.timeoutSeconds,
    memoryMb: given.MemorySize ?? before.memoryMb,
    ephemeralStorageMb: given.EphemeralStorage?.Size ?? before.ephemeralStorageMb,
    ...loggingOf(given.LoggingConfig, before),
    ...(given.Environment && { environment: given.Environment.Variables ?? {} }),
    ...(given.TracingConfig?.Mode && { tracing: given.TracingConfig.Mode }),
    // An empty one takes it away.
    ...(deadLetter && { deadLetterArn: deadLetter }),
  }
}

/** Levels are of JSON logs alone. */
function loggingOf(
  given: Sdk.LoggingConfig | undefined,
  before: Configuration,
): Pick<Configuration, 'applicationLogLevel' | 'logFormat' | 'logGroup' | 'systemLogLevel'> {
  const logFormat = given?.LogFormat ?? before.logFormat
  const logGroup = given?.LogGroup ?? before.logGroup
  if (logFormat === 'JSON')
    return {
      logFormat,
      logGroup,
      applicationLogLevel: given?.ApplicationLogLevel ?? before.applicationLogLevel ?? 'INFO',
      systemLogLevel: given?.SystemLogLevel ?? before.systemLogLevel ?? 'INFO',
    }
  if (given?.ApplicationLogLevel || given?.SystemLogLevel)
    throw invalidParameter(
      'ApplicationLogLevel and SystemLogLevel can only be set when LogFormat is set to JSON.',
    )
  return { logFormat, logGroup }
}

function refuseUnsupported(given: object): void {
  const members = given as Readonly<Record<string, unknown>>
  const found = unsupported.find((name) => hasContent(members[name]))
  if (found !== undefined) throw notSupported(found)
}

/** Deploy tools send empty forms of what they do not use. */
function hasContent(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.values(value).some(hasContent)
}

function checkRuntime(runtime: string, { functions }: Call): void {
  const why = functions.whyNot(runtime)
  if (why !== undefined)
    throw invalidParameter(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: the runtime is not supported by Sekisho; ${why}`,
    )
}

const environmentBytes = 4_096

function checkEnvironment(variables: Readonly<Record<string, string>> | undefined): void {
  if (variables === undefined) return
  const reserved = Object.keys(variables).filter((name) => reservedVariables.test(name))
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  const invalid = Object.keys(variables).find((name) => !/^[a-zA-Z]\w+$/.test(name))
  if (invalid !== undefined) throw invalidParameter(`Invalid environment variable name: ${invalid}`)
  const cut = Object.keys(variables).find((name) => variables[name]!.includes('\0'))
  if (cut !== undefined)
    throw invalidParameter(`The value of the environment variable ${cut} has a null character.`)
  if (Buffer.byteLength(JSON.stringify(variables)) > environmentBytes)
    throw invalidParameter(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    )
}

/** @see Lambda Developer Guide, "Using Lambda environment variables" (reserved) */
const reservedVariables =
  /^(?:_HANDLER|_X_AMZN_TRACE_ID|AWS_(?:DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_\w+|ACCESS_KEY(?:_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL)|LAMBDA_(?:TASK_ROOT|RUNTIME_DIR)|SEKISHO_\w+|NODE_OPTIONS|LD_PRELOAD)$/

const rolePattern = String.raw`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`

/**
 * The role has to be there and to trust Lambda.
 *
 * @throws AwsError InvalidParameterValueException, ValidationException, AccessDeniedException
 */
async function checkRole(
  { documents, accountId: callerId, now }: Pick<Call, 'documents' | 'accountId' | 'now'>,
  roleArn: string,
): Promise<void> {
  const [, accountId, path = ''] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(roleArn) ?? []
  if (accountId === undefined) throw validation(roleArn, 'role', rolePattern)
  if (accountId !== callerId)
    throw new AwsError('AccessDeniedException', 'Cross-account pass role is not allowed.', 403)
  const key = iamKeyOf(accountId, path.slice(path.lastIndexOf('/') + 1))
  const role = (await documents.get<RoleRecord>(iamCollections.roles, key))?.value
  if (
    role === undefined ||
    !isTrusted(role, { service: 'lambda.amazonaws.com', nowMs: now.getTime() })
  )
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.')
}

/** @param qualifier  as it was asked for: it becomes part of the ARN */
export function shown(
  record: FunctionRecord,
  version = '$LATEST',
  qualifier?: string,
): Sdk.FunctionConfiguration {
  const arn = arnOf(record)
  return {
    FunctionName: record.name,
    FunctionArn: qualifier === undefined ? arn : `${arn}:${qualifier}`,
    Runtime: record.runtime as Sdk.Runtime,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.code.sizeBytes,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: awsTime(record.modifiedAt),
    CodeSha256: record.code.sha256Base64,
    Version: version,
    ...(record.environment && { Environment: { Variables: { ...record.environment } } }),
    ...(record.deadLetterArn !== undefined && {
      DeadLetterConfig: { TargetArn: record.deadLetterArn },
    }),
    ...(record.layers &&
      record.layers.length > 0 && {
        Layers: record.layers.map(({ arn, code }) => ({ Arn: arn, CodeSize: code.sizeBytes })),
      }),
    TracingConfig: { Mode: record.tracing ?? 'PassThrough' },
    RevisionId: record.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: record.logFormat,
      LogGroup: record.logGroup,
      ...(record.applicationLogLevel && { ApplicationLogLevel: record.applicationLogLevel }),
      ...(record.systemLogLevel && { SystemLogLevel: record.systemLogLevel }),
    },
  }
}

/** `2026-01-02T03:04:05.678+0000` */
export function awsTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000')
}
