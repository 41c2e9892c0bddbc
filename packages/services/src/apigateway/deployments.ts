/** Deployments: what an API was at one moment, for its stages to serve. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { DeploymentSnapshot } from '@sekisho/gateway'
import type { Input } from '@sekisho/protocols'
import type { Reader, Transaction } from '@sekisho/store'
import { withIds } from '../iam/principal-ids.ts'
import type { Call, GatedOperations } from '../service.ts'
import { cacheCluster } from './cache-cluster.ts'
import { newCanary } from './canary.ts'
import { badRequest, notFound } from './errors.ts'
import { partId } from './ids.ts'
import { newestFirst, page } from './paging.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import {
  collections,
  type DeploymentRecord,
  getApi,
  missing,
  type RestApiRecord,
  type StageRecord,
  shownTime,
} from './records.ts'
import { checkStageCount, checkStageName, checkVariables, newStage } from './stages.ts'

export const deployments = {
  CreateDeployment: {
    keys: ({ stageName }) => (stageName ? { 'apigateway:Request/StageName': stageName } : {}),
    async handle(input, call) {
      const { canarySettings } = input
      if (canarySettings) checkCanaryStage(input.stageName)
      if (input.stageName !== undefined && input.stageName !== '') checkStageName(input.stageName)
      checkVariables(input.variables)
      checkVariables(canarySettings?.stageVariableOverrides)
      const record = await call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, input.restApiId, missing.parent)
        const id = await freeId(transaction, api, call)
        const policyWithIds = await withPrincipalIds(transaction, api)
        const deployment = newDeployment(api, id, call.now, input, policyWithIds)
        transaction.put(collections.deployments, `${api.id}/${deployment.id}`, deployment)
        if (input.stageName) await moveStage(transaction, call, input.stageName, deployment, input)
        return deployment
      })
      return shownDeployment(record)
    },
  },

  GetDeployment: {
    async handle({ restApiId, deploymentId, embed }, call) {
      const record = await deploymentOf(call.documents, call, restApiId, deploymentId)
      return shownDeployment(
        record,
        embed?.some((part) => part.toLowerCase() === 'apisummary') === true,
      )
    },
  },

  GetDeployments: {
    async handle(input, call) {
      const api = await getApi(call.documents, call, input.restApiId)
      const records = await call.documents.list<DeploymentRecord>(collections.deployments, {
        prefix: `${api.id}/`,
      })
      const { items, position } = page(records, input, ({ value }) => newestFirst(value))
      return {
        items: items.map(({ value }) => shownDeployment(value)),
        ...(position && { position }),
      }
    },
  },

  UpdateDeployment: {
    constraints: patchConstraints,
    async handle({ restApiId, deploymentId, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await deploymentOf(transaction, call, restApiId, deploymentId)
        const changed = applyPatches(before, patchOperations, patches)
        transaction.put(collections.deployments, `${restApiId}/${deploymentId}`, changed)
        return changed
      })
      return shownDeployment(record)
    },
  },

  DeleteDeployment: {
    async handle({ restApiId, deploymentId }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await deploymentOf(transaction, call, restApiId, deploymentId)
        const stages = await transaction.list<StageRecord>(collections.stages, {
          prefix: `${restApiId}/`,
        })
        const isServed = ({ deploymentId, canarySettings }: StageRecord) =>
          deploymentId === record.id || canarySettings?.deploymentId === record.id
        if (stages.some(({ value }) => isServed(value)))
          throw badRequest('Active stages pointing to this deployment must be moved or deleted')
        transaction.delete(collections.deployments, `${restApiId}/${deploymentId}`)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
export async function deploymentOf(
  reader: Reader,
  call: Call,
  restApiId: string,
  deploymentId: string,
): Promise<DeploymentRecord> {
  const api = await getApi(reader, call, restApiId, missing.deployment)
  const stored = await reader.get<DeploymentRecord>(
    collections.deployments,
    `${api.id}/${deploymentId}`,
  )
  if (!stored) throw notFound(missing.deployment)
  return stored.value
}

async function freeId(reader: Reader, api: RestApiRecord, call: Call): Promise<string> {
  const prefix = `${api.id}/`
  const present = await reader.list(collections.deployments, { prefix })
  const taken = Object.fromEntries(present.map(({ key }) => [key.slice(prefix.length), true]))
  return partId(call.ids, taken)
}

const invalidContent = 'Invalid deployment content specified.'

function checkCanaryStage(stageName: string | undefined): void {
  if (stageName === undefined || stageName === '')
    throw badRequest(
      `${invalidContent}Non null and non empty stageName must be provided for canary deployment. Provided value is ${stageName ?? null}`,
    )
}

/** The stage serves this deployment from now on; it is made where there is none. */
async function moveStage(
  transaction: Transaction,
  call: Call,
  stageName: string,
  { id: deploymentId, snapshot }: DeploymentRecord,
  input: Input<typeof Sdk, 'CreateDeployment'>,
): Promise<void> {
  const key = `${snapshot.restApiId}/${stageName}`
  const before = (await transaction.get<StageRecord>(collections.stages, key))?.value
  if (input.canarySettings) {
    if (before === undefined)
      throw badRequest(
        `${invalidContent}Stage ${stageName} must already be created before making a canary release deployment`,
      )
    const canarySettings = newCanary({ ...input.canarySettings, deploymentId })
    const updatedAt = call.now.getTime()
    transaction.put(collections.stages, key, { ...before, canarySettings, updatedAt })
    return
  }
  if (before?.canarySettings)
    throw badRequest(
      `${invalidContent}Stage ${stageName} has a canary: promote or remove it before another deployment`,
    )
  if (before === undefined) await checkStageCount(transaction, snapshot.restApiId)
  const { stageDescription: description } = input
  const stage: StageRecord = before
    ? {
        ...before,
        deploymentId,
        ...(description !== undefined && { description }),
        ...cacheCluster(input),
        ...(input.tracingEnabled != null && { tracingEnabled: input.tracingEnabled }),
        updatedAt: call.now.getTime(),
      }
    : newStage(call, {
        ...input,
        stageName,
        deploymentId,
        description,
        variables: {},
        canarySettings: undefined,
      })
  const variables = { ...stage.variables, ...input.variables }
  checkVariables(variables)
  transaction.put(collections.stages, key, { ...stage, variables })
}

/** @throws AwsError BadRequestException  there is nothing to deploy, or a method has nothing behind it */
function newDeployment(
  api: RestApiRecord,
  id: string,
  now: Date,
  { description }: { readonly description?: string | undefined },
  policyWithIds: string | undefined,
): DeploymentRecord {
  const methods = Object.values(api.resources).flatMap((resource) =>
    Object.values(resource.methods),
  )
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods")
  if (methods.some(({ methodIntegration }) => methodIntegration === undefined))
    throw badRequest('No integration defined for method')
  if (api.endpointTypes.includes('PRIVATE') && api.policy === undefined)
    throw badRequest("Private REST API doesn't have a resource policy attached to it")
  const snapshot: DeploymentSnapshot = {
    ...freeze(api, id),
    ...(policyWithIds !== undefined && { policyWithIds }),
  }
  const record = { id, createdAt: now.getTime(), snapshot }
  return description === undefined ? record : { ...record, description }
}

/** @throws AwsError BadRequestException  the policy names a user or role that is not there */
async function withPrincipalIds(
  reader: Reader,
  { policy }: RestApiRecord,
): Promise<string | undefined> {
  if (policy === undefined) return undefined
  const policyWithIds = await withIds(reader, policy).catch((error) => {
    throw badRequest(
      `Invalid policy document. Please check the policy syntax and ensure that Principals are valid. (${error.message})`,
    )
  })
  return policyWithIds === policy ? undefined : policyWithIds
}

/** What a deployment of the API as it is now would serve. */
export function freeze(api: RestApiRecord, deploymentId: string): DeploymentSnapshot {
  const { id: restApiId, name, accountId, region, policy, minimumCompressionSize } = api
  const { models, requestValidators, authorizers, gatewayResponses } = api
  return {
    deploymentId,
    restApiId,
    name,
    accountId,
    region,
    ...(policy !== undefined && { policy }),
    endpointTypes: api.endpointTypes,
    vpcEndpointIds: api.vpcEndpointIds,
    disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
    binaryMediaTypes: api.binaryMediaTypes,
    ...(minimumCompressionSize !== undefined && { minimumCompressionSize }),
    apiKeySource: api.apiKeySource,
    resources: Object.values(api.resources),
    models,
    ...(requestValidators && { requestValidators }),
    ...(authorizers && { authorizers }),
    ...(gatewayResponses && { gatewayResponses }),
  }
}

const patches: PatchTable<DeploymentRecord> = {
  '/description': textRow(({ description: _, ...record }, description) => ({
    ...record,
    ...(description !== undefined && { description }),
  })),
}

function shownDeployment(record: DeploymentRecord, withSummary = false): Sdk.Deployment {
  return {
    id: record.id,
    description: record.description,
    createdDate: shownTime(record.createdAt),
    apiSummary: withSummary ? summaryOf(record.snapshot) : undefined,
  }
}

function summaryOf({ resources }: DeploymentSnapshot): NonNullable<Sdk.Deployment['apiSummary']> {
  return Object.fromEntries(
    resources
      .filter(({ methods }) => Object.keys(methods).length > 0)
      .map(({ path, methods }) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([name, { authorizationType, apiKeyRequired }]) => [
            name,
            { authorizationType, apiKeyRequired },
          ]),
        ),
      ]),
  )
}
