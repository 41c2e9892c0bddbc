/** Stages: names under which deployments are served. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { accountThrottle, methodDefaults } from '@sekisho/gateway'
import type { Input } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { type Call, type GatedOperations, type RequestKeys, requestTags } from '../service.ts'
import { cacheCluster } from './cache-cluster.ts'
import { newCanary, promoted } from './canary.ts'
import { connectionCollections } from './connection-records.ts'
import { documentationCollections } from './documentation-records.ts'
import { refuseMapped } from './domain-records.ts'
import { badRequest, conflict, limitExceeded, notFound } from './errors.ts'
import { applyPatches, patchConstraints } from './patch.ts'
import {
  type AccountRecord,
  collections,
  getApi,
  missing,
  type StageRecord,
  shownTime,
} from './records.ts'
import { stagePatches } from './stage-patches.ts'
import { stageWording } from './stage-wording.ts'
import { checkTags, tagNeeds } from './tags.ts'
import { leavePlans } from './usage-plans.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxStages = 10
const maxVariables = 100

export const stages = {
  CreateStage: {
    keys: ({ stageName, tags }) => ({
      'apigateway:Request/StageName': stageName,
      ...requestTags(tags),
    }),
    needs: ({ restApiId, stageName, tags }, call) =>
      tagNeeds(call, `/restapis/${restApiId}/stages/${stageName}`, tags),
    async handle(input, call) {
      checkStageName(input.stageName)
      checkVariables(input.variables)
      checkVariables(input.canarySettings?.stageVariableOverrides)
      checkTags(input.tags)
      const record = newStage(call, input)
      await call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, input.restApiId, missing.parent)
        const key = `${api.id}/${input.stageName}`
        await checkReferences(transaction, call, api.id, record)
        if (await transaction.get(collections.stages, key)) throw conflict('Stage already exists')
        await checkStageCount(transaction, api.id)
        transaction.put(collections.stages, key, record)
      })
      return shownStage(record)
    },
  },

  GetStage: {
    handle: async ({ restApiId, stageName }, call) =>
      shownStage(await stageOf(call.documents, call, restApiId, stageName)),
  },

  GetStages: {
    async handle({ restApiId, deploymentId }, call) {
      const api = await getApi(call.documents, call, restApiId)
      const records = await call.documents.list<StageRecord>(collections.stages, {
        prefix: `${api.id}/`,
      })
      const item = records
        .map(({ value }) => value)
        .filter((stage) => deploymentId === undefined || stage.deploymentId === deploymentId)
      return { item: item.map(shownStage) }
    },
  },

  UpdateStage: {
    constraints: patchConstraints,
    keys: ({ patchOperations }) => accessLogKeys(patchOperations),
    async handle({ restApiId, stageName, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await stageOf(transaction, call, restApiId, stageName)
        const changed = applyPatches(before, patchOperations, stagePatches, stageWording, promoted)
        checkVariables(changed.variables)
        checkVariables(changed.canarySettings?.stageVariableOverrides)
        await checkReferences(transaction, call, restApiId, changed, before)
        if (startsLogging(before, changed)) await checkLogRole(transaction, call)
        const updated = { ...changed, updatedAt: call.now.getTime() }
        transaction.put(collections.stages, `${restApiId}/${stageName}`, updated)
        return updated
      })
      return shownStage(record)
    },
  },

  FlushStageCache: {
    handle: ({ restApiId, stageName }, call) =>
      flush(call, restApiId, stageName, ({ cacheFlushedAt = 0 }) => ({
        // Responses are kept under it: a second flush within a millisecond is one, too.
        cacheFlushedAt: Math.max(call.now.getTime(), cacheFlushedAt + 1),
      })),
  },

  FlushStageAuthorizersCache: {
    handle: ({ restApiId, stageName }, call) =>
      flush(call, restApiId, stageName, () => ({ authorizersFlushedAt: call.now.getTime() })),
  },

  DeleteStage: {
    async handle({ restApiId, stageName }, call) {
      await call.documents.transact(async (transaction) => {
        await stageOf(transaction, call, restApiId, stageName)
        await refuseMapped(transaction, call, restApiId, stageName)
        transaction.delete(collections.stages, `${restApiId}/${stageName}`)
        await leavePlans(
          transaction,
          call,
          ({ apiId, stage }) => apiId === restApiId && stage === stageName,
        )
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** What is kept from before this moment counts no more, in whichever process it is. */
async function flush(
  call: Call,
  restApiId: string,
  stageName: string,
  at: (stage: StageRecord) => Pick<StageRecord, 'cacheFlushedAt' | 'authorizersFlushedAt'>,
) {
  await call.documents.transact(async (transaction) => {
    const stage = await stageOf(transaction, call, restApiId, stageName)
    transaction.put(collections.stages, `${restApiId}/${stageName}`, { ...stage, ...at(stage) })
  })
  return {}
}

/** @throws AwsError NotFoundException */
export async function stageOf(
  reader: Reader,
  call: Call,
  restApiId: string,
  stageName: string,
): Promise<StageRecord> {
  const api = await getApi(reader, call, restApiId, missing.stage)
  const stored = await reader.get<StageRecord>(collections.stages, `${api.id}/${stageName}`)
  if (!stored) throw notFound(missing.stage)
  return stored.value
}

/** Whoever has none of it may have an empty one. */
type Given = Pick<Input<typeof Sdk, 'CreateStage'>, 'stageName' | 'deploymentId'> &
  Partial<Input<typeof Sdk, 'CreateStage'>>

export function newStage({ now }: Call, given: Given): StageRecord {
  const { stageName, deploymentId, description, variables = {}, tags = {} } = given
  const { documentationVersion, canarySettings, tracingEnabled = false } = given
  const at = now.getTime()
  return {
    stageName,
    deploymentId,
    ...(description !== undefined && { description }),
    variables,
    tags,
    tracingEnabled,
    ...(documentationVersion !== undefined && { documentationVersion }),
    ...(canarySettings && {
      canarySettings: newCanary({
        ...canarySettings,
        deploymentId: canarySettings.deploymentId ?? deploymentId,
      }),
    }),
    ...cacheCluster(given),
    createdAt: at,
    updatedAt: at,
  }
}

/** @throws AwsError BadRequestException  the stage has come to name something that is not there */
async function checkReferences(
  reader: Reader,
  { accountId, region }: Call,
  apiId: string,
  stage: StageRecord,
  before?: StageRecord,
): Promise<void> {
  const check = async (
    collection: string,
    owner: string,
    of: (record: StageRecord) => string | undefined,
    words: string,
  ) => {
    const id = of(stage)
    if (id === undefined || id === (before && of(before))) return
    if (!(await reader.get(collection, `${owner}/${id}`))) throw badRequest(words)
  }
  const { deployments } = collections
  const noDeployment = 'Deployment id does not exist'
  await check(deployments, apiId, (record) => record.deploymentId, noDeployment)
  await check(deployments, apiId, (record) => record.canarySettings?.deploymentId, noDeployment)
  await check(
    connectionCollections.clientCertificates,
    `${accountId}/${region}`,
    (record) => record.clientCertificateId,
    'Invalid client certificate identifier specified',
  )
  await check(
    documentationCollections.versions,
    apiId,
    (record) => record.documentationVersion,
    'Invalid Documentation version specified',
  )
}

/** @throws AwsError LimitExceededException  one stage more would be too many */
export async function checkStageCount(reader: Reader, apiId: string): Promise<void> {
  const present = await reader.list(collections.stages, { prefix: `${apiId}/` })
  if (present.length >= maxStages)
    throw limitExceeded('Maximum number of stages for this API has been reached.')
}

export function checkStageName(name: string): void {
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) throw badRequest('Stage name only allows a-zA-Z0-9_-')
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (stage variables) */
export function checkVariables(variables: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(variables ?? {})
  if (entries.length > maxVariables)
    throw limitExceeded('Maximum number of stage variables has been reached.')
  for (const [key, value] of entries) {
    if (!/^[A-Za-z0-9_]{1,64}$/.test(key)) throw badRequest(`Invalid stage variable name: ${key}`)
    if (!/^[A-Za-z0-9-._~:/?#&=,]{0,512}$/.test(value))
      throw badRequest(`Stage variable value is invalid: ${key}`)
  }
}

const accessLogKeyNames = {
  '/accessLogSettings/destinationArn': 'apigateway:Request/AccessLoggingDestination',
  '/accessLogSettings/format': 'apigateway:Request/AccessLoggingFormat',
} as const

/** @see Service Authorization Reference, "Condition keys for Amazon API Gateway Management" */
function accessLogKeys(operations: readonly Sdk.PatchOperation[] = []): RequestKeys {
  return Object.fromEntries(
    operations.flatMap(({ op, path = '', value }) =>
      op !== 'remove' && value !== undefined && Object.hasOwn(accessLogKeyNames, path)
        ? [[accessLogKeyNames[path as keyof typeof accessLogKeyNames], value]]
        : [],
    ),
  )
}

function startsLogging(before: StageRecord, after: StageRecord): boolean {
  const logs = ({ accessLogSettings, methodSettings = {} }: StageRecord) =>
    JSON.stringify([
      accessLogSettings?.destinationArn,
      Object.entries(methodSettings).flatMap(([name, { loggingLevel = 'OFF' }]) =>
        loggingLevel === 'OFF' ? [] : [name, loggingLevel],
      ),
    ])
  return logs(after) !== '[null,[]]' && logs(before) !== logs(after)
}

async function checkLogRole(reader: Reader, { accountId, region }: Call): Promise<void> {
  const account = await reader.get<AccountRecord>(collections.accounts, `${accountId}/${region}`)
  if (account?.value.cloudwatchRoleArn === undefined)
    throw badRequest('CloudWatch Logs role ARN must be set in account settings to enable logging')
}

/** Whoever sets one sees all. @see recorded answers of AWS to the first setting of a stage */
function shownMethodSettings({
  methodSettings = {},
  cacheClusterEnabled = false,
}: StageRecord): Record<string, Sdk.MethodSetting> {
  return Object.fromEntries(
    Object.entries(methodSettings).map(([name, set]) => [
      name,
      {
        ...methodDefaults,
        cachingEnabled: cacheClusterEnabled,
        throttlingBurstLimit: accountThrottle.burstLimit,
        throttlingRateLimit: accountThrottle.rateLimit,
        ...set,
      },
    ]),
  )
}

function shownCanary({ canarySettings }: StageRecord): Sdk.CanarySettings | undefined {
  if (canarySettings === undefined) return undefined
  const { stageVariableOverrides, ...others } = canarySettings
  return {
    ...others,
    ...(stageVariableOverrides && { stageVariableOverrides: { ...stageVariableOverrides } }),
  }
}

export function shownStage(record: StageRecord): Sdk.Stage {
  return {
    deploymentId: record.deploymentId,
    stageName: record.stageName,
    description: record.description,
    cacheClusterEnabled: record.cacheClusterEnabled ?? false,
    cacheClusterSize: record.cacheClusterSize,
    cacheClusterStatus: record.cacheClusterEnabled ? 'AVAILABLE' : 'NOT_AVAILABLE',
    methodSettings: shownMethodSettings(record),
    variables: Object.keys(record.variables).length > 0 ? { ...record.variables } : undefined,
    canarySettings: shownCanary(record),
    clientCertificateId: record.clientCertificateId,
    documentationVersion: record.documentationVersion,
    tracingEnabled: record.tracingEnabled,
    accessLogSettings: record.accessLogSettings,
    tags: Object.keys(record.tags).length > 0 ? { ...record.tags } : undefined,
    createdDate: shownTime(record.createdAt),
    lastUpdatedDate: shownTime(record.updatedAt),
  }
}
