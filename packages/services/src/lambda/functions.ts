/** Functions: made, shown, changed and removed. */
import { createHash } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Reader } from '@sekisho/store'
import { isTrusted } from '../iam/issue.ts'
import { iamCollections, keyOf as iamKeyOf, type RoleRecord } from '../iam/records.ts'
import type { Call, Need, Operations } from '../service.ts'
import {
  conflict,
  invalidParameter,
  noFunction,
  notSupported,
  preconditionFailed,
  tooLarge,
} from './errors.ts'
import { functionNeed, rolePassed, tagKeys } from './gate.ts'
import {
  arnOf,
  type FunctionRecord,
  findFunction,
  keyOf,
  lambdaCollections,
  namedBy,
} from './records.ts'
import { RunnerError } from './runner.ts'

const collection = lambdaCollections.functions
/** @see Lambda Developer Guide, "Lambda quotas" */
const limits = { zipBytes: 50 * 1024 * 1024, environmentBytes: 4_096 } as const

const constraints = {
  Timeout: { min: 1, max: 900 },
  MemorySize: { min: 128, max: 10_240 },
  Handler: { maxLength: 128 },
  Description: { maxLength: 256 },
} as const

/** Members that would be kept without effect. */
const unsupported = [
  'CodeSigningConfigArn',
  'DeadLetterConfig',
  'FileSystemConfigs',
  'ImageConfig',
  'KMSKeyArn',
  'Layers',
  'SnapStart',
  'VpcConfig',
] as const

export const functions = {
  CreateFunction: {
    constraints: { ...constraints, FunctionName: { minLength: 1, maxLength: 140 } },
    async needs({ FunctionName, Role, Tags }, call) {
      const { accountId } = call
      const { name, region } = namedBy(FunctionName, call)
      const resource = arnOf({ accountId, region, name })
      const create: Need = { action: 'lambda:CreateFunction', resource, keys: tagKeys(Tags) }
      return [create, ...rolePassed(Role)]
    },
    async handle(input, call) {
      refuseUnsupported(input)
      if (input.PackageType === 'Image' || input.Runtime === undefined)
        throw notSupported('A function from a container image')
      const { name } = namedBy(input.FunctionName, call)
      const key = keyOf(call.accountId, call.region, name)
      await checkRole(call.documents, input.Role)
      checkRuntime(input.Runtime, call)
      checkEnvironment(input.Environment?.Variables)
      const code = await storeCode(input.Code, call)
      const record: FunctionRecord = {
        accountId: call.accountId,
        region: call.region,
        name,
        runtime: input.Runtime,
        role: input.Role,
        handler: input.Handler ?? '',
        description: input.Description ?? '',
        timeoutSeconds: input.Timeout ?? 3,
        memoryMb: input.MemorySize ?? 128,
        ephemeralStorageMb: input.EphemeralStorage?.Size ?? 512,
        ...(input.Environment?.Variables && { environment: input.Environment.Variables }),
        architecture: input.Architectures?.[0] === 'arm64' ? 'arm64' : 'x86_64',
        logFormat: input.LoggingConfig?.LogFormat === 'JSON' ? 'JSON' : 'Text',
        logGroup: input.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
        tags: input.Tags ?? {},
        code,
        modifiedAt: call.now.getTime(),
        revisionId: call.ids.uuid(),
        policy: [],
      }
      await call.documents.transact(async (transaction) => {
        if (await transaction.get(collection, key))
          throw conflict(`Function already exist: ${name}`)
        transaction.put(collection, key, record)
      })
      return shown(record)
    },
  },

  GetFunction: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunction', FunctionName, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      const record = await findFunction(call.documents, call, FunctionName, Qualifier)
      return {
        Configuration: shown(record),
        Code: { RepositoryType: 'S3' },
        Tags: Object.keys(record.tags).length > 0 ? { ...record.tags } : undefined,
        ...(record.reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: record.reservedConcurrency },
        }),
      }
    },
  },

  GetFunctionConfiguration: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunctionConfiguration', FunctionName, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      return shown(await findFunction(call.documents, call, FunctionName, Qualifier))
    },
  },

  ListFunctions: {
    needs: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
    async handle({ Marker, MaxItems = 50 }, { documents, accountId, region }) {
      const prefix = `${accountId}/${region}/`
      const after = Marker === undefined ? {} : { after: `${prefix}${decode(Marker)}` }
      const limit = Math.min(Math.max(1, MaxItems), 50)
      const found = await documents.list<FunctionRecord>(collection, {
        prefix,
        ...after,
        limit: limit + 1,
      })
      const page = found.slice(0, limit).map(({ value }) => value)
      const last = page.at(-1)
      return {
        Functions: page.map(shown),
        ...(found.length > limit &&
          last !== undefined && { NextMarker: Buffer.from(last.name).toString('base64url') }),
      }
    },
  },

  UpdateFunctionCode: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('UpdateFunctionCode', FunctionName, call),
    ],
    async handle(input, call) {
      if (input.Publish) throw notSupported('Publishing a version')
      const before = await findFunction(call.documents, call, input.FunctionName)
      checkRevision(before, input.RevisionId)
      const code = await storeCode(input, call)
      if (input.DryRun) return shown({ ...before, code })
      const record = await change(call, before, () => ({ code }))
      call.functions.retire(arnOf(record))
      return shown(record)
    },
  },

  UpdateFunctionConfiguration: {
    constraints,
    needs: async ({ FunctionName, Role }, call) => [
      await functionNeed('UpdateFunctionConfiguration', FunctionName, call),
      ...rolePassed(Role),
    ],
    async handle(input, call) {
      refuseUnsupported(input)
      const before = await findFunction(call.documents, call, input.FunctionName)
      checkRevision(before, input.RevisionId)
      if (input.Role !== undefined) await checkRole(call.documents, input.Role)
      if (input.Runtime !== undefined) checkRuntime(input.Runtime, call)
      checkEnvironment(input.Environment?.Variables)
      const record = await change(call, before, (record) => ({
        runtime: input.Runtime ?? record.runtime,
        role: input.Role ?? record.role,
        handler: input.Handler ?? record.handler,
        description: input.Description ?? record.description,
        timeoutSeconds: input.Timeout ?? record.timeoutSeconds,
        memoryMb: input.MemorySize ?? record.memoryMb,
        ephemeralStorageMb: input.EphemeralStorage?.Size ?? record.ephemeralStorageMb,
        logGroup: input.LoggingConfig?.LogGroup ?? record.logGroup,
        logFormat:
          input.LoggingConfig?.LogFormat === undefined
            ? record.logFormat
            : input.LoggingConfig.LogFormat === 'JSON'
              ? 'JSON'
              : 'Text',
        ...(input.Environment && { environment: input.Environment.Variables ?? {} }),
      }))
      call.functions.retire(arnOf(record))
      return shown(record)
    },
  },

  DeleteFunction: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('DeleteFunction', FunctionName, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      const named = namedBy(FunctionName, call, Qualifier)
      const key = keyOf(named.accountId, named.region, named.name)
      const record = await call.documents.transact(async (transaction) => {
        const stored = await transaction.get<FunctionRecord>(collection, key)
        if (stored === undefined) throw noFunction(arnOf(named))
        transaction.delete(collection, key)
        return stored.value
      })
      call.functions.retire(arnOf(record))
      await call.blobs.delete(record.code.blob)
      return {}
    },
  },

  PutFunctionConcurrency: {
    constraints: { ReservedConcurrentExecutions: { min: 0, max: 1_000 } },
    needs: async ({ FunctionName }, call) => [
      await functionNeed('PutFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName, ReservedConcurrentExecutions: reserved }, call) {
      await keep(call, FunctionName, (record) => ({ ...record, reservedConcurrency: reserved }))
      return { ReservedConcurrentExecutions: reserved }
    },
  },
  GetFunctionConcurrency: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      const { reservedConcurrency } = await findFunction(call.documents, call, FunctionName)
      return { ReservedConcurrentExecutions: reservedConcurrency }
    },
  },
  DeleteFunctionConcurrency: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('DeleteFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      await keep(call, FunctionName, ({ reservedConcurrency: _, ...record }) => record)
      return {}
    },
  },

  ListTags: {
    needs: async ({ Resource }, call) => [await functionNeed('ListTags', Resource, call)],
    async handle({ Resource }, call) {
      return { Tags: { ...(await findFunction(call.documents, call, Resource)).tags } }
    },
  },
  TagResource: {
    needs: async ({ Resource, Tags }, call) => [
      await functionNeed('TagResource', Resource, call, tagKeys(Tags)),
    ],
    async handle({ Resource, Tags }, call) {
      await keep(call, Resource, (record) => ({ ...record, tags: { ...record.tags, ...Tags } }))
      return {}
    },
  },
  UntagResource: {
    needs: async ({ Resource, TagKeys }, call) => [
      await functionNeed('UntagResource', Resource, call, { 'aws:TagKeys': TagKeys }),
    ],
    async handle({ Resource, TagKeys }, call) {
      await keep(call, Resource, (record) => ({
        ...record,
        tags: Object.fromEntries(
          Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)),
        ),
      }))
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/** Changes what is kept of a function, but not what it runs as. */
export async function keep(
  call: Call,
  name: string,
  changed: (record: FunctionRecord) => FunctionRecord,
): Promise<FunctionRecord> {
  return call.documents.transact(async (transaction) => {
    const record = changed(await findFunction(transaction, call, name))
    transaction.put(collection, keyOf(record.accountId, record.region, record.name), record)
    return record
  })
}

/** Another revision: environments of the one before take no more events. */
function change(
  call: Call,
  { name, accountId, region, code: codeBefore }: FunctionRecord,
  changes: (record: FunctionRecord) => Partial<FunctionRecord>,
): Promise<FunctionRecord> {
  const revisionId = call.ids.uuid()
  return call.documents
    .transact(async (transaction) => {
      const key = keyOf(accountId, region, name)
      const stored = await transaction.get<FunctionRecord>(collection, key)
      if (stored === undefined) throw noFunction(arnOf({ accountId, region, name }))
      const record: FunctionRecord = {
        ...stored.value,
        ...changes(stored.value),
        modifiedAt: call.now.getTime(),
        revisionId,
      }
      transaction.put(collection, key, record)
      return record
    })
    .then(async (record) => {
      if (record.code.blob !== codeBefore.blob) await call.blobs.delete(codeBefore.blob)
      return record
    })
}

function refuseUnsupported(input: object): void {
  const given = input as Readonly<Record<string, unknown>>
  const found = unsupported.find((name) => hasContent(given[name]))
  if (found !== undefined) throw notSupported(found)
}

/** Deploy tools send empty forms of what they do not use. */
function hasContent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.values(value).some(hasContent)
}

function checkRevision({ revisionId }: FunctionRecord, given: string | undefined): void {
  if (given !== undefined && given !== revisionId)
    throw preconditionFailed(
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    )
}

function checkRuntime(runtime: string, { functions }: Call): void {
  const why = functions.whyNot(runtime)
  if (why !== undefined)
    throw invalidParameter(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: the runtime is not supported by Sekisho; ${why}`,
    )
}

function checkEnvironment(variables: Readonly<Record<string, string>> | undefined): void {
  if (variables === undefined) return
  const reserved = Object.keys(variables).filter((name) => reservedVariables.test(name))
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  const invalid = Object.keys(variables).find((name) => !/^[a-zA-Z]\w+$/.test(name))
  if (invalid !== undefined) throw invalidParameter(`Invalid environment variable name: ${invalid}`)
  if (JSON.stringify(variables).length > limits.environmentBytes)
    throw invalidParameter(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    )
}

/** @see Lambda Developer Guide, "Using Lambda environment variables" (reserved) */
const reservedVariables =
  /^(?:_HANDLER|_X_AMZN_TRACE_ID|AWS_(?:DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_\w+|ACCESS_KEY(?:_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL)|LAMBDA_(?:TASK_ROOT|RUNTIME_DIR)|SEKISHO_\w+|NODE_OPTIONS|LD_PRELOAD)$/

/** The role has to be there and to trust Lambda. @throws AwsError InvalidParameterValueException */
async function checkRole(reader: Reader, roleArn: string): Promise<void> {
  const [, accountId, path = ''] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(roleArn) ?? []
  if (accountId === undefined)
    throw invalidParameter(
      `1 validation error detected: Value '${roleArn}' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+`,
    )
  const key = iamKeyOf(accountId, path.slice(path.lastIndexOf('/') + 1))
  const role = (await reader.get<RoleRecord>(iamCollections.roles, key))?.value
  if (role === undefined || !isTrusted(role, 'lambda.amazonaws.com'))
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.')
}

interface GivenCode {
  readonly ZipFile?: Uint8Array | undefined
  readonly S3Bucket?: string | undefined
  readonly ImageUri?: string | undefined
}

/** @throws AwsError InvalidParameterValueException, RequestEntityTooLargeException */
async function storeCode(given: GivenCode, call: Call): Promise<FunctionRecord['code']> {
  if (given.S3Bucket !== undefined) throw notSupported('Code from S3')
  if (given.ImageUri !== undefined) throw notSupported('A function from a container image')
  const bytes = given.ZipFile
  if (bytes === undefined) throw invalidParameter('Please provide a source for function code.')
  if (bytes.length > limits.zipBytes)
    throw tooLarge(
      `Request must be smaller than ${limits.zipBytes} bytes for the CreateFunction operation`,
    )
  try {
    await call.functions.inspect(bytes)
  } catch (error) {
    if (error instanceof RunnerError) throw invalidParameter(error.message)
    throw error
  }
  const hash = createHash('sha256').update(bytes).digest()
  const blob = `lambda/${call.accountId}/${call.ids.uuid()}`
  await call.blobs.put(blob, bytes)
  return {
    blob,
    sha256: hash.toString('hex'),
    sha256Base64: hash.toString('base64'),
    sizeBytes: bytes.length,
  }
}

function decode(marker: string): string {
  return Buffer.from(marker, 'base64url').toString('utf8')
}

export function shown(record: FunctionRecord): Sdk.FunctionConfiguration {
  return {
    FunctionName: record.name,
    FunctionArn: arnOf(record),
    Runtime: record.runtime as Sdk.Runtime,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.code.sizeBytes,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: new Date(record.modifiedAt).toISOString().replace('Z', '+0000'),
    CodeSha256: record.code.sha256Base64,
    Version: '$LATEST',
    ...(record.environment && { Environment: { Variables: { ...record.environment } } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: record.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: record.logFormat, LogGroup: record.logGroup },
  }
}
