/** What is kept of functions. */
import type { Reader } from '@sekisho/store'
import type { Call } from '../service.ts'
import { invalidParameter, noFunction, notSupported } from './errors.ts'
import type { CodeArchive, RunnableFunction } from './runner.ts'

export const lambdaCollections = { functions: 'lambda-functions' } as const

/** Times are epoch milliseconds. */
export interface FunctionRecord {
  readonly accountId: string
  readonly region: string
  readonly name: string
  readonly runtime: string
  readonly role: string
  readonly handler: string
  readonly description: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
  readonly environment?: Readonly<Record<string, string>>
  readonly architecture: 'x86_64' | 'arm64'
  readonly logFormat: 'Text' | 'JSON'
  readonly logGroup: string
  readonly tags: Readonly<Record<string, string>>
  readonly code: CodeArchive & { readonly sizeBytes: number; readonly sha256Base64: string }
  readonly modifiedAt: number
  /** Changes with everything that an environment is made of. */
  readonly revisionId: string
  readonly policy: readonly PermissionRecord[]
  readonly reservedConcurrency?: number
}

/** A statement of the function's resource policy, as AddPermission makes it. */
export interface PermissionRecord {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: '*' | { readonly AWS: string } | { readonly Service: string }
  readonly Action: string
  readonly Resource: string
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export function arnOf({
  accountId,
  region,
  name,
}: Pick<FunctionRecord, 'accountId' | 'region' | 'name'>): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`
}

export function keyOf(accountId: string, region: string, name: string): string {
  return `${accountId}/${region}/${name}`
}

export interface Named {
  readonly accountId: string
  readonly region: string
  readonly name: string
}

const nameForm =
  /^(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):function:|(?:(\d{12}):)?(?:function:)?)([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/

/**
 * A name, a partial or a whole ARN, with `$LATEST` at most.
 *
 * @throws AwsError InvalidParameterValueException
 * @see Lambda API Reference, "GetFunction" (FunctionName)
 */
export function namedBy(text: string, { accountId, region }: Call, qualifier?: string): Named {
  const match = nameForm.exec(text)
  if (match === null)
    throw invalidParameter(
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
    )
  const [, arnRegion, arnAccount, account, name = '', inName] = match
  const version = qualifier ?? inName
  if (version !== undefined && version !== '$LATEST') throw notSupported('A version or alias')
  return {
    accountId: arnAccount ?? account ?? accountId,
    region: arnRegion ?? region,
    name,
  }
}

/** @throws AwsError ResourceNotFoundException */
export async function findFunction(
  reader: Reader,
  call: Call,
  text: string,
  qualifier?: string,
): Promise<FunctionRecord> {
  const named = namedBy(text, call, qualifier)
  const key = keyOf(named.accountId, named.region, named.name)
  const found = (await reader.get<FunctionRecord>(lambdaCollections.functions, key))?.value
  if (found === undefined) throw noFunction(arnOf(named))
  return found
}

export function runnable(record: FunctionRecord): RunnableFunction {
  const functionArn = arnOf(record)
  return {
    revision: `${functionArn}:$LATEST:${record.revisionId}`,
    accountId: record.accountId,
    region: record.region,
    name: record.name,
    version: '$LATEST',
    functionArn,
    roleArn: record.role,
    runtime: record.runtime,
    handler: record.handler,
    memoryMb: record.memoryMb,
    timeoutSeconds: record.timeoutSeconds,
    ephemeralStorageMb: record.ephemeralStorageMb,
    environment: record.environment ?? {},
    code: record.code,
    layers: [],
    logGroup: record.logGroup,
    logFormat: record.logFormat,
  }
}
