/** What is kept of functions, their versions and aliases, and how it is found. */
import type { Reader } from '@sekisho/store'
import { noFunction } from './errors.ts'
import {
  arnOf,
  type FunctionName,
  isVersionNumber,
  keyOf,
  latest,
  type Named,
  namedBy,
  type Owner,
  qualifiedArnOf,
  qualifiedKeyOf,
  versionKeyOf,
} from './names.ts'
import type {
  ApplicationLogLevel,
  CodeArchive,
  RunnableFunction,
  SystemLogLevel,
} from './runner.ts'

export const lambdaCollections = {
  functions: 'lambda-functions',
  /** Keyed by function and number. */
  versions: 'lambda-versions',
  /** Keyed by function and name. */
  aliases: 'lambda-aliases',
  /** Keyed by function and qualifier. */
  eventConfigs: 'lambda-event-configs',
  /** Keyed by function and alias. */
  urls: 'lambda-urls',
  /** Of URLs, by the first label of their host name. */
  urlIds: 'lambda-url-ids',
  layers: 'lambda-layers',
  layerVersions: 'lambda-layer-versions',
  /** Events that wait to be run, keyed by the time when they are due. */
  events: 'lambda-events',
} as const

/** A function as it can be changed ($LATEST), or a version of it as it was published. Times are epoch milliseconds. */
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
  readonly applicationLogLevel?: ApplicationLogLevel
  readonly systemLogLevel?: SystemLogLevel
  readonly tracing?: 'Active' | 'PassThrough'
  /** Where events go that could not be run. */
  readonly deadLetterArn?: string
  readonly code: CodeRecord
  /** In order: later ones lie over earlier ones. */
  readonly layers?: readonly LayerUse[]
  readonly modifiedAt: number
  /** Changes with everything that an environment is made of. */
  readonly revisionId: string
  /** Of the function as a whole, kept with $LATEST alone, as are the following. */
  readonly tags: Readonly<Record<string, string>>
  readonly policy: readonly PermissionRecord[]
  /** By version or alias. */
  readonly qualifiedPolicies?: Readonly<Record<string, readonly PermissionRecord[]>>
  readonly reservedConcurrency?: number
  /** The number of the version that was published last; numbers are not used twice. */
  readonly lastVersion?: number
}

export interface CodeRecord extends CodeArchive {
  readonly sizeBytes: number
  readonly sha256Base64: string
  readonly unpackedBytes?: number
}

/** A version of a layer, as a function keeps it: it stays, whatever becomes of the layer. */
export interface LayerUse {
  /** With its version. */
  readonly arn: string
  readonly code: CodeRecord
}

/** What never changes any more. */
export interface VersionRecord extends FunctionRecord {
  readonly version: string
  /** Of all that it was published from: an unchanged function is not published again. */
  readonly fingerprint: string
}

export interface AliasRecord extends FunctionName {
  readonly alias: string
  readonly version: string
  readonly description: string
  /** Another version and the share of calls that it gets, in (0, 1). */
  readonly routed?: { readonly version: string; readonly weight: number }
  readonly revisionId: string
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

export async function readFunction(
  reader: Reader,
  named: FunctionName,
): Promise<FunctionRecord | undefined> {
  return (await reader.get<FunctionRecord>(lambdaCollections.functions, keyOf(named)))?.value
}

/** The function as a whole. @throws AwsError ResourceNotFoundException */
export async function findFunction(reader: Reader, named: Named): Promise<FunctionRecord> {
  const found = await readFunction(reader, named)
  if (found === undefined) throw noFunction(qualifiedArnOf(named))
  return found
}

export async function readVersion(
  reader: Reader,
  named: FunctionName,
  version: string,
): Promise<VersionRecord | undefined> {
  const key = versionKeyOf(named, version)
  return (await reader.get<VersionRecord>(lambdaCollections.versions, key))?.value
}

export async function readAlias(reader: Reader, named: Named): Promise<AliasRecord | undefined> {
  return (await reader.get<AliasRecord>(lambdaCollections.aliases, qualifiedKeyOf(named)))?.value
}

/** What a name and its qualifier stand for. */
export interface Resolved {
  readonly fn: FunctionRecord
  /** `fn` itself, or the version that is meant. */
  readonly configuration: FunctionRecord
  /** `$LATEST` or a number. */
  readonly version: string
}

/**
 * @param draw  for an alias that leads to two versions: a number in [0, 1)
 * @throws AwsError ResourceNotFoundException
 */
export async function resolveFunction(
  reader: Reader,
  named: Named,
  draw: () => number = () => 1,
): Promise<Resolved> {
  const fn = await findFunction(reader, named)
  const { qualifier = latest } = named
  const version = isVersionNumber(qualifier)
    ? qualifier
    : qualifier === latest
      ? latest
      : await versionOfAlias(reader, named, draw)
  if (version === latest) return { fn, configuration: fn, version }
  const configuration = await readVersion(reader, named, version)
  if (configuration === undefined) throw noFunction(qualifiedArnOf(named))
  return { fn, configuration, version }
}

async function versionOfAlias(reader: Reader, named: Named, draw: () => number): Promise<string> {
  const alias = await readAlias(reader, named)
  if (alias === undefined) throw noFunction(qualifiedArnOf(named))
  const { routed, version } = alias
  return routed !== undefined && draw() < routed.weight ? routed.version : version
}

/** As `resolveFunction`, by a name as it was given. */
export function resolveNamed(
  reader: Reader,
  owner: Owner,
  text: string,
  qualifier?: string,
): Promise<Resolved> {
  return resolveFunction(reader, namedBy(text, owner, qualifier))
}

export function policyOf(
  { policy, qualifiedPolicies }: FunctionRecord,
  qualifier: string | undefined,
): readonly PermissionRecord[] {
  return qualifier === undefined ? policy : (qualifiedPolicies?.[qualifier] ?? [])
}

const runnables = new WeakMap<FunctionRecord, RunnableFunction>()

/** The same for the same record: a version is of one configuration. */
export function runnable({ configuration, version }: Resolved): RunnableFunction {
  let found = runnables.get(configuration)
  if (found?.version !== version) {
    found = runnableOf(configuration, version)
    runnables.set(configuration, found)
  }
  return found
}

function runnableOf(configuration: FunctionRecord, version: string): RunnableFunction {
  const functionArn = arnOf(configuration)
  return {
    revision: `${functionArn}:${version}:${configuration.revisionId}`,
    accountId: configuration.accountId,
    region: configuration.region,
    name: configuration.name,
    version,
    functionArn,
    roleArn: configuration.role,
    runtime: configuration.runtime,
    handler: configuration.handler,
    memoryMb: configuration.memoryMb,
    timeoutSeconds: configuration.timeoutSeconds,
    ephemeralStorageMb: configuration.ephemeralStorageMb,
    environment: configuration.environment ?? {},
    code: configuration.code,
    layers: (configuration.layers ?? []).map(({ code }) => code),
    logGroup: configuration.logGroup,
    tracing: configuration.tracing,
    logFormat: configuration.logFormat,
    applicationLogLevel: configuration.applicationLogLevel,
    systemLogLevel: configuration.systemLogLevel,
  }
}
