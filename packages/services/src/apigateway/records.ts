/** What is kept of an API, its deployments and its stages, and how it is found. */
import type {
  DeploymentSnapshot,
  SnapshotAuthorizer,
  SnapshotGatewayResponse,
  SnapshotMethod,
  SnapshotModel,
  SnapshotRequestValidator,
  SnapshotResource,
  StageSettings,
} from '@sekisho/gateway'
import type { Documents, Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { notFound } from './errors.ts'
import type { SecurityPolicy } from './security-policies.ts'

export const collections = {
  apis: 'apigateway/apis',
  /** API id to account and region: ids are unique across both. */
  owners: 'apigateway/owners',
  deployments: 'apigateway/deployments',
  stages: 'apigateway/stages',
  accounts: 'apigateway/accounts',
} as const

/** An API with everything below it: one record, so that changes to it never overtake each other. Times are epoch milliseconds. */
export interface RestApiRecord {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly name: string
  readonly description?: string
  readonly version?: string
  readonly createdAt: number
  readonly apiKeySource: 'HEADER' | 'AUTHORIZER'
  readonly endpointTypes: readonly string[]
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly vpcEndpointIds: readonly string[]
  readonly disableExecuteApiEndpoint: boolean
  /** Absent: the one of its endpoint type. */
  readonly securityPolicy?: SecurityPolicy
  readonly binaryMediaTypes: readonly string[]
  readonly minimumCompressionSize?: number
  /** Normalised: full ARNs. */
  readonly policy?: string
  /** When the policy (or its absence) last became another. */
  readonly policyChangedAt?: number
  readonly tags: Readonly<Record<string, string>>
  readonly rootResourceId: string
  readonly resources: Readonly<Record<string, SnapshotResource>>
  readonly models: Readonly<Record<string, SnapshotModel>>
  /** By id. */
  readonly requestValidators?: Readonly<Record<string, SnapshotRequestValidator>>
  /** By id. */
  readonly authorizers?: Readonly<Record<string, SnapshotAuthorizer>>
  /** By type, what is customised alone. */
  readonly gatewayResponses?: Readonly<Record<string, SnapshotGatewayResponse>>
  readonly warnings?: readonly string[]
}

export interface DeploymentRecord {
  readonly id: string
  readonly description?: string
  readonly createdAt: number
  readonly snapshot: DeploymentSnapshot
}

/** By account and region. */
export interface AccountRecord {
  readonly cloudwatchRoleArn?: string
}

export interface StageRecord extends StageSettings {
  readonly description?: string
  readonly documentationVersion?: string
  readonly tracingEnabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
}

interface Owner {
  readonly accountId: string
  readonly region: string
}

export function apiKey({ accountId, region }: Owner, apiId: string): string {
  return `${accountId}/${region}/${apiId}`
}

/** Times on the wire are whole seconds, as AWS gives them. */
export function shownTime(epochMs: number): Date {
  return new Date(Math.floor(epochMs / 1000) * 1000)
}

/** What AWS says where an API is not found: lists name it, what stands below it is missing itself. */
export const missing = {
  resource: 'Invalid Resource identifier specified',
  deployment: 'Invalid Deployment identifier specified',
  stage: 'Invalid stage identifier specified',
  /** For calls that create something below the API. */
  parent: 'Invalid REST API identifier specified',
} as const

/**
 * @param message  in place of the sentence that names the account and the id
 * @throws AwsError NotFoundException: no such API in the caller's account and region (ids are case-sensitive)
 */
export async function getApi(
  reader: Reader,
  call: Pick<Call, 'accountId' | 'region'>,
  apiId: string,
  message = `Invalid API identifier specified ${call.accountId}:${apiId}`,
): Promise<RestApiRecord> {
  const stored = await reader.get<RestApiRecord>(collections.apis, apiKey(call, apiId))
  if (!stored) throw notFound(message)
  return stored.value
}

/** Where a method stands, as AWS names it in its refusals: `//ANY`, `/pets/GET`. */
export function methodsOf(
  api: Pick<RestApiRecord, 'resources'>,
): readonly { readonly at: string; readonly method: SnapshotMethod }[] {
  return Object.values(api.resources).flatMap(({ path, methods }) =>
    Object.entries(methods).map(([name, method]) => ({ at: `${path}/${name}`, method })),
  )
}

/** @throws AwsError NotFoundException */
export function resourceOf(api: RestApiRecord, resourceId: string): SnapshotResource {
  const resource = Object.hasOwn(api.resources, resourceId) ? api.resources[resourceId] : undefined
  if (resource === undefined) throw notFound(missing.resource)
  return resource
}

export function putApi(transaction: Transaction, record: RestApiRecord): void {
  transaction.put(collections.apis, apiKey(record, record.id), record)
}

/** Reads an API, puts what `change` makes of it, and returns that. `change` may run again, on a newer record. */
export function updateApi(
  call: Call,
  apiId: string,
  change: (record: RestApiRecord) => RestApiRecord,
  message?: string,
): Promise<RestApiRecord> {
  return call.documents.transact(async (transaction) => {
    const changed = change(await getApi(transaction, call, apiId, message))
    putApi(transaction, changed)
    return changed
  })
}

/** What the data plane serves: the stage and the deployment that it points to. */
export interface DeployedStage {
  readonly stage: StageSettings
  readonly snapshot: DeploymentSnapshot
  /** The API's own switch bites at once when a stage is touched; the snapshot's when it was deployed. */
  readonly deployedAt: number
  /** What some of the calls go to, as the stage's settings say. */
  readonly canary?: Pick<DeployedStage, 'stage' | 'snapshot'>
}

/** The stage as the calls see it that go to its canary. */
function ofCanary(stage: StageSettings): StageSettings {
  const { deploymentId, stageVariableOverrides } = stage.canarySettings!
  const variables = { ...stage.variables, ...stageVariableOverrides }
  return { ...stage, deploymentId, variables, isCanary: true }
}

/** @returns undefined when there is no such API, stage or deployment */
export async function loadDeployedStage(
  reader: Reader,
  apiId: string,
  stageName: string,
): Promise<DeployedStage | undefined> {
  const stage = await reader.get<StageRecord>(collections.stages, `${apiId}/${stageName}`)
  if (!stage) return undefined
  const deployment = await reader.get<DeploymentRecord>(
    collections.deployments,
    `${apiId}/${stage.value.deploymentId}`,
  )
  if (!deployment) return undefined
  const { snapshot, createdAt: deployedAt } = deployment.value
  const { canarySettings } = stage.value
  const canary =
    canarySettings &&
    (await reader.get<DeploymentRecord>(
      collections.deployments,
      `${apiId}/${canarySettings.deploymentId}`,
    ))
  const account = await reader.get<AccountRecord>(
    collections.accounts,
    `${snapshot.accountId}/${snapshot.region}`,
  )
  const logRoleArn = account?.value.cloudwatchRoleArn
  const settings = { ...stage.value, ...(logRoleArn !== undefined && { logRoleArn }) }
  return {
    stage: settings,
    snapshot,
    deployedAt,
    ...(canary && { canary: { stage: ofCanary(settings), snapshot: canary.value.snapshot } }),
  }
}

export interface UndeployedPolicy {
  readonly accountId: string
  readonly region: string
  readonly apiId: string
  readonly name: string
  readonly stageName: string
  readonly changedAt: number
  readonly deployedAt: number
}

/** Stages that still serve an older resource policy than the one their API has now. */
export async function undeployedPolicies(
  documents: Documents,
): Promise<readonly UndeployedPolicy[]> {
  const found: UndeployedPolicy[] = []
  for (const { value: api } of await documents.list<RestApiRecord>(collections.apis)) {
    if (api.policyChangedAt === undefined) continue
    for (const { value: stage } of await documents.list<StageRecord>(collections.stages, {
      prefix: `${api.id}/`,
    })) {
      const deployed = await loadDeployedStage(documents, api.id, stage.stageName)
      if (deployed === undefined || deployed.snapshot.policy === api.policy) continue
      const { accountId, region, name, policyChangedAt: changedAt } = api
      found.push({
        accountId,
        region,
        apiId: api.id,
        name,
        stageName: stage.stageName,
        changedAt,
        deployedAt: deployed.deployedAt,
      })
    }
  }
  return found
}
