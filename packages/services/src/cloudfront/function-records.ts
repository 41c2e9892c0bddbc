/** What is kept of CloudFront functions, and how it is found. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { FunctionCode } from '@sekisho/edge'
import type { Input } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { fail } from './errors.ts'
import { readStoreArn } from './key-value-records.ts'
import { arnOf, behavioursOf, cloudfrontCollections, distributionsOf } from './records.ts'

export type FunctionConfig = Input<typeof Sdk, 'CreateFunction'>['FunctionConfig']

export interface FunctionVersion {
  readonly config: FunctionConfig
  /** Base64. */
  readonly code: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly modifiedAt: number
}

export interface FunctionRecord {
  readonly name: string
  readonly accountId: string
  readonly createdAt: number
  /** Absent in records from before functions had any. */
  readonly tags?: Readonly<Record<string, string>>
  readonly development: FunctionVersion
  readonly live?: FunctionVersion
}

const noSuchFunction = () => fail('NoSuchFunctionExists', 'The specified function does not exist.')

/** @throws AwsError NoSuchFunctionExists */
export async function functionOf(
  reader: Reader,
  name: string,
  accountId: string,
): Promise<FunctionRecord> {
  const found = await reader.get<FunctionRecord>(
    cloudfrontCollections.functions,
    keyOf(accountId, name),
  )
  if (found === undefined) throw noSuchFunction()
  return found.value
}

/** Of one account, by name. */
export async function functionsOf(
  reader: Reader,
  accountId: string,
): Promise<readonly FunctionRecord[]> {
  const found = await reader.list<FunctionRecord>(cloudfrontCollections.functions, {
    prefix: keyOf(accountId, ''),
  })
  return found.map(({ value }) => value)
}

/** ARNs of the key value stores that either version reads. */
export function associationsOf({ development, live }: FunctionRecord): readonly string[] {
  return [development, live].flatMap((version) =>
    (version?.config.KeyValueStoreAssociations?.Items ?? []).map(
      ({ KeyValueStoreARN }) => KeyValueStoreARN,
    ),
  )
}

/** The id of the key value store that a version reads. */
export function storeIdOf({ config }: FunctionVersion): string | undefined {
  const [association] = config.KeyValueStoreAssociations?.Items ?? []
  return association && readStoreArn(association.KeyValueStoreARN)?.id
}

/** The published code behind an ARN, if it is the account's own. */
export async function liveFunction(
  reader: Reader,
  arn: string,
  accountId: string,
): Promise<FunctionCode | undefined> {
  const prefix = arnOf('function', accountId, '')
  if (!arn.startsWith(prefix)) return undefined
  const name = arn.slice(prefix.length)
  const found = await reader.get<FunctionRecord>(
    cloudfrontCollections.functions,
    keyOf(accountId, name),
  )
  const { live } = found?.value ?? {}
  if (live === undefined) return undefined
  const keyValueStoreId = storeIdOf(live)
  return {
    id: `${name} ${live.etag}`,
    code: Buffer.from(live.code, 'base64').toString(),
    ...(keyValueStoreId !== undefined && { keyValueStoreId }),
  }
}

export function keyOf(accountId: string, name: string): string {
  return `${accountId}/${name}`
}

/** ARNs of the functions that distributions run. */
export async function associatedArns({
  accountId,
  documents,
}: {
  readonly accountId: string
  readonly documents: Reader
}): Promise<ReadonlySet<string>> {
  const all = await distributionsOf(documents, accountId)
  return new Set(
    all
      .flatMap(({ config }) => behavioursOf(config))
      .flatMap(({ FunctionAssociations }) => FunctionAssociations?.Items ?? [])
      .map(({ FunctionARN }) => FunctionARN),
  )
}

/** @throws AwsError NoSuchFunctionExists  it has not been published */
export function versionAt(record: FunctionRecord, stage: string): FunctionVersion {
  const version = stage === 'LIVE' ? record.live : record.development
  if (version === undefined) throw noSuchFunction()
  return version
}

export function summary(
  record: FunctionRecord,
  stage: 'DEVELOPMENT' | 'LIVE',
  associated: ReadonlySet<string>,
) {
  const { name, accountId, createdAt, live } = record
  const { config, modifiedAt } = versionAt(record, stage)
  const FunctionARN = arnOf('function', accountId, name)
  const status = associated.has(FunctionARN) ? 'ASSOCIATED' : 'UNASSOCIATED'
  return {
    Name: name,
    Status: live === undefined ? 'UNPUBLISHED' : status,
    FunctionConfig: config,
    FunctionMetadata: {
      FunctionARN,
      Stage: stage,
      CreatedTime: new Date(createdAt),
      LastModifiedTime: new Date(modifiedAt),
    },
  }
}
